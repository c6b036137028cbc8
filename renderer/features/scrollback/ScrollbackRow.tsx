import { type CSSProperties, memo } from 'react';
import { type ScrollbackLine, STYLE_FLAGS } from '../../../shared/model/scrollback.ts';
import { cssColour, isInverse, type Mark, rowSegments, type Segment } from './rowSegments.ts';
import styles from './Scrollback.module.css';

interface RowProps {
  line: ScrollbackLine | undefined;
  marks: readonly Mark[];
  palette: readonly (string | undefined)[];
}

/** One row as the terminal drew it. Text of a host: it is text here, whatever it says. */
export const ScrollbackRow = memo(function ScrollbackRow({ line, marks, palette }: RowProps) {
  if (!line) return <div className={styles.row} data-loading />;
  return (
    <div className={styles.row}>
      {rowSegments(line, marks).map((segment, n) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity of their own
          key={n}
          data-mark={segment.marks.at(-1)}
          style={styleOf(segment, palette)}
        >
          {segment.text}
        </span>
      ))}
    </div>
  );
});

function styleOf(segment: Segment, palette: readonly (string | undefined)[]): CSSProperties | undefined {
  const { foreground, background, flags, cells } = segment;
  if (foreground < 0 && background < 0 && flags === 0 && cells === undefined) return undefined;
  const front = cssColour(foreground, palette);
  const back = cssColour(background, palette);
  const has = (flag: number) => (flags & flag) !== 0;
  return {
    ...(cells !== undefined && {
      display: 'inline-block',
      width: `calc(${cells} * var(--cell-width))`,
      overflow: 'hidden',
      verticalAlign: 'top',
    }),
    color: has(STYLE_FLAGS.invisible)
      ? 'transparent'
      : isInverse(segment)
        ? (back ?? 'var(--background)')
        : front,
    backgroundColor: isInverse(segment) ? (front ?? 'var(--text)') : back,
    fontWeight: has(STYLE_FLAGS.bold) ? 700 : undefined,
    opacity: has(STYLE_FLAGS.dim) ? 0.6 : undefined,
    fontStyle: has(STYLE_FLAGS.italic) ? 'italic' : undefined,
    textDecoration:
      [has(STYLE_FLAGS.underline) && 'underline', has(STYLE_FLAGS.strikethrough) && 'line-through']
        .filter(Boolean)
        .join(' ') || undefined,
  };
}
