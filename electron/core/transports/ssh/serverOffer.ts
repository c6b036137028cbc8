import { type AlgorithmFamily, CIPHERS, KEY_ALGORITHMS, KEY_EXCHANGES, MACS } from './config/algorithms.ts';

/** What a server can do of one kind of algorithm, and what of that could be allowed here. */
export interface ServerOffer {
  /** The keyword of ssh_config that rules it. */
  keyword: string;
  theirs: string[];
  possible: string[];
}

/** The first five lists of a KEXINIT with something to choose from, in its order (RFC 4253, 7.1), as ssh2 names them. */
const LISTS: readonly { list: number; named: RegExp; keyword: string; family: AlgorithmFamily }[] = [
  { list: 0, named: /key exchange/i, keyword: 'KexAlgorithms', family: KEY_EXCHANGES },
  { list: 1, named: /host key format/i, keyword: 'HostKeyAlgorithms', family: KEY_ALGORITHMS },
  { list: 2, named: /C->S cipher/i, keyword: 'Ciphers', family: CIPHERS },
  { list: 3, named: /S->C cipher/i, keyword: 'Ciphers', family: CIPHERS },
  { list: 4, named: /C->S MAC/i, keyword: 'MACs', family: MACS },
  { list: 5, named: /S->C MAC/i, keyword: 'MACs', family: MACS },
];

const KEXINIT = 20;
/** After the length, the padding's length, the message's number and the cookie. */
const FIRST_LIST = 4 + 1 + 1 + 16;

/**
 * What the server offered where ssh2 found nothing in common: `start` is what it sent from its name on, `message` ssh2's
 * words. `undefined` where that is not a whole KEXINIT.
 */
export function readServerOffer(start: Buffer, message: string): ServerOffer | undefined {
  const wanted = LISTS.find(({ named }) => named.test(message));
  const name = /^SSH-[^\n]*\n/m.exec(start.toString('latin1'));
  if (!wanted || !name) return undefined;
  const packet = start.subarray(name.index + name[0].length);
  if (packet[5] !== KEXINIT) return undefined;
  let at = FIRST_LIST;
  for (let list = 0; ; list++) {
    if (packet.length < at + 4) return undefined;
    const end = at + 4 + packet.readUInt32BE(at);
    if (packet.length < end) return undefined;
    if (list === wanted.list) {
      const theirs = packet
        .toString('latin1', at + 4, end)
        .split(',')
        .filter(Boolean);
      const possible = theirs.filter((one) => wanted.family.supported.includes(one));
      return { keyword: wanted.keyword, theirs, possible };
    }
    at = end;
  }
}
