const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * The one way that text gets into HTML or SVG, as content or as a quoted attribute. Characters that XML 1.0 does not
 * allow at all (lone surrogates and noncharacters, and controls that `visibleLine` has not made visible) become U+FFFD,
 * so that a figure is well-formed wherever it is taken.
 */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
