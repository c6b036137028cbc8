import {
  type AlgorithmFamily,
  AUTHORITY_ALGORITHMS,
  CIPHERS,
  isAlgorithmList,
  KEY_ALGORITHMS,
  KEY_EXCHANGES,
  MACS,
} from './algorithms.ts';
import { readIpQos } from './ipQos.ts';
import { scaledNumber, secondsOf, wholeNumber } from './numbers.ts';
import { readPort } from './ports.ts';

/** The arguments of one line: cut into words, and as they stand. */
export interface Line {
  words: readonly string[];
  raw: string;
}

/**
 * One keyword of ssh_config(5).
 * - `parse`: the line's values as `ssh -G` writes them, or why ssh would refuse the line
 * - `again`: what a later line does: `kept` keeps the first, `added` accumulates, `unique` accumulates once each
 */
export interface Keyword {
  parse(line: Line): readonly string[] | { fault: string };
  again: 'kept' | 'added' | 'unique';
  /** What `ssh -G` shows when no line says anything. Empty: nothing is shown. */
  standard: readonly string[];
  family?: AlgorithmFamily;
  /** All values on one line of `ssh -G`; otherwise a line each. */
  together?: true;
  /** As `ssh -G` writes the keyword, where it is not in lower case. */
  shown?: string;
}

type Parse = Keyword['parse'];

const fault = (text: string) => ({ fault: text });

/** Exactly one argument. */
const one =
  (read: (word: string) => string | undefined, what: string): Parse =>
  ({ words }) => {
    const [word, extra] = words;
    if (!word) return fault('an argument is missing');
    if (extra !== undefined) return fault('there are more arguments than one');
    const value = read(word);
    return value === undefined ? fault(`${JSON.stringify(word.slice(0, 80))} is not ${what}`) : [value];
  };

const single = (parse: Parse, ...standard: string[]): Keyword => ({ parse, again: 'kept', standard });
const text = (...standard: string[]) =>
  single(
    one((word) => word, 'a value'),
    ...standard,
  );
const count = (standard: number) =>
  single(
    one((word) => wholeNumber(word)?.toString(), 'a number'),
    String(standard),
  );
const seconds = one((word) => secondsOf(word)?.toString(), 'a time');
/** `none` says nothing: a later line still counts, as in ssh. */
const time = (standard: number) =>
  single(
    (line) => (line.words[0] === 'none' && line.words.length === 1 ? [] : seconds(line)),
    String(standard),
  );

/** Words in any case, each with what it means; the first of those that mean the same is shown. */
const choice = (meanings: Record<string, string>, standard: string) =>
  single(
    one((word) => meanings[word.toLowerCase()], `one of ${Object.keys(meanings).join(', ')}`),
    standard,
  );
const YES_NO = { yes: 'yes', no: 'no', true: 'yes', false: 'no' };
const TRUE_FALSE = { yes: 'true', no: 'false', true: 'true', false: 'false' };
const flag = (standard: 'yes' | 'no') => choice(YES_NO, standard);

/** The rest of the line as it stands, quotes and comments included. */
const command = (): Keyword => single(({ raw }) => [raw.replace(/^[ \t\r\n=]+/, '')]);

/** All words of the first line that has any. */
const list = (...standard: string[]): Keyword => ({
  parse: ({ words }) =>
    words.length > 1 && words.some((word) => word.toLowerCase() === 'none')
      ? fault('"none" must stand alone')
      : words.includes('')
        ? fault('an argument is empty')
        : words,
  again: 'kept',
  standard,
  together: true,
});

const algorithms = (family: AlgorithmFamily): Keyword => ({
  ...single(
    one((word) => (isAlgorithmList(word, family) ? word : undefined), 'a list of algorithms that ssh knows'),
  ),
  family,
});

const firstOf = (parsed: ReturnType<Parse>) => ('fault' in parsed ? parsed : parsed.slice(0, 1));

const FACILITIES = [
  'DAEMON',
  'USER',
  'AUTH',
  'AUTHPRIV',
  ...Array.from({ length: 8 }, (_, n) => `LOCAL${n}`),
];
const LOG_LEVELS = ['QUIET', 'FATAL', 'ERROR', 'INFO', 'VERBOSE', 'DEBUG', 'DEBUG1', 'DEBUG2', 'DEBUG3'];
const upper = (words: readonly string[]) =>
  Object.fromEntries(words.map((word) => [word.toLowerCase(), word]));

