import { type KeyboardEvent, type PointerEvent, type RefObject, useRef } from 'react';
import { type Separator, separators } from '../../../shared/panes/geometry.ts';
import type { LayoutNode } from '../../../shared/panes/layoutState.ts';
import { dispatchLayout } from '../../stores/panes.ts';
import styles from './Panes.module.css';

const STEP = 0.02;

/** The lines between panes: dragged by pointer, moved by arrow keys, evened out by a double click. */
export function PaneSeparators({ root, area }: { root: LayoutNode; area: RefObject<HTMLDivElement | null> }) {
  return separators(root).map((separator) => (
    <Line key={`${separator.path.join('.')}:${separator.index}`} separator={separator} area={area} />
  ));
}

function Line({ separator, area }: { separator: Separator; area: RefObject<HTMLDivElement | null> }) {
  const { path, index, direction, line, within, position } = separator;
  const dragging = useRef(false);
  const row = direction === 'row';
  const move = (to: number) => dispatchLayout({ type: 'moveSeparator', path, index, position: to });

  function onPointerMove(event: PointerEvent): void {
    const box = area.current?.getBoundingClientRect();
    if (!dragging.current || !box) return;
    move(
      row
        ? ((event.clientX - box.left) / box.width - within.left) / within.width
        : ((event.clientY - box.top) / box.height - within.top) / within.height,
    );
  }

  function onKeyDown(event: KeyboardEvent): void {
    const [less, more] = row ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (event.key === less) move(position - STEP);
    else if (event.key === more) move(position + STEP);
    else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is a widget, which <hr> is not
    <div
      role="separator"
      tabIndex={0}
      aria-label={row ? 'Border between panes side by side' : 'Border between panes one above the other'}
      aria-orientation={row ? 'vertical' : 'horizontal'}
      aria-valuenow={Math.round(position * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      className={styles.line}
      data-direction={direction}
      style={{
        left: `${line.left * 100}%`,
        top: `${line.top * 100}%`,
        ...(row ? { height: `${line.height * 100}%` } : { width: `${line.width * 100}%` }),
      }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.current = true;
      }}
      onPointerMove={onPointerMove}
      onLostPointerCapture={() => {
        dragging.current = false;
      }}
    />
  );
}
