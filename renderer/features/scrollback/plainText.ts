import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import type { Selection } from './copyMode.ts';

/** What is selected of these rows, which begin at its first, as text. */
export function plainText(lines: readonly ScrollbackLine[], selection: Selection): string {
  return lines
    .map((line, n) => {
      const { from, to } = selection.columnsOf(selection.first + n, line.text);
      const text = line.text.slice(from, to);
      const next = lines[n + 1];
      return next?.wrapped && selection.rejoins ? text : `${text.trimEnd()}${next ? '\n' : ''}`;
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
