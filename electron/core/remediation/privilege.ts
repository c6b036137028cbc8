import { visibleText } from '../../../shared/model/hostText.ts';
import type { InspectedProcess, Inspection } from '../detectors/inspectProcesses.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import type { Looker } from './look.ts';

/** Runs as root by sudo where the account is not root: without a password, or with one that is asked for. */
export type Privilege = 'none' | 'sudo' | 'sudoWithPassword';

/** Who may do it. `privilege` undefined: this account cannot, and it is tried all the same: the host refuses. */
export interface Needs {
  privilege: Privilege | undefined;
  text: string;
}

/** @param uid as this account; where it is not given, as root */
export function withPrivilege(privilege: Privilege, argv: readonly string[], uid?: number): string[] {
  const user = uid === undefined ? [] : ['-u', `#${uid}`];
  switch (privilege) {
    case 'none':
      return [...argv];
    case 'sudo':
      return [...SUDO, '-n', ...user, '--', ...argv];
    case 'sudoWithPassword':
      return [...SUDO, '-k', '-S', '-p', '', ...user, '--', ...argv];
  }
}

/** What a planned command goes through, by its own first words. */
export function privilegeOf(command: string): Privilege {
  const ways = ['sudo', 'sudoWithPassword'] as const;
  return ways.find((way) => command.startsWith(`${quoteCommand(withPrivilege(way, []))} `)) ?? 'none';
}

/**
 * With `-S` the password is the first line of its input; nothing of ours reads any. `-k`: what was remembered is not
 * used. Its own words are read by `sudoRefusal`, so they are asked for in English.
 */
const SUDO = ['env', 'LC_ALL=C', 'sudo'];

/** For what only root may do. */
export async function needsRoot(look: Looker): Promise<Needs> {
  const { root, privilege } = await look.privilege();
  if (root) return { privilege, text: 'Runs as root.' };
  return { privilege, text: `Only root may do it, and this account is not. ${sudoWords(privilege)}` };
}

/** For what a process's owner may do, and root. */
export async function needsOwner(
  look: Looker,
  seen: Inspection,
  process: InspectedProcess | undefined,
): Promise<Needs> {
  if (!process) return { privilege: 'none', text: 'Nothing: it cannot be done.' };
  if (seen.uid === 0) return { privilege: 'none', text: 'Runs as root.' };
  const owner = visibleText(process.user, 32);
  if (process.uid === seen.uid)
    return {
      privilege: 'none',
      text: `Runs as ${owner}, who owns the process: no further rights are needed.`,
    };
  const { privilege } = await look.privilege();
  return { privilege, text: `The process is ${owner}’s, and this account is not. ${sudoWords(privilege)}` };
}

export function sudoWords(privilege: Privilege | undefined): string {
  switch (privilege) {
    case 'sudo':
      return 'It goes through sudo, which asks for no password here.';
    case 'sudoWithPassword':
      return 'It goes through sudo, whose password is asked for when it is confirmed, and stored nowhere.';
    default:
      return 'No sudo does it either (there is none here, or it refuses a login without a terminal): the host will most likely refuse. Connect as root, or allow sudo.';
  }
}

/**
 * Why sudo ran nothing, by what it says itself (sudoers(5), 1.8 and 1.9; sudo-rs 0.2) and exits with: 1, before it runs anything.
 * Undefined where the command ran, or where it was not sudo that ended it.
 */
export function sudoRefusal({
  exitCode,
  stdout,
  stderr,
}: {
  exitCode?: number | undefined;
  stdout: string;
  stderr: string;
}): string | undefined {
  if (exitCode !== 1 || stdout !== '') return undefined;
  if (/is not in the sudoers file/i.test(stderr)) return 'this account may not use sudo on this host.';
  if (/is not allowed to (?:execute|run sudo)|not allowed to run sudo|afraid I can't do that/i.test(stderr))
    return 'sudo does not allow this account that command.';
  if (/incorrect (?:password|authentication) attempt|Sorry, try again|authentication failed/i.test(stderr))
    return 'sudo did not accept the password. Plan it again to be asked again.';
  // Said before the words about a password, which would not help.
  if (/account validation failure/i.test(stderr))
    return 'sudo does not accept this account any more: it is locked or has expired.';
  if (/a password is required|no password was provided|authentication is required/i.test(stderr))
    return 'sudo asks for a password by now. Plan it again to be asked for it.';
  const said = stderr.split('\n').find((line) => line.startsWith('sudo: '));
  return said === undefined ? undefined : `sudo refused: ${visibleText(said.slice(6).trim(), 200)}.`;
}
