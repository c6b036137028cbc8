import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import styles from './Separator.module.css';

interface SeparatorProps {
  label: string;
  /** Which way the line runs. */
  orientation: 'vertical' | 'horizontal';
  /** Size of the region that it bounds, pixels. */
  value: number;
  least: number;
  most: number;
  /** The region stands after the line, so dragging back makes it larger. */
  after?: boolean;
  onChange: (value: number) => void;
  /** Enter or a double click folds the region. */
  onFold?: () => void;
}

const STEP = 16;

/** The line between two regions: dragged by pointer, moved by the arrow keys. */
export function Separator({
  label,
  orientation,
  value,
  least,
  most,
  after,
  onChange,
  onFold,
}: SeparatorProps) {
  const start = useRef<{ at: number; value: number } | undefined>(undefined);
  const clamp = (wanted: number) => Math.round(Math.min(most, Math.max(least, wanted)));
  const place = (event: PointerEvent) => (orientation === 'vertical' ? event.clientX : event.clientY);

  function onKeyDown(event: KeyboardEvent): void {
    const [less, more] = orientation === 'vertical' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    const sign = after ? -1 : 1;
    if (event.key === less) onChange(clamp(value - sign * STEP));
    else if (event.key === more) onChange(clamp(value + sign * STEP));
    else if (event.key === 'Home') onChange(least);
    else if (event.key === 'End') onChange(most);
    else if (event.key === 'Enter') onFold?.();
    else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is a widget, which <hr> is not
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={Math.round(value)}
      aria-valuemin={least}
      aria-valuemax={most}
      className={`${styles['separator']} ${styles[orientation]}`}
      onKeyDown={onKeyDown}
      onDoubleClick={onFold}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { at: place(event), value };
      }}
      onPointerMove={(event) => {
        const from = start.current;
        if (from) onChange(clamp(from.value + (place(event) - from.at) * (after ? -1 : 1)));
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
      onLostPointerCapture={() => {
        start.current = undefined;
      }}
    />
  );
}
