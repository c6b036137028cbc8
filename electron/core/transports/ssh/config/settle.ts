import { join } from 'node:path';
import type { SshTarget } from '../sshTarget.ts';
import { assemble, KEY_ALGORITHMS, offered } from './algorithms.ts';
import { canonicalAddress } from './canonicalAddress.ts';
import { type ConfigValues, firstValue } from './configValues.ts';
import { type ForwardEnd, type ForwardSpec, formatForward } from './forwardSpec.ts';
import { formatJumpHop, type JumpHop } from './jumpList.ts';
import { KEYWORDS } from './keywords.ts';
import { notHonoured } from './notHonoured.ts';
import {
  connectionTokens,
  expandPath,
  expandTokens,
  type LocalSide,
  onlyTokens,
  type Tokens,
} from './tokens.ts';

/** The name to connect to: HostName with its `%h`, in the form in which ssh uses it. */
export function hostnameFrom(alias: string, values: ConfigValues): string {
  if (values.host !== undefined) return values.host;
  const named = firstValue(values, 'hostname');
  const expanded = named === undefined ? undefined : expandTokens(named, { h: alias });
  if (expanded && !expanded.ok) values.faults.push(`HostName ${named}: ${expanded.error}`);
  return canonicalAddress(expanded?.ok ? expanded.value : alias, firstValue(values, 'addressfamily'));
}