const DEFAULT_IDENTITIES = ['rsa', 'ecdsa', 'ecdsa_sk', 'ed25519', 'ed25519_sk', 'xmss', 'dsa'];

const addKeysToAgent: Parse = ({ words: [first = '', second, extra] }) => {
  const state = { ...TRUE_FALSE, ask: 'ask', confirm: 'confirm' }[first.toLowerCase()];
  const seconds = secondsOf(second ?? first);
  if (extra !== undefined || first === '') return fault('one state or time is expected');
  // No time at all is the state by itself.
  if (state === undefined && second === undefined && seconds !== undefined)
    return [seconds === 0 ? 'true' : String(seconds)];
  if (state === 'confirm' && second !== undefined && seconds !== undefined)
    return [seconds === 0 ? 'confirm' : `confirm ${seconds}`];
  return state === undefined || second !== undefined ? fault('this is neither a state nor a time') : [state];
};

const controlPersist = one((word) => {
  const meaning = YES_NO[word as keyof typeof YES_NO];
  const seconds = secondsOf(word);
  return meaning ?? (seconds === undefined ? undefined : seconds === 0 ? 'yes' : String(seconds));
}, 'yes, no or a time');

const ipQos: Parse = ({ words: [interactive, bulk = interactive, extra] }) => {
  const first = readIpQos(interactive ?? '');
  const second = readIpQos(bulk ?? '');
  return first && second && extra === undefined
    ? [`${first} ${second}`]
    : fault('one or two classes are expected');
};

/** Bytes, and a time where the line gives one. */
export function readRekeyLimit(words: readonly string[]): { bytes: string; interval?: string } | undefined {
  const [first = '', interval, extra] = words;
  const bytes = first === 'default' ? 0n : scaledNumber(first);
  const time = interval === undefined || interval === 'none' ? undefined : secondsOf(interval);
  if (bytes === undefined || (bytes !== 0n && bytes < 16n) || extra !== undefined) return undefined;
  if (interval !== undefined && interval !== 'none' && time === undefined) return undefined;
  return { bytes: String(bytes), ...(time === undefined ? {} : { interval: String(time) }) };
}

const escapeCharacter = one((word) => {
  // Shown as vis(3) shows a backslash, a blank and a control character.
  if (word === '\\') return '\\\\';
  if (word === ' ') return '\\040';
  if (word === 'none' || Buffer.byteLength(word) === 1) return word;
  return /^\^[@-\u007f]$/.test(word)
    ? `\\^${String.fromCharCode((word.charCodeAt(1) & 31) + 64)}`
    : undefined;
}, 'a character');

const permitRemoteOpen: Parse = ({ words }) => {
  if (words.length === 1 && /^(any|none)$/i.test(words[0] ?? '')) return words;
  return words.every((word) => {
    const port = /^(?:\[[^\]]*\]|[^:/]*):(.+)$/.exec(word)?.[1];
    return port === '*' || (port !== undefined && (readPort(port) ?? 0) > 0);
  })
    ? words
    : fault('places of the form host:port are expected');
};

const permittedNames: Parse = ({ words }) => {
  if (words.length === 1 && words[0]?.toLowerCase() === 'none') return ['none'];
  const rules = words.map((word) => (word === '*' ? '*:*' : word.toLowerCase()));
  return rules.every((rule) => /^[^:]*:.+$/.test(rule))
    ? rules
    : fault('lists of the form from:to are expected');
};

/** Names of domains, in lower case and without a last dot (valid_domain in misc.c). */
const canonicalDomains: Parse = ({ words }) => {
  const parsed = list().parse({ words, raw: '' });
  if ('fault' in parsed) return parsed;
  const domains = parsed.map((word) => word.toLowerCase().replace(/\.$/, ''));
  const wrong = domains.find((name) => !/^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*$/.test(name));
  return wrong === undefined ? domains : fault(`${JSON.stringify(wrong.slice(0, 80))} is not a domain`);
};

