import { splitArguments } from './splitArguments.ts';

/** Options of ssh(1) that take a value, in the same word or the next. */
const WITH_VALUE = 'BbcDEeFIiJLlmOopQRSWw';
/** Those that say nothing of the way to a host. */
const QUIET = /^-[qvTtnNx46]+$/;

/**
 * What ssh's own arguments say of the way to a host: `-J a,b`, `-o ProxyJump=a`, or the older
 * `-o ProxyCommand="ssh -W %h:%p -q bastion"`. `others`: something else is said too, and is not read.
 */
export function readJumpArguments(args: string): { jump?: string[]; others: boolean } {
  let jump: string[] | undefined;
  let others = false;
  for (const { option, value } of optionsOf(splitArguments(args.slice(0, 10_000)) ?? ['?'])) {
    const [, name, setting = ''] = /^([a-z]+)(?:\s*=\s*|\s+)(.*)$/is.exec(value ?? '') ?? [];
    const keyword = option === 'J' ? 'proxyjump' : option === 'o' ? name?.toLowerCase() : undefined;
    const said = option === 'J' ? (value ?? '') : setting;
    if (keyword === 'proxyjump') {
      // Without a jump is how a host is reached that says nothing.
      if (said.toLowerCase() !== 'none') jump ??= said.split(',');
    } else if (keyword === 'proxycommand') {
      const hop = hopOf(said);
      if (hop) jump ??= [hop.jump];
      others ||= hop?.others ?? true;
    } else others ||= option !== '';
  }
  return jump ? { jump, others } : { others };
}

/** The host that `ssh … -W %h:%p … host` goes through. */
function hopOf(command: string): { jump: string; others: boolean } | undefined {
  const words = splitArguments(command) ?? [];
  if (words.shift() !== 'ssh') return undefined;
  let [host, port, user]: (string | undefined)[] = [];
  let relays = false;
  let others = false;
  for (const { option, value } of optionsOf(words)) {
    if (option === 'host') {
      if (host !== undefined) return undefined;
      host = value;
    } else if (option === 'W') relays = value === '%h:%p' || value === '[%h]:%p';
    else if (option === 'p') port = value;
    else if (option === 'l') user = value;
    else others ||= option !== '';
  }
  if (!relays || !host) return undefined;
  return {
    jump: `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`,
    others,
  };
}

/** Words of a command line of ssh as options and their values. `host`: a word that is no option; '' says nothing. */
function optionsOf(words: readonly string[]): { option: string; value?: string }[] {
  const found: { option: string; value?: string }[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const option = word[1] ?? '';
    if (!word.startsWith('-')) found.push({ option: 'host', value: word });
    else if (QUIET.test(word) || word === '') found.push({ option: '' });
    else if (!WITH_VALUE.includes(option) || option === '') found.push({ option: '?' });
    else found.push({ option, value: word.length > 2 ? word.slice(2) : (words[++at] ?? '') });
  }
  return found;
}
