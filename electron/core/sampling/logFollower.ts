import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { Emitter } from '../../../shared/base/emitter.ts';
import type { LogLine } from '../detectors/detector.ts';
import type { Session } from '../sessions/session.ts';
import type { ExecChannel } from '../transports/transport.ts';
import { escapeText, unescapeText } from './escapedText.ts';
import { LineSplitter } from './lineSplitter.ts';
import { keepResident } from './residentCommand.ts';
import type { FollowerState, LogFollower } from './sampler.types.ts';

export interface LogFollowerOptions {
  clock: Clock;
  /** For tests: the fallback that needs no perl. */
  withoutPerl?: boolean;
}

/** As the remote script cuts it. */
const MAXIMUM_LINE_BYTES = 64 * 1024;
/** The number, position and id before a line. */
const PREFIX_BYTES = 128;
/** What `tail` shows of a file when it starts, to leave out what was told before. */
const CONTEXT_LINES = 10;

/** See samplerScript.ts for what the one line must not hold, and why the script comes on stdin. */
const BOOTSTRAP = [
  'T=$1; K=$2; shift 2; N=$(echo; echo x); N=${N%x};',
  'perl -e "exit 0" </dev/null >/dev/null 2>&1 || K=sh;',
  'echo "$T need $K"; S=; G=;',
  'while IFS= read -r l; do if [ "$l" = "#END#" ]; then G=1; break; fi; S="$S$l$N"; done;',
  '[ -n "$G" ] || exit 0;',
  'if [ $K = perl ]; then exec perl -e "$S" -- "$T" "$@"; fi; exec sh -c "$S" fireline-follow "$T" "$@"',
].join(' ');

/**
 * Follows the files that match `globs` on the host, each from its last ten lines on, through rotation and recreation,
 * and goes on where it was after a reconnect. One exec channel.
 */
