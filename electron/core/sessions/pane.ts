import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { ok, type Result } from '../../../shared/base/result.ts';
import type { WindowLink } from '../../../shared/contract/rpc.ts';
import { isUp, type LinkState } from '../../../shared/model/host.ts';
import type { PaneId, PaneState, PaneSummary } from '../../../shared/model/pane.ts';
import { isTerminalReply } from '../../../shared/panes/terminalReply.ts';
import type { ChannelExit, ShellChannel, TerminalSize } from '../transports/transport.ts';
import type { TerminalBytes } from './asciicast.ts';
import { type DurableShell, type Keeper, openDurableShell } from './durableShell.ts';
import { readEarlierOutput } from './earlierOutput.ts';
import { createOutputFlow } from './outputFlow.ts';
import { createRecorder } from './recorder.ts';
import type { Session, SessionFailure } from './session.ts';
import { createStartUp } from './startUp.ts';

export interface Pane extends Disposable {
  readonly summary: PaneSummary;
  /** Opens the first shell, now or when the link is up. */
  start(): void;
  resize(size: TerminalSize): void;
  /** A new shell; `another`: on one more connection, to which the user agrees. */
  restart(another?: boolean): void;
  /** Keeps its shell's session from ending for want of use. */
  keepAlive(): void;
  /** `from`: the window that it was typed in. */
  input(bytes: Uint8Array, from?: WindowLink): void;
  interrupt(bytes: Uint8Array): void;
  acknowledge(window: WindowLink, count: number): void;
  attach(window: WindowLink, replayBytes: number): Promise<{ replayedBytes: number; totalBytes: number }>;
  read(fromByte: number, maxBytes: number): Promise<TerminalBytes>;
  flush(): Promise<void>;
  /** Its start-up commands may be typed. */
  approve(): void;
}

/** Lines to type into the first shell, and whether they wait for approval. */
export interface PaneStartUp {
  lines: readonly string[];
  held: boolean;
}

interface PaneOptions {
  id: PaneId;
  wire: number;
  session: Session;
  size: TerminalSize;
  castFile: string;
  clock: Clock;
  startUp?: PaneStartUp | undefined;
  /** The named session on the host that its shells are attached to. */
  durable?: string | undefined;
  /** Recordings of what its place showed before, newest first. */
  earlier?: readonly string[];
  diagnostic: (line: string) => void;
  onChange: (summary: PaneSummary) => void;
}

