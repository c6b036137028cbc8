import { CircleX, TriangleAlert } from 'lucide-react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { WorkspaceProblem } from '../../../shared/model/workspace.ts';
import styles from './Workspace.module.css';

interface ProblemsProps {
  problems: readonly WorkspaceProblem[];
  /** Where a line can be gone to. */
  onChoose?: (problem: WorkspaceProblem) => void;
}

/** Faults of a workspace file: where, what, and what was expected. */
export function Problems({ problems, onChoose }: ProblemsProps) {
  return (
    <ul className={styles.problems} aria-label="Problems">
      {problems.map((problem) => {
        const place = `${problem.line}:${problem.column}`;
        return (
          <li
            key={`${place} ${problem.message} ${problem.host ?? ''}`}
            data-severity={problem.severity}
            className={styles.problem}
          >
            {problem.severity === 'error' ? (
              <CircleX size={14} aria-label="error" />
            ) : (
              <TriangleAlert size={14} aria-label="warning" />
            )}
            {onChoose ? (
              <button type="button" onClick={() => onChoose(problem)}>
                {place}
              </button>
            ) : (
              <code>
                {visibleText(problem.file.split('/').pop() ?? '', 80)}:{place}
              </code>
            )}
            <div>
              {visibleText(problem.message, 500)}
              <small>
                expected {visibleText(problem.expected, 500)}
                {problem.host && ` · host ${visibleText(problem.host, 64)}`}
              </small>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
