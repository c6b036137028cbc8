/**
 * The one way that text gets into Markdown, inside a line of a paragraph, list or table. What would be markup, HTML, a
 * table's column, mathematics, a mention, an issue or a link by itself (GitHub's autolinks) is inert; it still reads
 * nearly as it was where Markdown is not rendered.
 */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/[\r\n]+/g, ' ')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/[\\`*_[\]|~$]/g, '\\$&')
      // Before what is written with one itself.
      .replace(/#(?=\w)/g, '&#35;')
      .replace(/:\/\//g, '&#58;//')
      .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}&#46;`)
      .replace(/@/g, '&#64;')
      .replace(/^([-+=#])/, '\\$1')
      .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
  );
}

/** A fenced block whose fence is longer than any run of backticks in it. */
export function fencedMarkdown(text: string, language = 'text'): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
