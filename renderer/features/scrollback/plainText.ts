import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';

/** The rows from a column of the first to (not including) a column of the last, as text: rows that the width broke are one line. */
export function plainText(lines: readonly ScrollbackLine[], fromColumn: number, toColumn: number): string {
  return lines
    .map((line, n) => {
      const text = line.text.slice(n === 0 ? fromColumn : 0, n === lines.length - 1 ? toColumn : undefined);
      const next = lines[n + 1];
      return next?.wrapped ? text : `${text.trimEnd()}${next ? '\n' : ''}`;
    })
    .join('');
}

/** Through the browser's own copy event: needs no permission, and no page can ask for it. */
export function copyPlainText(text: string): boolean {
  const onCopy = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData('text/plain', text);
  };
  document.addEventListener('copy', onCopy, { capture: true, once: true });
  const copied = document.execCommand('copy');
  document.removeEventListener('copy', onCopy, { capture: true });
  return copied;
}