/** What the files said, with defaults, tokens and `~`: the target, and the same in the form of `ssh -G`. */
export function settle(alias: string, values: ConfigValues, local: LocalSide): SshTarget {
  const hostname = hostnameFrom(alias, values);
  const port = Number(firstValue(values, 'port') ?? 22);
  const user = firstValue(values, 'user') ?? local.user;
  const keyAlias = firstValue(values, 'hostkeyalias')?.toLowerCase();
  const tokens = connectionTokens(local, {
    alias,
    hostname,
    port,
    user,
    keyAlias: keyAlias ?? alias,
    jump: values.jump && values.jump.hops.length > 0 ? values.jump.text : '',
  });

  /** A value whose token or variable has no meaning is kept as it stands and told: ssh would stop there. */
  const expanded = (
    what: string,
    value: string,
    expand: typeof expandPath | typeof expandTokens,
    with_: Tokens = tokens,
  ) => {
    const result = expand === expandPath ? expandPath(value, with_, local) : expandTokens(value, with_);
    if (!result.ok) values.faults.push(`${what} ${value.slice(0, 200)}: ${result.error}`);
    return result.ok ? result.value : value;
  };
  const all = (keyword: string) => values.lines.get(keyword) ?? KEYWORDS.get(keyword)?.standard ?? [];
  const first = (keyword: string) => all(keyword)[0];
  const isOn = (keyword: string) => first(keyword) === 'yes' || first(keyword) === 'true';
  const cleared = (keyword: string) => {
    const value = first(keyword);
    return value === undefined || value.toLowerCase() === 'none' ? undefined : value;
  };
  const files = (keyword: string) => all(keyword).filter((file) => file.toLowerCase() !== 'none');

  const forwards = isOn('clearallforwardings')
    ? []
    : values.forwards.map(({ kind, spec }) => ({ kind, spec: expandSockets(spec) }));
  function expandSockets(spec: ForwardSpec): ForwardSpec {
    const end = (one: ForwardEnd): ForwardEnd =>
      'path' in one ? { path: expanded('the forward', one.path, expandTokens) } : one;
    return { listen: end(spec.listen), ...(spec.connect ? { connect: end(spec.connect) } : {}) };
  }

  const userKnownHostsFiles = files('userknownhostsfile').map((file) =>
    expanded('UserKnownHostsFile', file, expandPath),
  );
  const identityAgent = first('identityagent');
  const agentPath =
    identityAgent === undefined ? undefined : expanded('IdentityAgent', identityAgent, expandPath);
  const agentToForward = firstValue(values, 'forwardagentpath');
  const forwardPath =
    agentToForward === undefined ? undefined : expanded('ForwardAgent', agentToForward, expandPath);

  const shown = new Map<string, readonly string[]>();
  shown.set('host', [alias]);
  shown.set('user', [user]);
  shown.set('hostname', [hostname]);
  shown.set('port', [String(port)]);
  if (keyAlias !== undefined) shown.set('hostkeyalias', [keyAlias]);
  shown.set(
    'userknownhostsfile',
    values.lines.has('userknownhostsfile') && userKnownHostsFiles.length === 0 ? [] : userKnownHostsFiles,
  );
  shown.set('globalknownhostsfile', files('globalknownhostsfile'));
  if (agentPath !== undefined) shown.set('identityagent', [agentPath]);
  if (forwardPath !== undefined) shown.set('forwardagent', [forwardPath]);
  for (const keyword of [
    'localcommand',
    'remotecommand',
    'proxycommand',
    'controlpath',
    'revokedhostkeys',
    'pkcs11provider',
    'securitykeyprovider',
    'knownhostscommand',
  ]) {
    const value = cleared(keyword);
    shown.set(keyword, value === undefined ? [] : [value]);
  }
  const controlPath = cleared('controlpath');
  if (controlPath !== undefined) shown.set('controlpath', [expanded('ControlPath', controlPath, expandPath)]);
  const remoteCommand = cleared('remotecommand');
  if (remoteCommand !== undefined)
    shown.set('remotecommand', [expanded('RemoteCommand', remoteCommand, expandTokens)]);
  for (const kind of ['dynamic', 'local', 'remote'] as const) {
    shown.set(
      `${kind}forward`,
      forwards.filter((one) => one.kind === kind).map((one) => formatForward(kind, one.spec)),
    );
  }
  if (!values.lines.has('updatehostkeys'))
    shown.set('updatehostkeys', [updatesHostKeys(values) ? 'true' : 'false']);
  if (first('connectionattempts') === '0') values.faults.push('ConnectionAttempts 0 would try nothing');
  const timeout = Number(first('connecttimeout'));
  shown.set('connecttimeout', [timeout === -1 ? 'none' : String(timeout)]);
  shown.set('rekeylimit', [
    `${firstValue(values, 'rekeybytes') ?? 0} ${firstValue(values, 'rekeyinterval') ?? 0}`,
  ]);
  if (isOn('clearallforwardings')) shown.set('tunnel', ['false']);
  if (first('updatehostkeys') === 'ask' && !asksAboutHostKeys()) shown.set('updatehostkeys', ['false']);
  const hops = values.jump?.hops ?? [];
  // ssh makes a ProxyCommand of its own of a jump, which passes no descriptor.
  if (hops.length > 0) values.lines.set('proxyusefdpass', ['no']);
  const lastHop = hops.at(-1);
  if (lastHop?.host === hostname && (lastHop.port ?? 22) === port && (lastHop.user ?? user) === user)
    values.faults.push(
      `ProxyJump ${values.jump?.text.slice(0, 200)}: ${alias} would be reached through itself`,
    );
  shown.set('proxyjump', hops.length === 0 ? [] : [shownJump(values.jump?.text ?? '', hops)]);

  const algorithmsOf = (keyword: string) => {
    const family = KEYWORDS.get(keyword)?.family ?? KEY_ALGORITHMS;
    return offered(firstValue(values, keyword), family);
  };
  for (const keyword of [
    'ciphers',
    'macs',
    'kexalgorithms',
    'hostkeyalgorithms',
    'pubkeyacceptedalgorithms',
  ]) {
    const list = algorithmsOf(keyword);
    shown.set(keyword, [list.join(',')]);
    if (list.length === 0) {
      values.faults.push(
        `${keyword} ${firstValue(values, keyword) ?? ''} names nothing that Fireline can do`,
      );
    }
  }
  for (const keyword of ['hostbasedacceptedalgorithms', 'casignaturealgorithms']) {
    const family = KEYWORDS.get(keyword)?.family ?? KEY_ALGORITHMS;
    shown.set(keyword, [(assemble(firstValue(values, keyword), family) ?? []).join(',')]);
  }

  const settings: [string, string][] = [];
  for (const [keyword, { standard, together, shown: written = keyword }] of KEYWORDS) {
    const words = shown.get(keyword) ?? values.lines.get(keyword) ?? standard;
    if (together) settings.push([written, words.length === 0 ? 'none' : words.join(' ')]);
    else for (const word of words) settings.push([written, word]);
  }

  const strict = first('stricthostkeychecking');
  const proxy = hops.length > 0 ? undefined : cleared('proxycommand');
  const alive = Number(first('serveraliveinterval'));
  const revoked = cleared('revokedhostkeys');
  const jumpTokens = onlyTokens(tokens, 'hnprk');
  const target: SshTarget = {
    alias,
    hostname,
    port,
    user,
    identityFiles: files('identityfile').map((file) => expanded('IdentityFile', file, expandPath)),
    identityFilesNamed: values.lines.has('identityfile'),
    identitiesOnly: isOn('identitiesonly'),
    jump: hops.map((hop) => expanded('ProxyJump', formatJumpHop(hop), expandTokens, jumpTokens)),
    userKnownHostsFiles,
    globalKnownHostsFiles: files('globalknownhostsfile').map((file) =>
      join('/', file.replace(/^~(?=\/)/, local.home)),
    ),
    strictHostKeyChecking:
      strict === 'true' ? 'yes' : strict === 'false' ? 'no' : strict === 'accept-new' ? strict : 'ask',
    hashKnownHosts: isOn('hashknownhosts'),
    serverAliveCountMax: Number(first('serveralivecountmax')),
    addressFamily: first('addressfamily') as SshTarget['addressFamily'],
    tcpKeepAlive: isOn('tcpkeepalive'),
    compression: isOn('compression'),
    batchMode: isOn('batchmode'),
    authentications: authenticationsOf(),
    passwordPrompts: Number(first('numberofpasswordprompts')),
    sendEnv: [...all('sendenv')],
    setEnv: Object.fromEntries(
      all('setenv').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    forwards,
    gatewayPorts: isOn('gatewayports'),
    exitOnForwardFailure: isOn('exitonforwardfailure'),
    streamLocalBindUnlink: isOn('streamlocalbindunlink'),
    ciphers: algorithmsOf('ciphers'),
    macs: algorithmsOf('macs'),
    keyExchanges: algorithmsOf('kexalgorithms'),
    hostKeyAlgorithms: values.lines.has('hostkeyalgorithms') ? algorithmsOf('hostkeyalgorithms') : undefined,
    standardHostKeyAlgorithms: offered(undefined, KEY_ALGORITHMS),
    publicKeyAlgorithms: algorithmsOf('pubkeyacceptedalgorithms'),
    faults: values.faults,
    warnings: [],
    settings,
  };
  if (agentPath !== undefined && agentPath !== 'SSH_AUTH_SOCK') target.identityAgent = socketOf(agentPath);
  if (isOn('forwardagent')) {
    target.forwardAgent = forwardPath === undefined ? 'agent' : { socket: socketOf(forwardPath) };
  }
  if (proxy !== undefined) target.proxyCommand = expanded('ProxyCommand', proxy, expandTokens, jumpTokens);
  if (keyAlias !== undefined) target.hostKeyAlias = keyAlias;
  if (revoked !== undefined) target.revokedHostKeys = expanded('RevokedHostKeys', revoked, expandPath);
  if (alive > 0) target.serverAliveIntervalSeconds = alive;
  if (timeout > 0) target.connectTimeoutSeconds = timeout;
  const bind = first('bindaddress');
  if (bind !== undefined) target.bindAddress = bind;
  target.warnings = [...values.notes, ...notHonoured(values)];
  return target;

  /** ssh asks only where it has a terminal and a master that stays could not outlive it. */
  function asksAboutHostKeys(): boolean {
    const staying = first('controlpersist') !== 'no' && cleared('controlpath') !== undefined;
    const quiet = ['QUIET', 'FATAL', 'ERROR'].includes(first('loglevel') ?? '');
    return !staying && cleared('remotecommand') === undefined && first('requesttty') !== 'false' && !quiet;
  }

  /** `$NAME` alone names a variable that holds the path (ssh_config(5), IdentityAgent). Not set: no agent. */
  function socketOf(path: string): string {
    const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(path)?.[1];
    return variable === undefined ? path : local.environment[variable] || 'none';
  }

  function authenticationsOf(): SshTarget['authentications'] {
    const allowed = {
      publickey: first('pubkeyauthentication') !== 'false',
      'keyboard-interactive': isOn('kbdinteractiveauthentication'),
      password: isOn('passwordauthentication'),
    };
    const ordered = first('preferredauthentications')?.split(',') ?? Object.keys(allowed);
    return ordered.filter(
      (way): way is keyof typeof allowed => allowed[way as keyof typeof allowed] === true,
    );
  }
}

/** ssh learns new host keys by itself only where the known_hosts files are its own. */
function updatesHostKeys(values: ConfigValues): boolean {
  const named = values.lines.get('userknownhostsfile');
  const own = !named || (named.length === 1 && named[0] === '~/.ssh/known_hosts');
  return own && (firstValue(values, 'verifyhostkeydns') ?? 'false') === 'false';
}

/** ssh shows the last hop as it understood it, and those before it as they were written. */
function shownJump(text: string, hops: readonly JumpHop[]): string {
  const last = hops[hops.length - 1];
  const comma = text.lastIndexOf(',');
  return `${comma > 0 ? `${text.slice(0, comma)},` : ''}${last ? formatJumpHop(last) : ''}`;
}
