/** Text inside a line of our remote scripts: `\\`, `\n`, `\t`, and `\xHH` for other control bytes. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex: string | undefined, one: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return one === 'n' ? '\n' : one === 't' ? '\t' : (one ?? '');
  });
}

export function escapeText(text: string): string {
  return text.replace(/[\x00-\x1f\x7f\\]/g, (c) => {
    if (c === '\\') return '\\\\';
    if (c === '\n') return '\\n';
    return c === '\t' ? '\\t' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
