/** A number beside a chart, written by what draws it: React hears of none. Without a change nothing is laid out anew. */
export function writeText(element: HTMLElement | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}
