import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { matchPattern, matchPatternList } from '../matchPattern.ts';
import { type ConfigValues, firstValue } from './configValues.ts';
import { connectionTokens, expandTokens, type LocalSide } from './tokens.ts';
import { nextWord, type Rest } from './words.ts';

/** What the criteria of one Match line are held against. */
export interface MatchSubject {
  alias: string;
  /** The name that patterns of this pass are held against: the alias, or in the last pass the name it resolved to. */
  host: string;
  final: boolean;
  local: LocalSide;
  values: ConfigValues;
  /** True when the command succeeds; `undefined` when it has not been run, and is not to be. */
  exec(command: string): boolean | undefined;
  note(text: string): void;
}

/** Whether a Match line applies, or why ssh would refuse it (match_cfg_line in readconf.c). */
export function matchesLine(line: string, subject: MatchSubject): boolean | { fault: string } {
  const { alias, values, local } = subject;
  const rest: Rest = { text: line };
  const user = firstValue(values, 'user') ?? local.user;
  const named = firstValue(values, 'hostname');
  const expanded = named === undefined || subject.final ? undefined : expandTokens(named, { h: alias });
  const hostname = subject.final ? subject.host : expanded?.ok ? expanded.value : (named ?? alias);
  let result = true;
  let criteria = 0;
  for (;;) {
    const word = nextWord(rest);
    if (word === '' && rest.text) return { fault: 'there is something after an empty criterion' };
    if (word === undefined || word === '' || word.startsWith('#')) break;
    const negated = word.startsWith('!');
    const name = (negated ? word.slice(1) : word).toLowerCase();
    if (name === 'all') {
      const after = nextWord(rest);
      // One criterion before it passes: ssh counts so.
      if (criteria > 1 || (after !== undefined && after !== '' && !after.startsWith('#'))) {
        return { fault: '"all" cannot stand with other criteria' };
      }
      return result && !negated;
    }
    criteria++;
    if (name === 'canonical' || name === 'final') {
      if (name === 'final') values.wantsFinal = true;
      if (subject.final === negated) result = false;
      continue;
    }
    const argument = nextWord(rest);
    if (argument === undefined || argument === '' || argument.startsWith('#')) {
      return { fault: `Match ${name} has no value` };
    }
    let hit: boolean;
    switch (name) {
      case 'host':
        hit = matchPatternList(hostname, argument);
        break;
      case 'originalhost':
        hit = matchPatternList(alias, argument);
        break;
      case 'user':
        hit = matchPatternList(user, argument, true);
        break;
      case 'localuser':
        hit = matchPatternList(local.user, argument, true);
        break;
      case 'tagged':
        hit = matchPatternList(values.tag ?? '', argument, true);
        break;
      case 'localnetwork':
        hit = isOnNetwork(argument);
        break;
      case 'sessiontype':
        hit = matchPattern('shell', argument, true);
        break;
      case 'exec': {
        const command = expandTokens(
          argument,
          connectionTokens(local, {
            alias,
            hostname,
            user,
            port: Number(firstValue(values, 'port') ?? 22),
            keyAlias: firstValue(values, 'hostkeyalias') ?? hostname,
            jump: values.jump?.text ?? '',
          }),
        );
        if (!command.ok) return { fault: `Match exec: ${command.error}` };
        // What failed already decides; ssh does not run the command then either.
        if (!result) continue;
        const succeeded = subject.exec(command.value);
        if (succeeded === undefined) {
          result = false;
          continue;
        }
        hit = succeeded;
        break;
      }
      default:
        return { fault: `Match ${name} is not known` };
    }
    if (hit === negated) result = false;
  }
  return criteria === 0 ? { fault: 'Match has no criteria' } : result;
}

/** True when an address of this machine lies in one of the networks of a list such as `10.0.0.0/8,192.168.1.0/24`. */
function isOnNetwork(list: string): boolean {
  const networks = new BlockList();
  for (const network of list.split(',')) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address);
    if (family === 0) continue;
    const whole = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? whole : Number(bits);
    if (!Number.isInteger(prefix) || prefix < 0 || prefix > whole) continue;
    networks.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(
      ({ address, family, internal }) =>
        !internal && networks.check(address.replace(/%.*$/, ''), family === 'IPv4' ? 'ipv4' : 'ipv6'),
    ),
  );
}
