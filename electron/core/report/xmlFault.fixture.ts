/**
 * What is not well-formed in a piece of XML (or of HTML written as XML), or `undefined`: tags that do not nest, attributes
 * without quotes or twice, bare `&` and `<`, unknown entities, characters that XML 1.0 does not allow.
 */
export function xmlFault(text: string): string | undefined {
  const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(text);
  if (forbidden) return `character U+${forbidden[0].codePointAt(0)?.toString(16)}`;
  const open: string[] = [];
  const token = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)|([\s\S])/g;
  for (const [whole, closing, name = '', attributes = '', empty, content, stray] of text.matchAll(token)) {
    if (stray !== undefined)
      return `stray ${JSON.stringify(text.slice(text.indexOf(whole), text.indexOf(whole) + 60))}`;
    const reference = /&(?!(?:amp|lt|gt|quot|#39);)[\s\S]{0,20}/.exec(content ?? attributes);
    if (reference) return `reference ${reference[0]}`;
    if (content !== undefined) continue;
    const names = [...attributes.matchAll(/([\w:-]+)="/g)].map((match) => match[1]);
    if (new Set(names).size !== names.length) return `attribute twice in <${name}${attributes}>`;
    if (closing) {
      const expected = open.pop();
      if (expected !== name) return `</${name}> closes <${expected}>`;
    } else if (!empty) open.push(name);
  }
  return open.length > 0 ? `<${open.join('> <')}> not closed` : undefined;
}