/** Unit of a tun device; `any` lets the system choose. */
const tunnelDevice = one((word) => {
  const unit = (text: string) =>
    text.toLowerCase() === 'any' ? 'any' : wholeNumber(text, 0x7fff_fffd)?.toString();
  const colon = word.indexOf(':');
  const local = unit(colon < 0 ? word : word.slice(0, colon));
  const remote = colon < 0 ? 'any' : unit(word.slice(colon + 1));
  return local === undefined || remote === undefined ? undefined : `${local}:${remote}`;
}, 'a device');

const setEnv: Parse = ({ words }) => {
  if (words.some((word) => !word.includes('='))) return fault('NAME=value is expected');
  const seen = new Set<string>();
  return words.filter((word) => {
    const name = word.slice(0, word.indexOf('='));
    return !seen.has(name) && seen.add(name);
  });
};

/**
 * In the order of `ssh -G`. Those that need more than their own line (Host, Match, Include, Port, the forwards, the
 * jumps) are read beside it, in readConfig.ts, and stand here for their place.
 */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  Object.entries({
    host: text(),
    user: text(),
    hostname: text(),
    port: text('22'),
    addressfamily: choice({ inet: 'inet', inet6: 'inet6', any: 'any' }, 'any'),
    batchmode: flag('no'),
    canonicalizefallbacklocal: flag('yes'),
    canonicalizehostname: choice({ ...TRUE_FALSE, always: 'always' }, 'false'),
    checkhostip: flag('no'),
    compression: choice({ yes: 'yes', no: 'no' }, 'no'),
    controlmaster: choice({ ...TRUE_FALSE, auto: 'auto', ask: 'ask', autoask: 'autoask' }, 'false'),
    enablesshkeysign: flag('no'),
    clearallforwardings: flag('no'),
    exitonforwardfailure: flag('no'),
    fingerprinthash: choice(upper(['MD5', 'SHA1', 'SHA256', 'SHA384', 'SHA512']), 'SHA256'),
    forwardx11: flag('no'),
    forwardx11trusted: flag('no'),
    gatewayports: flag('no'),
    hashknownhosts: flag('no'),
    hostbasedauthentication: flag('no'),
    identitiesonly: flag('no'),
    kbdinteractiveauthentication: flag('yes'),
    nohostauthenticationforlocalhost: flag('no'),
    passwordauthentication: flag('yes'),
    permitlocalcommand: flag('no'),
    proxyusefdpass: flag('no'),
    pubkeyauthentication: choice({ ...TRUE_FALSE, unbound: 'unbound', 'host-bound': 'host-bound' }, 'true'),
    requesttty: choice({ ...TRUE_FALSE, force: 'force', auto: 'auto' }, 'auto'),
    sessiontype: choice({ none: 'none', subsystem: 'subsystem', default: 'default' }, 'default'),
    stdinnull: flag('no'),
    forkafterauthentication: flag('no'),
    streamlocalbindunlink: flag('no'),
    stricthostkeychecking: choice(
      { ...TRUE_FALSE, ask: 'ask', off: 'false', 'accept-new': 'accept-new' },
      'ask',
    ),
    tcpkeepalive: flag('yes'),
    tunnel: choice(
      {
        ethernet: 'ethernet',
        'point-to-point': 'point-to-point',
        yes: 'point-to-point',
        true: 'point-to-point',
        no: 'false',
        false: 'false',
      },
      'false',
    ),
    verifyhostkeydns: choice({ ...TRUE_FALSE, ask: 'ask' }, 'false'),
    visualhostkey: flag('no'),
    updatehostkeys: choice({ ...TRUE_FALSE, ask: 'ask' }, 'true'),
    enableescapecommandline: flag('no'),
    canonicalizemaxdots: count(1),
    connectionattempts: count(1),
    forwardx11timeout: time(1200),
    numberofpasswordprompts: count(3),
    serveralivecountmax: count(3),
    serveraliveinterval: time(0),
    requiredrsasize: count(1024),
    bindaddress: text(),
    bindinterface: text(),
    ciphers: algorithms(CIPHERS),
    controlpath: text(),
    hostkeyalgorithms: algorithms(KEY_ALGORITHMS),
    hostkeyalias: text(),
    hostbasedacceptedalgorithms: algorithms(KEY_ALGORITHMS),
    identityagent: text(),
    ignoreunknown: text(),
    kbdinteractivedevices: text(),
    kexalgorithms: algorithms(KEY_EXCHANGES),
    casignaturealgorithms: algorithms(AUTHORITY_ALGORITHMS),
    localcommand: command(),
    remotecommand: command(),
    loglevel: choice({ ...upper(LOG_LEVELS), silent: 'QUIET', debug1: 'DEBUG' }, 'INFO'),
    macs: algorithms(MACS),
    pkcs11provider: text(),
    securitykeyprovider: text('internal'),
    preferredauthentications: text(),
    pubkeyacceptedalgorithms: algorithms(KEY_ALGORITHMS),
    revokedhostkeys: text(),
    xauthlocation: text('/usr/bin/xauth'),
    knownhostscommand: command(),
    dynamicforward: { ...text(), again: 'unique' },
    localforward: { ...text(), again: 'unique' },
    remoteforward: { ...text(), again: 'unique' },
    identityfile: { ...text(...DEFAULT_IDENTITIES.map((kind) => `~/.ssh/id_${kind}`)), again: 'unique' },
    canonicaldomains: { ...list('none'), parse: canonicalDomains },
    certificatefile: { ...text(), again: 'unique' },
    globalknownhostsfile: list('/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'),
    userknownhostsfile: list('~/.ssh/known_hosts', '~/.ssh/known_hosts2'),
    sendenv: {
      parse: ({ words }) =>
        words.some((word) => word === '' || word.includes('='))
          ? fault('names of variables are expected')
          : words,
      again: 'added',
      standard: [],
    },
    setenv: { parse: setEnv, again: 'kept', standard: [] },
    // ssh takes the first word of the first line, and no more.
    logverbose: { ...list('none'), parse: (line) => firstOf(list().parse(line)) },
    permitremoteopen: { ...list('any'), parse: permitRemoteOpen },
    addkeystoagent: single(addKeysToAgent, 'false'),
    forwardagent: single(
      one((word) => YES_NO[word.toLowerCase() as keyof typeof YES_NO] ?? word, 'a value'),
      'no',
    ),
    connecttimeout: time(-1),
    tunneldevice: single(tunnelDevice, 'any:any'),
    canonicalizepermittedcnames: {
      parse: permittedNames,
      again: 'kept',
      standard: ['none'],
      together: true,
      shown: 'canonicalizePermittedcnames',
    },
    controlpersist: single(controlPersist, 'no'),
    escapechar: single(escapeCharacter, '~'),
    ipqos: single(ipQos, 'af21 cs1'),
    rekeylimit: text('0 0'),
    streamlocalbindmask: single(
      one(
        // What follows the number is not looked at.
        (word) => /^[ \t\n\v\f\r]*\+?0*([0-7]{1,3})(?![0-7])/.exec(word)?.[1]?.replace(/^0*/, '0'),
        'an octal mask',
      ),
      '0177',
    ),
    syslogfacility: choice(upper(FACILITIES), 'USER'),
    proxycommand: command(),
    proxyjump: text(),
  } satisfies Record<string, Keyword>),
);

/** Other names of the same. */
export const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
  identityfile2: 'identityfile',
  keepalive: 'tcpkeepalive',
  smartcarddevice: 'pkcs11provider',
  hostbasedkeytypes: 'hostbasedacceptedalgorithms',
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
};

/**
 * Read and passed over: what ssh has left behind, what is built into some copies of ssh only (GSSAPI, Apple's
 * keychain), and keywords newer than the copy that this was compared with. None of them is worth refusing a host.
 */
export const PASSED_OVER: ReadonlySet<string> = new Set(
  `protocol cipher fallbacktorsh globalknownhostsfile2 rhostsauthentication userknownhostsfile2 useroaming usersh
  useprivilegedport afstokenpassing kerberosauthentication kerberostgtpassing rsaauthentication rhostsrsaauthentication
  compressionlevel gssapiauthentication gssapidelegatecredentials gssapikeyexchange gssapitrustdns
  gssapirenewalforcesrekey gssapikexalgorithms gssapiclientidentity gssapiserveridentity usekeychain
  channeltimeout obscurekeystroketiming versionaddendum warnweakcrypto refuseconnection`.split(/\s+/),
);
