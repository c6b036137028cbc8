import { hostname as machineName } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import { ownAccount } from '../../homes/ownAccount.ts';
import { canonicalName, type HasAddress, lookUp } from './config/canonicalName.ts';
import { type ConfigValues, createConfigValues, firstValue } from './config/configValues.ts';
import { execCommand } from './config/execCommand.ts';
import { readJumpList } from './config/jumpList.ts';
import { type ConfigFile, type ConfigReader, readConfigFile } from './config/readConfig.ts';
import { hostnameFrom, settle } from './config/settle.ts';
import type { LocalSide } from './config/tokens.ts';
import type { SshTarget } from './sshTarget.ts';

/** Where ssh_config is read and for whom; everything has the value that ssh itself would take. */
export interface SshConfigOptions {
  /** Default `~/.ssh/config`. */
  userFile?: string;
  /** Default `/etc/ssh/ssh_config`; `null`: none, as with `ssh -F`. */
  systemFile?: string | null;
  homeDirectory?: string;
  localUser?: string;
  environment?: Readonly<Record<string, string | undefined>>;
  /** Default: this machine's resolver. */
  lookUp?: typeof lookUp;
}

/** What the command line of ssh would say; these win over every file. */
export interface SshOverrides {
  port?: number;
  user?: string;
  identityFiles?: string[];
  userKnownHostsFiles?: string[];
  /** Hops in order; an empty list forbids the file's. */
  jump?: string[];
  hostKeyAlias?: string;
}

/**
 * Resolves one alias as ssh does (ssh_config(5)): the first value of a keyword wins, the user's file before the
 * system's, IdentityFile, SendEnv and forwards accumulate. Lines that ssh would refuse are passed over and named in
 * the target's `faults`. No command is run and no name is looked up: a `Match exec` counts as not matching, a name as
 * canonical.
 */
export function resolveSshConfig(
  alias: string,
  options: SshConfigOptions = {},
  overrides: SshOverrides = {},
): SshTarget {
  const read = readFiles(alias, options, overrides, { exec: () => 'not run' });
  return settle(alias, read.values, read.local);
}

/** The same, with the user's own `Match exec` commands run and names looked up, one after another, each within a bound. */
export async function resolveSshConfigRunning(
  alias: string,
  options: SshConfigOptions = {},
  overrides: SshOverrides = {},
  clock: Clock = systemClock,
): Promise<SshTarget> {
  const results = new Map<string, boolean | 'not run'>();
  const addresses = new Map<string, boolean>();
  for (;;) {
    // What a command decides may decide which command comes next, so each is known before reading goes on.
    const { values, local, pending } = readFiles(alias, options, overrides, {
      exec: (command) => results.get(command) ?? 'pending',
      hasAddress: (name) => addresses.get(name) ?? 'pending',
    });
    if (pending === undefined) return settle(alias, values, local);
    if ('command' in pending) {
      const succeeded = await execCommand(pending.command, clock, local.environment);
      results.set(pending.command, succeeded ?? 'not run');
    } else {
      const family = firstValue(values, 'addressfamily');
      addresses.set(pending.name, await (options.lookUp ?? lookUp)(pending.name, family, clock));
    }
  }
}

function readFiles(
  alias: string,
  options: SshConfigOptions,
  overrides: SshOverrides,
  outside: { exec: ConfigReader['exec']; hasAddress?: HasAddress },
): { values: ConfigValues; local: LocalSide; pending?: { command: string } | { name: string } } {
  const account = ownAccount();
  const local: LocalSide = {
    user: options.localUser ?? account.name,
    uid: account.uid,
    home: options.homeDirectory ?? account.home,
    machine: machineName(),
    environment: options.environment ?? process.env,
  };
  const values = createConfigValues();
  override(values, overrides);
  const files: ConfigFile[] = [
    {
      path: options.userFile ?? join(local.home, '.ssh', 'config'),
      user: true,
      checkOwner: options.userFile === undefined,
    },
  ];
  if (options.systemFile !== null)
    files.push({ path: options.systemFile ?? '/etc/ssh/ssh_config', user: false, checkOwner: false });
  const reader: ConfigReader = {
    alias,
    host: alias,
    final: false,
    local,
    values,
    exec: outside.exec,
    files: 0,
  };
  for (const file of files) readConfigFile(reader, file);
  if (reader.pending !== undefined) return { values, local, pending: { command: reader.pending } };
  if (!values.wantsFinal && !asksForCanonical(values)) return { values, local };
  // Both ask for a second reading with the first one's values standing, against the name that it gave.
  const named = hostnameFrom(alias, values);
  const host = outside.hasAddress ? canonicalName(named, values, outside.hasAddress) : named;
  if (typeof host !== 'string') return { values, local, pending: { name: host.pending } };
  values.host = host;
  for (const [keyword, standard] of SETTLED_EARLY) {
    if (!values.lines.has(keyword)) values.lines.set(keyword, [standard]);
  }
  const again: ConfigReader = { ...reader, host, final: true, files: 0 };
  const faults = [...values.faults];
  for (const file of files) readConfigFile(again, file);
  values.faults = [...new Set([...faults, ...values.faults])];
  return { values, local, ...(again.pending === undefined ? {} : { pending: { command: again.pending } }) };
}

/** ssh needs these before the second reading, so it comes too late for them. */
const SETTLED_EARLY = [
  ['canonicalizemaxdots', '1'],
  ['canonicalizefallbacklocal', 'yes'],
  ['canonicalizehostname', 'false'],
] as const;

const asksForCanonical = (values: ConfigValues) => {
  const wanted = values.lines.get('canonicalizehostname')?.[0];
  return wanted === 'true' || wanted === 'always';
};

function override(values: ConfigValues, overrides: SshOverrides): void {
  const { lines } = values;
  if (overrides.user !== undefined) lines.set('user', [overrides.user]);
  if (overrides.port !== undefined) lines.set('port', [String(overrides.port)]);
  if (overrides.hostKeyAlias !== undefined) lines.set('hostkeyalias', [overrides.hostKeyAlias]);
  if (overrides.identityFiles) {
    lines.set('identityfile', [...overrides.identityFiles]);
    for (const file of overrides.identityFiles) values.users.add(`identityfile user ${file}`);
  }
  if (overrides.userKnownHostsFiles) lines.set('userknownhostsfile', [...overrides.userKnownHostsFiles]);
  if (overrides.jump) {
    const text = overrides.jump.length > 0 ? overrides.jump.join(',') : 'none';
    const hops = readJumpList(text);
    if (hops) values.jump = { hops, text };
    else values.faults.push(`${text.slice(0, 200)} is not a list of jump hosts`);
  }
}
