import { randomBytes } from 'node:crypto';
import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { ChannelExit, ExecChannel } from '../transport.ts';
import { createWriter } from './channelWriter.ts';
import type { DataChannel } from './dataChannel.ts';

/**
 * A shell session that carries commands instead of a person: its pty raw and without echo, one command after the
 * other. A pty has no second stream, no end of file and no exit status of its own; this loop gives all three:
 *
 *     → COMMAND-BYTES INPUT-BYTES (or `-` for input without end)      ← TOKEN:r
 *     → the command, then the input                                   ← TOKEN:s, its output, TOKEN:e:STATUS:ERRORS TOKEN:r
 *
 * `read` of a POSIX shell takes one byte at a time from what cannot seek, and `dd bs=1` exactly as many as it is
 * told: nothing that belongs to the next reader is swallowed. Needs sh, stty, dd and printf, which busybox has.
 */
export interface RawShell extends Disposable {
  /** False while a command runs, and for ever after one whose input had no end. */
  readonly free: boolean;
  readonly channel: DataChannel;
  start(commandLine: string): ExecChannel;
  readonly onEnd: Event<string>;
}

/** The loop as typed into the shell of the session: one line, well below the 4,096 bytes that a pty takes. */
function loop(token: string): string {
  // The token is put together there, so that the echo of this line is not taken for it.
  const [left, right] = [token.slice(0, 16), token.slice(16)];
  const say = (what: string) => `printf '%s%s${what}' ${left} ${right}`;
  const script = [
    'stty raw -echo 2>/dev/null || exit 97',
    'exec 3>&1',
    `while ${say(':r')}; do`,
    'read -r n m || exit',
    'c=$(dd bs=1 count="$n" 2>/dev/null; printf x)',
    'c=${c%x}',
    say(':s'),
    'if [ "$m" = - ]; then e=$(eval "$c" 2>&1 1>&3 3>&-); else e=$(dd bs=1 count="$m" 2>/dev/null | (eval "$c") 2>&1 1>&3 3>&-); fi',
    `printf '%s%s:e:%d:%s' ${left} ${right} $? "$e"`,
    'done',
  ];
  return `exec /bin/sh -c '${script.join('\n').replaceAll("'", "'\\''").replaceAll('\n', '; ').replaceAll('do; ', 'do ').replaceAll('then; ', 'then ')}'\n`;
}

/** Errors that a command printed are its last word; more than this is cut at the front. */
const MOST_ERRORS = 64 * 1024;
const READY_WITHIN_MS = 20_000;

