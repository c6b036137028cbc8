import { failure } from '../../../shared/contract/errors.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import {
  type InspectedProcess,
  type Inspection,
  inspectionCommand,
  parseInspection,
} from '../detectors/inspectProcesses.ts';
import type { RunOptions, RunResult, Session } from '../sessions/session.ts';
import { checkCommand, type HostScript, readCheck } from './hostScript.ts';
import type { Privilege } from './privilege.ts';

/** Read-only looks at one host, for plans. Each throws a declared failure (`not_connected`, `internal`). */
export interface Looker {
  processes(request: Parameters<typeof inspectionCommand>[0]): Promise<Inspection>;
  /** The process as it is now. */
  process(target: ProcessIdentity): Promise<{ seen: Inspection; process: InspectedProcess | undefined }>;
  /** A script of ours, which prints what it finds. */
  run(script: string, ...parameters: string[]): Promise<RunResult>;
  /** A whole command of ours, which prints what it finds. */
  command(argv: readonly string[]): Promise<RunResult>;
  /** How this account can act as root; `undefined`: it cannot. A failed sudo is a line in the host's auth log. */
  privilege(): Promise<{ root: boolean; privilege: Privilege | undefined }>;
  /** Runs an action's check. */
  check(
    script: HostScript,
    way: { privilege: Privilege; input: Pick<RunOptions, 'stdin'> },
  ): Promise<{ helped: boolean; verdict: string }>;
}

const LOOK_MS = 8000;

export function createLooker(host: HostId, session: () => Pick<Session, 'run'>, signal: AbortSignal): Looker {
  async function run(
    argv: readonly string[],
    purpose: string,
    input: Pick<RunOptions, 'stdin'> = {},
  ): Promise<RunResult> {
    const result = await session().run(argv, {
      purpose,
      timeoutMs: LOOK_MS,
      maximumBytes: 512 * 1024,
      signal,
      ...input,
    });
    if (result.ok) return result.value;
    const advice = 'Wait for the link to return, or reconnect, and try again.';
    throw failure('not_connected', `${host} could not be asked: ${result.error.reason}`, advice);
  }

  async function processes(request: Parameters<typeof inspectionCommand>[0]): Promise<Inspection> {
    const result = await run(inspectionCommand(request), 'look at a process');
    const seen = parseInspection(result.stdout);
    if (seen) return seen;
    const said = visibleText(result.stderr.trim(), 300);
    throw failure(
      'internal',
      `${host} gave no usable answer about its processes${said === '' ? '' : `: ${said}`}`,
      'It needs sh, awk and /proc. If it cannot start processes any more, act in a shell that is open already.',
    );
  }

  return {
    processes,
    async process(target) {
      const seen = await processes({ pids: [target.pid] });
      return { seen, process: seen.processes.find((p) => p.identity.pid === target.pid) };
    },
    run: (script, ...parameters) =>
      run(
        [
          'sh',
          '-c',
          `PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/command\n${script}`,
          'fireline',
          ...parameters,
        ],
        'look',
      ),
    command: (argv) => run(argv, 'look'),
    async privilege() {
      const { stdout } = await run(['sh', '-c', PRIVILEGE], 'look at what this account may do');
      const [word] = stdout.trim().split('\n');
      if (word === 'root') return { root: true, privilege: 'none' };
      if (word === 'sudo') return { root: false, privilege: 'sudo' };
      return { root: false, privilege: word === 'password' ? 'sudoWithPassword' : undefined };
    },
    async check(script, { privilege, input }) {
      const ran = await run(checkCommand(script, privilege), 'look again', input);
      const read = readCheck(ran);
      if (read) return read;
      throw failure(
        'internal',
        `${host} could not tell: ${visibleText(ran.stderr.trim(), 200) || 'it gave no answer'}`,
      );
    },
  };
}

/**
 * `sudo -n true` says "a password is required" where one would do (sudo-rs: "interactive authentication is required"), and
 * something else where none would.
 */
export const PRIVILEGE = `LC_ALL=C; export LC_ALL
[ "$(id -u)" = 0 ] && { echo root; exit; }
command -v sudo >/dev/null || { echo none; exit; }
said=$(sudo -n true 2>&1) && { echo sudo; exit; }
case $said in *password*|*"authentication is required"*) echo password;; *) echo none;; esac
`;
