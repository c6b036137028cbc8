import { readPort } from './ports.ts';

/** One hop of ProxyJump. What is absent comes from the hop's own entry in ssh_config. */
export interface JumpHop {
  user?: string;
  host: string;
  port?: number;
}

/**
 * Hops of ProxyJump in the order in which they are passed: `[user@]host[:port]` or `ssh://…`, separated by commas;
 * a comment ends it (parse_jump in readconf.c). `[]` for `none`, `undefined` for what ssh would refuse.
 */
export function readJumpList(text: string): JumpHop[] | undefined {
  if (text.toLowerCase() === 'none') return [];
  const hops: JumpHop[] = [];
  for (const word of trimJump(text).split(',')) {
    const hop = readJumpHop(word);
    if (!hop) return undefined;
    hops.push(hop);
  }
  return hops;
}

/** Without its comment, and up to the first blank, as ssh trims it. */
export const trimJump = (text: string) => text.replace(/#.*$/s, '').replace(/(?<=.)\s.*$/s, '');

function readJumpHop(word: string): JumpHop | undefined {
  const uri = word.startsWith('ssh://');
  const text = uri ? word.slice('ssh://'.length).replace(/\/$/, '') : word;
  const at = uri ? text.indexOf('@') : text.lastIndexOf('@');
  const user = at < 0 ? undefined : uri ? decodeUser(text.slice(0, at)) : text.slice(0, at);
  const place = /^(?:\[([^\]]*)\]|([^[:/][^:/]*))(?::(.*))?$/s.exec(text.slice(at + 1));
  const host = place?.[1] ?? place?.[2];
  if (user === '' || !host || (uri && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(host))) return undefined;
  const port = place?.[3] ? readPort(place[3]) : undefined;
  if (place?.[3] && !port) return undefined;
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/** Connection parameters after `;` are passed over, as in ssh. */
function decodeUser(text: string): string {
  try {
    return decodeURIComponent(text.replace(/;.*$/s, ''));
  } catch {
    return '';
  }
}

/** As `ssh -G` writes the last hop: numeric addresses in brackets. */
export function formatJumpHop(hop: JumpHop): string {
  const numeric = hop.host.includes(':') || /^[\d.]+$/.test(hop.host);
  const user = hop.user === undefined ? '' : `${hop.user}@`;
  return `${user}${numeric ? `[${hop.host}]` : hop.host}${hop.port === undefined ? '' : `:${hop.port}`}`;
}
