import { ok, type Result } from '../../../shared/base/result.ts';
import type { ShellChannel, TerminalSize } from '../transports/transport.ts';
import type { Session, SessionFailure } from './session.ts';

/** What keeps a shell alive on the host when its link is lost. */
export type Keeper = 'tmux' | 'screen';

export interface DurableShell {
  channel: ShellChannel;
  /** Absent where the host has neither: then it is a shell like any other. */
  keeper?: Keeper;
  /** The session was there already: what ran in it has gone on. */
  found: boolean;
  /** Why there is no keeper, for people. */
  why?: string;
}

/** tmux gives `.` and `:` a meaning, screen reads a leading number as a pid, and both take options with a `-`. */
export const SESSION_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** One line: the keeper, and whether it has the session. screen's list names sessions `PID.NAME`. */
const LOOK = `if command -v tmux >/dev/null 2>&1; then
tmux has-session -t "=$1" 2>/dev/null && echo tmux found || echo tmux new
elif command -v screen >/dev/null 2>&1; then
screen -ls 2>/dev/null | grep -q "^[[:space:]]*[0-9][0-9]*[.]$1[[:space:]]" && echo screen found || echo screen new
else echo none; fi`;

/**
 * A terminal attached to the named session of the user's own tmux or screen, made if it is not there. Others who are
 * attached stay so. Without either, or where a transport has no terminal but its own shell, it is a plain shell.
 */
export async function openDurableShell(
  session: Session,
  name: string,
  size: TerminalSize,
): Promise<Result<DurableShell, SessionFailure>> {
  const looked = await session.run(['sh', '-c', LOOK, 'look', name], { purpose: 'a look for tmux' });
  if (!looked.ok && looked.error.kind !== 'timeout' && looked.error.kind !== 'refused') return looked;
  const answer = looked.ok ? looked.value.stdout.trim() : '';
  const [, keeper, state] = /^(tmux|screen) (found|new)$/m.exec(answer) ?? [];
  const plain = async (why: string): Promise<Result<DurableShell, SessionFailure>> => {
    const opened = await session.openShell(size);
    return opened.ok ? ok({ channel: opened.value, found: false, why }) : opened;
  };
  if (keeper === undefined) {
    return plain(
      answer === 'none' ? 'this host has neither tmux nor screen' : 'the host could not be asked for tmux',
    );
  }
  // -u: the locale of a command over ssh is often C, and UTF-8 would be drawn as underscores.
  const argv =
    keeper === 'tmux'
      ? ['tmux', '-u', 'new-session', '-A', '-s', name]
      : ['screen', '-U', '-x', '-RR', '-S', name];
  const opened = await session.openTerminal(argv, size);
  if (!opened.ok && opened.error.kind === 'refused') return plain(opened.error.reason);
  return opened.ok
    ? ok({ channel: opened.value, keeper: keeper === 'tmux' ? 'tmux' : 'screen', found: state === 'found' })
    : opened;
}
