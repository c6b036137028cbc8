import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { isUp } from '../../../shared/model/host.ts';
import type { Session } from '../sessions/session.ts';
import type { ExecChannel } from '../transports/transport.ts';

export interface ResidentCommand {
  /** For people: `kernel log`. */
  purpose: string;
  /** Asked anew for each start. */
  argv(): readonly string[];
  /** The channel is open: what to write first. */
  started(channel: ExecChannel): void;
  output(bytes: Uint8Array): void;
  /** The link is up and yet it ended or could not be opened; it is tried again unless this returns false. */
  ended(reason: string): boolean;
  /** The link went: it starts again with the next connection. */
  lost(): void;
}

const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
/** One that ran this long was well: the next start is quick again. */
const WELL_AFTER_MS = 60_000;

/** Keeps one command running on a host for as long as its session is connected. */
export function keepResident(session: Session, clock: Clock, command: ResidentCommand): Disposable {
  const owned = new DisposableStore();
  let run: DisposableStore | undefined;
  let failures = 0;

  const stop = (): void => {
    run?.dispose();
    run = undefined;
  };

  const failed = (reason: string): void => {
    stop();
    if (owned.isDisposed) return;
    if (!isUp(session.link)) {
      command.lost();
      return;
    }
    if (!command.ended(reason)) return;
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 30_000;
    failures += 1;
    run = new DisposableStore();
    run.add(clock.after(wait, () => void start()));
  };

  const start = async (): Promise<void> => {
    stop();
    if (owned.isDisposed) return;
    const mine = new DisposableStore();
    run = mine;
    const opened = await session.openExec(command.argv(), command.purpose);
    if (run !== mine) {
      if (opened.ok) {
        opened.value.end();
        opened.value.dispose();
      }
      return;
    }
    if (!opened.ok) {
      failed(opened.error.reason);
      return;
    }
    const channel = opened.value;
    const startedAt = clock.monotonic();
    let errorOutput = '';
    mine.add(channel);
    // Ends the command by end of file, also where closing the channel leaves it running.
    mine.addStop(() => channel.end());
    mine.add(channel.onOutput((bytes) => command.output(bytes)));
    mine.add(
      channel.onErrorOutput((bytes) => {
        errorOutput = (errorOutput + Buffer.from(bytes).toString('utf8')).slice(-400);
      }),
    );
    mine.add(
      channel.onExit((exit) => {
        if (clock.monotonic() - startedAt > WELL_AFTER_MS) failures = 0;
        const said = errorOutput.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
        const how = exit.signal ? `by ${exit.signal}` : `with status ${exit.code ?? 'unknown'}`;
        failed(`it ended ${how}${said === '' ? '' : `: ${said}`}`);
      }),
    );
    command.started(channel);
  };

  owned.add(
    session.onConnected(() => {
      failures = 0;
      void start();
    }),
  );
  owned.add(
    session.onLink((link) => {
      if (isUp(link) || !run) return;
      stop();
      command.lost();
    }),
  );
  owned.addStop(stop);
  if (isUp(session.link)) void start();
  return owned;
}
