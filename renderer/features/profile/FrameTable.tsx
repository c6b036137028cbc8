import { useMemo } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { changeWords } from '../../../shared/profiling/changeWords.ts';
import type { FlameTree } from '../../../shared/profiling/flameTree.ts';
import { hottestFrames } from '../../../shared/profiling/hottestFrames.ts';
import styles from './Flame.module.css';
import { percent } from './frameWords.ts';

/** More rows than these are for the search. */
const MOST_ROWS = 200;

/** The same as numbers: each function over all its places, for who cannot see the graph and for who wants to read it. */
export function FrameTable({
  tree,
  fits,
  sides,
  onFind,
}: {
  tree: FlameTree;
  fits: ((name: string) => boolean) | undefined;
  sides: [string, string | undefined];
  onFind: (name: string) => void;
}) {
  const all = useMemo(() => hottestFrames(tree), [tree]);
  const rows = useMemo(() => (fits ? all.filter(({ name }) => fits(name)) : all), [all, fits]);
  return (
    <div className={styles.tableBox}>
      <table className={styles.table} aria-label="Hottest functions">
        <thead>
          <tr>
            {tree.compared && <th scope="col">change</th>}
            <th scope="col">self{tree.compared ? ` ${sides[0]}` : ''}</th>
            {tree.compared && <th scope="col">self {sides[1]}</th>}
            <th scope="col">total{tree.compared ? ` ${sides[0]}` : ''}</th>
            {tree.compared && <th scope="col">total {sides[1]}</th>}
            <th scope="col">function</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((frame) => (
            <tr key={frame.name} data-change={frame.differs ? Math.sign(frame.self - frame.otherSelf) : 0}>
              {tree.compared && (
                <td className={styles.change}>
                  {frame.differs ? changeWords(frame.self - frame.otherSelf) : 'chance'}
                </td>
              )}
              <td>{percent(frame.self)}</td>
              {tree.compared && <td>{percent(frame.otherSelf)}</td>}
              <td>{percent(frame.total)}</td>
              {tree.compared && <td>{percent(frame.otherTotal)}</td>}
              <th scope="row">
                <button type="button" title="Show it in the graph" onClick={() => onFind(frame.name)}>
                  {visibleText(frame.name, 240)}
                </button>
              </th>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p className={styles.hint}>
          {MOST_ROWS} of {rows.length} functions; search for others.
        </p>
      )}
    </div>
  );
}