export function followLogs(
  session: Session,
  globs: readonly string[],
  options: LogFollowerOptions,
): LogFollower {
  const owned = new DisposableStore();
  const stateEmitter = owned.add(new Emitter<FollowerState>());
  const lineEmitter = owned.add(new Emitter<LogLine>());
  const positions = new Map<string, { position: string; id: string }>();
  const recent = new Map<string, string[]>();
  let paths = new Map<string, string>();
  let state: FollowerState = { kind: 'waiting' };
  let token = '';
  let channel: ExecChannel | undefined;
  let splitter: LineSplitter | undefined;
  let tail: TailOutput | undefined;
  let started = false;

  const setState = (next: FollowerState): void => {
    if (owned.isDisposed || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    stateEmitter.fire(next);
  };

  const found = (count: number): void =>
    setState(
      count > 0
        ? { kind: 'following', source: count === 1 ? '1 file' : `${count} files` }
        : {
            kind: 'unavailable',
            reason: `no readable file matches ${globs.join(', ').slice(0, 200)}`,
            advice:
              'Check the path and the permissions on the host. It is looked for again every five seconds.',
          },
    );

  const tell = (path: string, text: string, cut: boolean): void => {
    const seen = recent.get(path) ?? [];
    seen.push(text);
    if (seen.length > CONTEXT_LINES) seen.shift();
    recent.set(path, seen);
    lineEmitter.fire({
      path,
      text: cut ? text.slice(0, MAXIMUM_LINE_BYTES) : text,
      cut,
      seenAt: options.clock.now(),
    });
  };

  const announced = (rest: string): boolean => {
    const [word, argument = ''] = rest.split(' ');
    if (word === 'need') {
      const script = remoteScript(argument === 'perl' ? 'follow.pl' : 'follow.sh');
      const known = [...positions].map(([path, at]) => `R ${at.position} ${at.id} ${escapeText(path)}\n`);
      channel?.write(`${script}\n#END#\n${argument === 'perl' ? `${known.join('')}GO\n` : ''}`);
    } else if (word === 'follow') {
      started = true;
      tail = argument === '2' ? new TailOutput(recent, tell) : undefined;
    } else if (word === 'files') found(Number(argument));
    else if (word === 'file') tail?.know(rest.slice(5));
    else return false;
    return true;
  };

  const line = (text: string, splitterCut: boolean): void => {
    const marked = text.indexOf(token);
    if (marked >= 0 && (!started || marked === 0) && announced(text.slice(marked + token.length + 1))) return;
    if (!started) return;
    if (tail) {
      tail.line(text, splitterCut);
      return;
    }
    const m = /^([lc]) (\d+) (\d+) (\d+:\d+) (.*)$/s.exec(text);
    if (m) {
      const path = paths.get(m[2] ?? '');
      if (path === undefined) return;
      positions.set(path, { position: m[3] ?? '0', id: m[4] ?? '0:0' });
      tell(path, m[5] ?? '', m[1] === 'c' || splitterCut);
      return;
    }
    const file = /^f (\d+) (.+)$/s.exec(text);
    if (file) paths.set(file[1] ?? '', unescapeText(file[2] ?? ''));
    const count = /^n (\d+)$/.exec(text);
    if (count) found(Number(count[1]));
  };

  owned.add(
    keepResident(session, options.clock, {
      purpose: 'logs',
      argv: () => {
        token = `fireline-${randomBytes(8).toString('hex')}`;
        return [
          'sh',
          '-c',
          BOOTSTRAP,
          'fireline-follow',
          token,
          options.withoutPerl ? 'sh' : 'perl',
          ...globs,
        ];
      },
      started: (opened) => {
        channel = opened;
        started = false;
        paths = new Map();
        splitter = new LineSplitter(MAXIMUM_LINE_BYTES + PREFIX_BYTES, line);
      },
      output: (bytes) => splitter?.push(bytes),
      ended: () => {
        setState({ kind: 'waiting' });
        return true;
      },
      lost: () => setState({ kind: 'waiting' }),
    }),
  );

  return {
    get state() {
      return state;
    },
    onState: stateEmitter.event,
    onLine: lineEmitter.event,
    dispose: () => owned.dispose(),
  };
}

/**
 * What `tail -v -F` prints: `==> path <==` before lines of another file, with an empty line before it. A header counts
 * only for a path that the script announced. After a restart the first lines of a file were told before.
 */
class TailOutput {
  readonly #recent: ReadonlyMap<string, string[]>;
  readonly #tell: (path: string, text: string, cut: boolean) => void;
  readonly #known = new Set<string>();
  readonly #repeated = new Map<string, string[]>();
  #path: string | undefined;
  #emptyLine = false;

  constructor(
    recent: ReadonlyMap<string, string[]>,
    tell: (path: string, text: string, cut: boolean) => void,
  ) {
    this.#recent = recent;
    this.#tell = tell;
  }

  know(path: string): void {
    this.#known.add(path);
    this.#repeated.set(path, [...(this.#recent.get(path) ?? [])]);
    this.#path = undefined;
    this.#emptyLine = false;
  }

  line(text: string, cut: boolean): void {
    const path = /^==> (.+) <==$/s.exec(text)?.[1];
    if (path !== undefined && this.#known.has(path)) {
      this.#path = path;
      this.#emptyLine = false;
      return;
    }
    if (this.#path === undefined) return;
    // The empty line belongs to the next header, or it is a line of the file after all.
    if (this.#emptyLine) this.#line(this.#path, '', false);
    this.#emptyLine = text === '';
    if (!this.#emptyLine) this.#line(this.#path, text, cut);
  }

  #line(path: string, text: string, cut: boolean): void {
    const repeated = this.#repeated.get(path);
    const index = repeated?.indexOf(text) ?? -1;
    if (repeated && index >= 0) {
      repeated.splice(0, index + 1);
      return;
    }
    if (repeated?.length === 0) this.#repeated.delete(path);
    this.#tell(path, text, cut);
  }
}

const scripts = new Map<string, string>();

function remoteScript(file: 'follow.pl' | 'follow.sh'): string {
  let script = scripts.get(file);
  if (script === undefined) {
    script = readFileSync(new URL(`./remote/${file}`, import.meta.url), 'utf8');
    scripts.set(file, script);
  }
  return script;
}
