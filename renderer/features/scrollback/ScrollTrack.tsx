import { type PointerEvent, useRef } from 'react';
import styles from './Scrollback.module.css';

interface TrackProps {
  first: number;
  end: number;
  top: number;
  rows: number;
  onMove: (top: number) => void;
}

/** Where the rows that are shown stand among all; dragged by the mouse. Keys do the same, so it is hidden from other tools. */
export function ScrollTrack({ first, end, top, rows, onMove }: TrackProps) {
  const track = useRef<HTMLDivElement>(null);
  const all = Math.max(1, end - first);
  if (all <= rows) return null;

  function drag(event: PointerEvent): void {
    const box = track.current?.getBoundingClientRect();
    if (!box || (event.type === 'pointermove' && !event.buttons)) return;
    event.preventDefault();
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId);
    const share = (event.clientY - box.top) / box.height;
    onMove(Math.round(first + share * all - rows / 2));
  }

  return (
    <div ref={track} className={styles.track} aria-hidden onPointerDown={drag} onPointerMove={drag}>
      <div
        className={styles.thumb}
        style={{ top: `${(100 * (top - first)) / all}%`, height: `${(100 * rows) / all}%` }}
      />
    </div>
  );
}