/** Makes a session's shell carry commands. Fails with words for people when it has not what that needs. */
export async function openRawShell(
  channel: DataChannel,
  after: (milliseconds: number, run: () => void) => Disposable,
): Promise<Result<RawShell, { reason: string; advice: string }>> {
  const token = randomBytes(16).toString('hex');
  const owned = new DisposableStore();
  const ended = owned.add(new Emitter<string>());
  const writer = owned.add(createWriter(channel));
  let free = false;
  let running: Running | undefined;
  let over: string | undefined;
  let scanned: Buffer = Buffer.alloc(0);
  let onReady: (() => void) | undefined;
  let banner = '';

  const marks = {
    ready: Buffer.from(`${token}:r`),
    started: Buffer.from(`${token}:s`),
    ended: Buffer.from(`${token}:e:`),
  };

  interface Running {
    output: Emitter<Uint8Array>;
    errors: Emitter<Uint8Array>;
    exit: Emitter<ChannelExit>;
    phase: 'header' | 'output' | 'errors';
    endless: boolean;
    begun(): void;
  }

  channel.onEnd((end) => {
    over = end.reason;
    free = false;
    const one = running;
    running = undefined;
    one?.exit.fire({ lost: true });
    onReady?.();
    ended.fire(end.reason);
    owned.dispose();
  });

  channel.onOutput((bytes) => {
    scanned = scanned.length === 0 ? Buffer.from(bytes) : Buffer.concat([scanned, bytes]);
    while (scan()) {
      // Each step takes one mark.
    }
  });

  /** True when something was taken and more may follow. */
  function scan(): boolean {
    if (!running) {
      const at = scanned.indexOf(marks.ready);
      if (at < 0) {
        banner = (banner + scanned.toString('utf8')).slice(-400);
        scanned = scanned.subarray(Math.max(0, scanned.length - marks.ready.length));
        return false;
      }
      scanned = scanned.subarray(at + marks.ready.length);
      free = true;
      onReady?.();
      return false;
    }
    if (running.phase === 'header') {
      const at = scanned.indexOf(marks.started);
      if (at < 0) return false;
      scanned = scanned.subarray(at + marks.started.length);
      running.phase = 'output';
      running.begun();
      return true;
    }
    if (running.phase === 'output') {
      const at = scanned.indexOf(marks.ended);
      // Without the mark, what could be its beginning waits for the rest.
      const safe = at < 0 ? scanned.length - overlap(scanned, marks.ended) : at;
      if (safe > 0) running.output.fire(scanned.subarray(0, safe));
      scanned = scanned.subarray(at < 0 ? safe : at + marks.ended.length);
      if (at < 0) return false;
      if (running) running.phase = 'errors';
      return true;
    }
    // Errors run up to the loop's next READY.
    const at = scanned.indexOf(marks.ready);
    if (at < 0) {
      if (scanned.length > 2 * MOST_ERRORS)
        scanned = Buffer.concat([scanned.subarray(0, 16), scanned.subarray(-MOST_ERRORS)]);
      return false;
    }
    const text = scanned.subarray(0, at);
    scanned = scanned.subarray(at + marks.ready.length);
    const colon = text.indexOf(0x3a);
    const code = Number.parseInt(text.subarray(0, colon).toString('latin1'), 10);
    const done = running;
    running = undefined;
    free = true;
    const errors = text.subarray(colon + 1);
    if (errors.length > 0) done.errors.fire(errors);
    done.exit.fire({ ...(Number.isInteger(code) ? { code } : {}), lost: false });
    return false;
  }

  const ready = new Promise<boolean>((resolve) => {
    const timer = owned.add(after(READY_WITHIN_MS, () => resolve(false)));
    onReady = () => {
      timer.dispose();
      onReady = undefined;
      resolve(free);
    };
  });
  channel.write(Buffer.from(loop(token)));
  if (!(await ready)) {
    owned.dispose();
    // Without the echo of our own line.
    const said = banner
      .split(/[\r\n]+/)
      .filter((line) => !line.includes(token.slice(0, 16)) && !line.includes(token.slice(16)))
      .join(' ')
      .replace(/\s+/g, ' ')
      .trim();
    return fail({
      reason: `the session's shell cannot carry commands: ${over ?? `no answer within ${READY_WITHIN_MS / 1000} s`}${said === '' ? '' : ` (it said: ${said.slice(-200)})`}`,
      advice:
        'It needs sh, stty, dd and printf. Without them there is a pane, but neither charts nor remediations.',
    });
  }

  return ok({
    channel,
    onEnd: ended.event,
    get free() {
      return free && over === undefined;
    },
    start(commandLine) {
      free = false;
      const output = new Emitter<Uint8Array>();
      const errors = new Emitter<Uint8Array>();
      const exit = new Emitter<ChannelExit>();
      let input: Uint8Array[] = [];
      let phase: 'collecting' | 'sent' | 'flowing' = 'collecting';
      let closed = false;
      const one: Running = {
        output,
        errors,
        exit,
        phase: 'header',
        endless: true,
        begun() {
          phase = 'flowing';
          for (const data of input) writer.write(data);
          input = [];
        },
      };
      running = one;
      exit.event(() => {
        closed = true;
      });

      /** Who has all its input at hand writes it and ends at once; whoever does not, has no end. */
      function sendHeader(endless: boolean): void {
        if (phase !== 'collecting' || over !== undefined) return;
        phase = 'sent';
        one.endless = endless;
        const length = input.reduce((sum, data) => sum + data.length, 0);
        const command = Buffer.from(commandLine);
        writer.write(Buffer.from(`${command.length} ${endless ? '-' : length}\n`));
        writer.write(command);
      }
      setImmediate(() => sendHeader(true));

      return {
        onOutput: output.event,
        onErrorOutput: errors.event,
        onExit: exit.event,
        write(data) {
          if (closed) return;
          const bytes = typeof data === 'string' ? Buffer.from(data) : Uint8Array.from(data);
          if (phase === 'flowing') writer.write(bytes);
          else input.push(bytes);
        },
        end() {
          if (phase === 'collecting') sendHeader(false);
          // Input without end has only one: that of the session.
          else if (one.endless && !closed) channel.dispose();
        },
        pause: () => channel.pause(),
        resume: () => channel.resume(),
        dispose() {
          if (closed) return;
          closed = true;
          // A command that still runs can only be ended with its session.
          channel.dispose();
        },
      };
    },
    dispose() {
      channel.dispose();
    },
  });
}

/** How many bytes at the end of `data` could be the beginning of `mark`. */
function overlap(data: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, data.length); length > 0; length--)
    if (data.subarray(data.length - length).equals(mark.subarray(0, length))) return length;
  return 0;
}
