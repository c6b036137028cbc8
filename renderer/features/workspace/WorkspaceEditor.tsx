import { useEffect, useRef, useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { WorkspaceProblem } from '../../../shared/model/workspace.ts';
import { call, errorOf } from '../../stores/connection.ts';
import sheet from '../shell/sheet.module.css';
import { isYaml } from './OpenDialog.tsx';
import { PathField } from './PathField.tsx';
import { Problems } from './Problems.tsx';
import styles from './Workspace.module.css';
import { openWorkspace } from './workspaceCommands.ts';

const WAIT_MS = 300;

/** Workspace YAML with its problems as they come up, saved to a file and opened. */
export function WorkspaceEditor({ initial, onCancel }: { initial: string; onCancel: () => void }) {
  const [text, setText] = useState(initial);
  const [problems, setProblems] = useState<readonly WorkspaceProblem[]>([]);
  const [path, setPath] = useState('');
  const [refusal, setRefusal] = useState<string>();
  const area = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      call('workspace.check', { text }).then(
        (found) => wanted && setProblems(found),
        () => {},
      );
    }, WAIT_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text]);

  const errors = problems.filter((p) => p.severity === 'error').length;
  const named = path.trim() !== '' && !path.endsWith('/');

  async function save(overwrite: boolean): Promise<void> {
    setRefusal(undefined);
    try {
      const saved = await call('workspace.save', { path: withEnding(path.trim()), text, overwrite });
      await openWorkspace(saved.path);
    } catch (thrown) {
      const { message, advice } = errorOf(thrown);
      setRefusal(advice ? `${message}. ${advice}` : message);
    }
  }

  function goTo(problem: WorkspaceProblem): void {
    const before = text.split('\n').slice(0, problem.line - 1);
    const offset = before.reduce((sum, line) => sum + line.length + 1, 0) + problem.column - 1;
    area.current?.focus();
    area.current?.setSelectionRange(offset, offset);
  }

  return (
    <>
      <textarea
        ref={area}
        className={styles.editor}
        aria-label="Workspace file"
        aria-invalid={errors > 0}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        rows={14}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {problems.length > 0 ? (
        <Problems problems={problems} onChoose={goTo} />
      ) : (
        <p className={sheet.hint}>No problems found.</p>
      )}
      <PathField
        label="Save as"
        value={path}
        onChange={(next) => {
          setPath(next);
          setRefusal(undefined);
        }}
        onSubmit={(chosen) => setPath(chosen)}
        accept={isYaml}
      />
      {refusal && (
        <p className={sheet.error} role="alert">
          {visibleText(refusal, 600)}
        </p>
      )}
      <div className={sheet.footer}>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        {refusal && (
          <button type="button" data-danger onClick={() => void save(true)}>
            Replace the file and open
          </button>
        )}
        <button type="button" data-primary disabled={!named || errors > 0} onClick={() => void save(false)}>
          Save and open
        </button>
      </div>
    </>
  );
}

function withEnding(path: string): string {
  return isYaml(path) ? path : `${path}.yaml`;
}
