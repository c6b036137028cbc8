import { hostname as machineName } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import { ownAccount } from '../../homes/ownAccount.ts';
import { type ConfigValues, createConfigValues } from './config/configValues.ts';
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
 * the target's `faults`. No command is run: a `Match exec` counts as not matching.
 */
export function resolveSshConfig(
  alias: string,
  options: SshConfigOptions = {},
  overrides: SshOverrides = {},
): SshTarget {
  const read = readFiles(alias, options, overrides, () => 'not run');
  return settle(alias, read.values, read.local);
}

/** The same, with the user's own `Match exec` commands run, one after another, each within a bound. */
export async function resolveSshConfigRunning(
  alias: string,
  options: SshConfigOptions = {},
  overrides: SshOverrides = {},
  clock: Clock = systemClock,
): Promise<SshTarget> {
  const results = new Map<string, boolean | 'not run'>();
  for (;;) {
    // What a command decides may decide which command comes next, so each is known before reading goes on.
    const read = readFiles(alias, options, overrides, (command) => results.get(command) ?? 'pending');
    if (read.pending === undefined) return settle(alias, read.values, read.local);
    const succeeded = await execCommand(read.pending, clock, read.local.environment);
    results.set(read.pending, succeeded ?? 'not run');
  }
}

function readFiles(
  alias: string,
  options: SshConfigOptions,
  overrides: SshOverrides,
  exec: ConfigReader['exec'],
): { values: ConfigValues; local: LocalSide; pending: string | undefined } {
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
  const reader: ConfigReader = { alias, host: alias, final: false, local, values, exec, files: 0 };
  for (const file of files) readConfigFile(reader, file);
  // `Match final` asks for a second reading with the first one's values standing, against the name that it gave.
  if (reader.pending === undefined && (values.wantsFinal || asksForCanonical(values))) {
    const host = hostnameFrom(alias, values);
    values.host = host;
    for (const [keyword, standard] of SETTLED_EARLY) {
      if (!values.lines.has(keyword)) values.lines.set(keyword, [standard]);
    }
    const again: ConfigReader = { ...reader, host, final: true, files: 0 };
    const faults = [...values.faults];
    for (const file of files) readConfigFile(again, file);
    values.faults = [...new Set([...faults, ...values.faults])];
    return { values, local, pending: again.pending };
  }
  return { values, local, pending: reader.pending };
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
