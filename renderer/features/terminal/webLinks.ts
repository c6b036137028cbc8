/** A link that a host printed. Its text may say one thing and its address another. */
export interface HostLink {
  /** Where it goes. */
  address: string;
  /** What it says, where that is something else. */
  text?: string;
}

/** Brackets stand in a link in pairs only; what closes one that was opened before it belongs to the sentence. */
const CHARACTER = String.raw`[^\s()\[\]<>"'{}|\\^\u0060\x00-\x1f\x7f、。〈-】（），：；！？]`;
const PAIR = String.raw`\(${CHARACTER}*\)|\[${CHARACTER}*\]`;
export const LINK = new RegExp(
  String.raw`\bhttps?:\/\/(?:${CHARACTER}|${PAIR})*(?:(?![.,;:!?])${CHARACTER}|${PAIR})`,
  'i',
);

/** Links in text, each once, without the punctuation of the sentence around them. */
export function linksIn(text: string): HostLink[] {
  const found = text.matchAll(new RegExp(LINK, 'gi'));
  return [...new Set(Array.from(found, ([link]) => link))].map((address) => ({ address }));
}

/** What the text of a link is to its address: the same, a name for it, or what looks like another address. */
export function textOfLink({ address, text }: HostLink): 'same' | 'name' | 'other' {
  if (text === undefined || text === '') return 'same';
  const read = readLink(text);
  if (read !== undefined && read.href === readLink(address)?.href) return 'same';
  return read !== undefined || /:\/\/|[\p{L}\p{N}]\.\p{L}{2}|@/u.test(text) ? 'other' : 'name';
}

/**
 * The address as a browser takes it, and the name of the machine it goes to in the form that cannot look like another
 * (punycode). `undefined` for anything that is not http or https.
 */
export function readLink(address: string): { href: string; host: string; account: boolean } | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  return { href: url.href, host: url.host, account: url.username !== '' || url.password !== '' };
}