/** One terminal: a shell of a session, then the next one when the link was lost, all in one recording. */
export function createPane(options: PaneOptions): Pane {
  const { session, clock } = options;
  const owned = new DisposableStore();
  let size = options.size;
  let state: PaneState = { kind: 'opening', since: clock.now() };
  let channel: ShellChannel | undefined;
  let opening = 0;
  /** A shell ran here before: the next one says that it is another. */
  let hadShell = false;
  let shellOpenedAt = 0;
  let keeper: Keeper | undefined;
  /** Typed while the first shell was opened: a terminal takes it, so does this. A later shell is another, and gets none. */
  let early: Uint8Array[] = [];
  let earlyBytes = 0;
  let inUse: WindowLink | undefined;

  const recorder = owned.add(createRecorder({ file: options.castFile, size, clock }));
  const flow = owned.add(
    createOutputFlow({
      wire: options.wire,
      clock,
      recorder,
      earlier: (most) => readEarlierOutput(options.earlier ?? [], most),
      pause: () => channel?.pause(),
      resume: () => channel?.resume(),
    }),
  );
  const startUp = owned.add(
    createStartUp({
      lines: options.startUp?.lines ?? [],
      held: options.startUp?.held ?? false,
      clock,
      type: (bytes) => channel?.write(bytes),
      note: (text) => flow.note(`${clockTime(clock)} ${text}`),
    }),
  );
  owned.add(
    recorder.onFailed((reason) => {
      options.diagnostic(`pane ${options.id}: recording stopped: ${reason}`);
      flow.note(`${clockTime(clock)} the recording waits: ${reason}. The terminal goes on`);
      changed();
    }),
  );
  owned.add(
    recorder.onResumed(({ missingBytes }) => {
      options.diagnostic(`pane ${options.id}: recorded again, ${missingBytes} bytes are missing`);
      const missing =
        missingBytes > 0 ? `; ${missingBytes} bytes before this are not on record` : ', nothing is missing';
      flow.note(`${clockTime(clock)} recorded again${missing}`);
      changed();
    }),
  );
  owned.add(session.onConnected(() => onConnected()));
  owned.add(session.onLink((link) => onLink(link)));
  owned.addStop(() => {
    opening++;
    channel?.dispose();
    channel = undefined;
  });

  const summary = (): PaneSummary => ({
    wire: options.wire,
    id: options.id,
    host: session.host,
    columns: size.columns,
    rows: size.rows,
    state,
    title: session.host,
    recording: recorder.recording,
    ...(options.durable === undefined
      ? {}
      : { durable: { name: options.durable, ...(keeper ? { keeper } : {}) } }),
    ...(channel?.expiresAt === undefined ? {} : { expiresAt: channel.expiresAt }),
  });
  const changed = () => options.onChange(summary());

  function enter(next: PaneState): void {
    state = next;
    changed();
  }

  function onConnected(): void {
    // A shell that ended by itself stays ended until someone asks for another.
    if (state.kind !== 'exited' && !channel) void open();
  }

  function onLink(link: LinkState): void {
    if (state.kind === 'opening' && link.kind === 'refused') {
      enter({ kind: 'failed', since: clock.now(), reason: link.reason, advice: link.advice });
    } else if (
      state.kind === 'failed' &&
      !hadShell &&
      (link.kind === 'connecting' || link.kind === 'authenticating')
    ) {
      enter({ kind: 'opening', since: clock.now() });
    }
  }

  async function open(): Promise<void> {
    const own = ++opening;
    if (state.kind !== 'opening') enter({ kind: 'opening', since: clock.now() });
    const opened = await openShell();
    if (own !== opening) {
      if (opened.ok) opened.value.channel.dispose();
      return;
    }
    if (!opened.ok) {
      const { kind, reason } = opened.error;
      if (kind === 'not_connected' || kind === 'lost' || kind === 'closed') {
        // The link went meanwhile; the next connection opens it.
        if (hadShell) enter({ kind: 'lost', since: clock.now(), reason });
        return;
      }
      enter({
        kind: 'failed',
        since: clock.now(),
        reason,
        ...(kind === 'full'
          ? {
              full: true,
              advice:
                'Open another connection (it logs in once more), close another pane of this host, or raise MaxSessions in its sshd_config.',
            }
          : { advice: 'Restart the pane to try again.' }),
      });
      return;
    }
    const shell = opened.value;
    const note = shellNote(shell, options.durable, hadShell);
    if (note !== undefined) flow.note(`${clockTime(clock)} ${note}`);
    // What the file has typed was typed when the session was made.
    if (shell.found) startUp.dispose();
    hadShell = true;
    keeper = shell.keeper;
    channel = shell.channel;
    if (flow.paused) channel.pause();
    const own_ = channel;
    channel.onOutput((bytes) => {
      flow.output(bytes);
      startUp.output();
    });
    shellOpenedAt = clock.monotonic();
    channel.onExpiry?.(() => changed());
    channel.onExit((exit) => onExit(own_, exit));
    channel.resize(size);
    startUp.shellOpened();
    for (const bytes of early.splice(0)) channel.write(bytes);
    if (earlyBytes > MOST_EARLY)
      flow.note(
        `${clockTime(clock)} what was typed before the shell was there was too much, and was not typed`,
      );
    earlyBytes = 0;
    enter({ kind: 'open', since: clock.now() });
  }

  /** Each window has a terminal that answers what programs ask; the shell is told the answer of the one in use alone. */
  function mayType(window: WindowLink, bytes: Uint8Array): boolean {
    const data = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
    if (!isTerminalReply(data) || data === FOCUS_IN || inUse?.lifetime.isDisposed !== false) inUse = window;
    return inUse === window;
  }

  async function openShell(): Promise<Result<DurableShell, SessionFailure>> {
    if (options.durable !== undefined) return openDurableShell(session, options.durable, size);
    const opened = await session.openShell(size);
    return opened.ok ? ok({ channel: opened.value, found: false }) : opened;
  }

  function onExit(ended: ShellChannel, exit: ChannelExit): void {
    if (channel !== ended) return;
    channel = undefined;
    startUp.shellEnded();
    flow.flush();
    const { code, signal, lost } = exit;
    if (!lost) {
      enter({
        kind: 'exited',
        since: clock.now(),
        ...(code === undefined ? {} : { exitCode: code }),
        ...(signal === undefined ? {} : { signal }),
      });
      return;
    }
    // The session says why only after its channels have ended.
    queueMicrotask(() => {
      if (owned.isDisposed) return;
      if (channel) return;
      if (!isUp(session.link)) {
        const reason = reasonOf(session.link);
        flow.note(`${clockTime(clock)} link lost: ${reason}`);
        enter({ kind: 'lost', since: clock.now(), reason });
        return;
      }
      // The shell alone was lost, as a session of its own is that ran out: another takes its place.
      const reason = exit.reason ?? 'the shell was lost';
      flow.note(`${clockTime(clock)} ${reason}`);
      if (clock.monotonic() - shellOpenedAt >= LIVED_MS) void open();
      else enter({ kind: 'failed', since: clock.now(), reason, advice: 'Restart the pane to try again.' });
    });
  }

  return {
    get summary() {
      return summary();
    },
    start() {
      if (isUp(session.link)) void open();
      else onLink(session.link);
    },
    resize(next) {
      if (next.columns === size.columns && next.rows === size.rows) return;
      size = next;
      flow.flush();
      recorder.resize(next);
      channel?.resize(next);
      changed();
    },
    keepAlive() {
      channel?.keepAlive?.();
      changed();
    },
    restart(another) {
      if (another) session.allowAnotherConnection();
      channel?.dispose();
      channel = undefined;
      if (isUp(session.link)) void open();
      else {
        opening++;
        enter({ kind: 'opening', since: clock.now() });
        session.reconnect();
      }
    },
    input(bytes, from) {
      if (from && !mayType(from, bytes)) return;
      startUp.input(bytes);
      if (channel) channel.write(bytes);
      else if (state.kind === 'opening' && !hadShell) {
        earlyBytes += bytes.length;
        if (earlyBytes <= MOST_EARLY) early.push(Uint8Array.from(bytes));
        // The end of a long paste, typed alone, would be another command.
        else early = [];
      }
    },
    interrupt(bytes) {
      startUp.input(bytes);
      early = [];
      earlyBytes = 0;
      channel?.interrupt(bytes);
    },
    approve: () => startUp.approve(),
    acknowledge: (window, count) => flow.acknowledge(window, count),
    attach(window, replayBytes) {
      inUse = window;
      return flow.attach(window, replayBytes);
    },
    read(fromByte, maxBytes) {
      flow.flush();
      return recorder.read(fromByte, maxBytes);
    },
    flush() {
      flow.flush();
      return recorder.flush();
    },
    dispose: () => owned.dispose(),
  };
}

/** What is said above a shell's first line: whether what ran before has gone on. */
function shellNote(shell: DurableShell, name: string | undefined, another: boolean): string | undefined {
  if (shell.why !== undefined) return `${shell.why}: this shell ends with its link`;
  const { keeper, found } = shell;
  if (keeper && found) return `the ${keeper} session ${name} goes on`;
  if (!another) return undefined;
  if (keeper) return `a new ${keeper} session ${name}: the one before is gone`;
  return 'a new shell; what ran in the one before ended with it';
}

const FOCUS_IN = '\x1b[I';
/** As much as a terminal's own line takes, a few times over. */
const MOST_EARLY = 64 * 1024;

/** A shell that is lost sooner would be opened and lost again without end. */
const LIVED_MS = 5_000;

function reasonOf(link: LinkState): string {
  if ('reason' in link) return link.reason;
  return link.kind === 'closed' ? 'disconnected here' : 'the connection was made anew';
}

/** `03:12:45`, by this machine's clock and zone, as the person at the screen reads it. */
function clockTime(clock: Clock): string {
  return new Date(clock.now()).toTimeString().slice(0, 8);
}
