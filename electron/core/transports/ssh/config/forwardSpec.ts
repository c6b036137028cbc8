import { readPort } from './ports.ts';
import { expandTokens, type LocalSide } from './tokens.ts';

/** One end of a forward: a port, at an address if one was given, or a Unix socket. */
export type ForwardEnd = { host?: string; port: number } | { path: string };

/** LocalForward, RemoteForward and DynamicForward as they are written. Without `connect`, the end is a SOCKS proxy. */
export interface ForwardSpec {
  listen: ForwardEnd;
  connect?: ForwardEnd;
}

/**
 * `[host:]port host:port` in all its forms, with sockets' paths on either side (parse_forward in readconf.c).
 * `words` are the line's arguments; `undefined` for what ssh would refuse.
 */
export function readForward(
  kind: 'local' | 'remote' | 'dynamic',
  words: readonly string[],
  environment: LocalSide['environment'],
): ForwardSpec | undefined {
  const [listen, connect] = words;
  if (!listen || words.length > (kind === 'dynamic' ? 1 : 2)) return undefined;
  if (kind === 'local' && connect === undefined) return undefined;
  const socks = connect === undefined;
  const text = expandTokens((socks ? listen : `${listen}:${connect}`).replaceAll('%', '%%'), {}, environment);
  if (!text.ok) return undefined;
  const fields = splitFields(text.value.replace(/^[ \t\n\v\f\r]+/, ''));
  if (!fields) return undefined;
  const spec = arrange(fields);
  if (!spec || socks !== (spec.connect === undefined)) return undefined;
  // The server may choose a port, where it is the one to listen.
  if ('port' in spec.listen && spec.listen.port === 0 && kind !== 'remote') return undefined;
  if (spec.connect && 'port' in spec.connect && spec.connect.port === 0) return undefined;
  return spec;
}

interface Field {
  text: string;
  isPath: boolean;
}

function arrange(fields: readonly Field[]): ForwardSpec | undefined {
  const [first, second, third, fourth] = fields;
  const path = (field: Field): ForwardEnd => ({ path: field.text });
  const port = (field: Field, host?: Field): ForwardEnd | undefined => {
    const number = readPort(field.text);
    if (number === undefined) return undefined;
    return { ...(host ? { host: host.text } : {}), port: number };
  };
  const pair = (listen: ForwardEnd | undefined, connect?: ForwardEnd | 'none'): ForwardSpec | undefined => {
    if (!listen || !connect) return undefined;
    return connect === 'none' ? { listen } : { listen, connect };
  };
  if (!first || fields.length > 4) return undefined;
  if (!second) return pair(first.isPath ? path(first) : port(first), 'none');
  if (!third) {
    if (first.isPath && second.isPath) return pair(path(first), path(second));
    if (second.isPath) return pair(port(first), path(second));
    return pair(port(second, first), 'none');
  }
  if (!fourth) {
    if (first.isPath) return pair(path(first), port(third, second));
    if (third.isPath) return pair(port(second, first), path(third));
    return pair(port(first), port(third, second));
  }
  return pair(port(second, first), port(fourth, third));
}

/** Colons separate, brackets keep them, a backslash escapes one character. */
function splitFields(text: string): Field[] | undefined {
  const fields: Field[] = [];
  let rest = text;
  while (rest !== '') {
    if (rest.startsWith('[')) {
      const bracketed = /^\[([^\]]*)\](?::|$)/.exec(rest);
      if (bracketed?.[1] === undefined) return undefined;
      fields.push({ text: bracketed[1], isPath: bracketed[1].includes('/') });
      rest = rest.slice(bracketed[0].length);
      continue;
    }
    let field = '';
    let isPath = false;
    let at = 0;
    for (; at < rest.length && rest[at] !== ':'; at++) {
      if (rest[at] === '\\') at++;
      else if (rest[at] === '/') isPath = true;
      const character = rest[at];
      if (character === undefined) return undefined;
      field += character;
    }
    fields.push({ text: field, isPath });
    rest = rest.slice(at + 1);
  }
  return fields;
}

/** As `ssh -G` writes one; a proxy on the far side is a forward to the "host" socks inside ssh, and it shows. */
export function formatForward(kind: 'local' | 'remote' | 'dynamic', spec: ForwardSpec): string {
  const end = (one: ForwardEnd) =>
    'path' in one ? one.path : one.host === undefined ? String(one.port) : `[${one.host}]:${one.port}`;
  if (kind === 'dynamic') return end(spec.listen);
  return `${end(spec.listen)} ${spec.connect ? end(spec.connect) : '[socks]:0'}`;
}
