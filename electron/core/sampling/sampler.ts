import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { Emitter } from '../../../shared/base/emitter.ts';
import { type HostFacts, isUp, type SamplerState } from '../../../shared/model/host.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Session } from '../sessions/session.ts';
import type { ExecChannel } from '../transports/transport.ts';
import { type Frame, FrameParser, type Implementation } from './frame.ts';
import { SampleAssembly } from './sampleAssembly.ts';
import type { RecordedFrame, Sampler } from './sampler.types.ts';
import { type Interpreter, samplerCommand, samplerScript } from './samplerScript.ts';

export interface SamplerOptions {
  clock: Clock;
  /** Default 1,000. */
  intervalMs?: number;
  /** For tests and the benchmark. */
  root?: string;
  interpreters?: readonly Interpreter[];
}

/** A second frame comes soon, so that the first figures are there within two seconds of login. */
const FIRST_INTERVAL_MS = 400;
const SILENT_AFTER_MS = 5_000;
/** A sampler that hangs in the kernel is replaced, though no sooner: on a starved host a new one costs more. */
const REPLACE_AFTER_MS = 60_000;
const RESTART_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000];
/** What has an advice stays until something changes on the host: it is tried again rarely from the beginning. */
const HOPELESS_FAILURES = 5;
/** A file of /proc may be unreadable for a moment where memory is short. */
const EMPTY_FRAMES = 3;

/** Starts with the session's connection, and again after each; ends with `dispose`. */
export function startSampler(session: Session, options: SamplerOptions): Sampler {
  return new HostSampler(session, options);
}

class HostSampler implements Sampler {
  readonly #session: Session;
  readonly #options: SamplerOptions;
  readonly #clock: Clock;
  readonly #owned = new DisposableStore();
  readonly #stateEmitter = this.#owned.add(new Emitter<SamplerState>());
  readonly #factsEmitter = this.#owned.add(new Emitter<HostFacts>());
  readonly #sampleEmitter = this.#owned.add(new Emitter<Sample>());
  readonly #frameEmitter = this.#owned.add(new Emitter<RecordedFrame>());
  /** Counts the sampler's processes: each tells all from its beginning. */
  #runs = 0;
  #run: Run | undefined;
  #retry: Disposable | undefined;
  /** Ends of the sampler since it last gave a sample. */
  #failures = 0;
  #state: SamplerState = { kind: 'off' };
  #facts: HostFacts | undefined;
  #latest: Sample | undefined;

  readonly onState = this.#stateEmitter.event;
  readonly onFacts = this.#factsEmitter.event;
  readonly onSample = this.#sampleEmitter.event;
  readonly onFrame = this.#frameEmitter.event;

  constructor(session: Session, options: SamplerOptions) {
    this.#session = session;
    this.#options = options;
    this.#clock = options.clock;
    this.#owned.add(
      session.onConnected(() => {
        this.#failures = 0;
        void this.#start();
      }),
    );
    this.#owned.add(
      session.onLink((link) => {
        if (isUp(link)) return;
        this.#stop();
        this.#setState({ kind: 'off' });
      }),
    );
    if (isUp(session.link)) void this.#start();
  }

  get state(): SamplerState {
    return this.#state;
  }

  get facts(): HostFacts | undefined {
    return this.#facts;
  }

  get latest(): Sample | undefined {
    return this.#latest;
  }

  dispose(): void {
    this.#stop();
    this.#owned.dispose();
  }

  #setState(state: SamplerState): void {
    if (this.#owned.isDisposed || state.kind === this.#state.kind) return;
    // What fails again and again stays that while it is tried again.
    if (this.#state.kind === 'failed' && (state.kind === 'starting' || state.kind === 'silent')) return;
    this.#state = state;
    this.#stateEmitter.fire(state);
  }

  #stop(): void {
    this.#retry?.dispose();
    this.#retry = undefined;
    this.#run?.dispose();
    this.#run = undefined;
  }

  async #start(): Promise<void> {
    this.#stop();
    if (this.#owned.isDisposed) return;
    this.#setState({ kind: 'starting', since: this.#clock.now() });
    this.#runs += 1;
    const token = `fireline-${randomBytes(8).toString('hex')}`;
    const run = new Run(this.#clock, this.#options.intervalMs ?? 1_000, token, {
      running: (implementation) => this.#setState({ kind: 'running', implementation }),
      silent: (reason) => this.#setState({ kind: 'silent', since: this.#clock.now(), reason }),
      facts: (facts, first) => {
        this.#facts = facts;
        if (first) this.#factsEmitter.fire(facts);
      },
      frame: (frame) => this.#frameEmitter.fire({ ...frame, run: this.#runs }),
      sample: (sample) => {
        this.#failures = 0;
        this.#latest = sample;
        this.#sampleEmitter.fire(sample);
      },
      ended: (reason, advice) => {
        if (this.#run === run) this.#ended(reason, advice);
      },
    });
    this.#run = run;
    const argv = samplerCommand(token, this.#options.root, this.#options.interpreters);
    const opened = await this.#session.openExec(argv, 'sampler');
    if (this.#run !== run) {
      if (opened.ok) opened.value.dispose();
      return;
    }
    if (opened.ok) run.attach(opened.value);
    else this.#ended(`the sampler cannot be started: ${opened.error.reason}`, undefined);
  }

  /** `advice` is there when trying again at once cannot help. */
  #ended(reason: string, advice: string | undefined): void {
    this.#stop();
    if (this.#owned.isDisposed) return;
    if (!isUp(this.#session.link)) {
      this.#setState({ kind: 'off' });
      return;
    }
    this.#failures = Math.max(this.#failures + 1, advice === undefined ? 0 : HOPELESS_FAILURES);
    if (this.#failures >= 3) {
      this.#setState({
        kind: 'failed',
        since: this.#clock.now(),
        reason,
        advice:
          advice ??
          'It is tried again by itself. May this login run commands (no menu or ForceCommand in place of a shell), and has the host processes and memory to spare?',
      });
    } else {
      this.#setState({ kind: 'starting', since: this.#clock.now() });
    }
    const wait = RESTART_MS[Math.min(this.#failures, RESTART_MS.length) - 1] ?? 300_000;
    this.#retry = this.#clock.after(wait, () => void this.#start());
  }
}

interface RunEvents {
  running(implementation: Implementation): void;
  silent(reason: string): void;
  facts(facts: HostFacts, first: boolean): void;
  sample(sample: Sample): void;
  frame(frame: Omit<RecordedFrame, 'run'>): void;
  ended(reason: string, advice?: string): void;
}

/** One sampler process, from its bootstrap to its end. */
class Run implements Disposable {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #events: RunEvents;
  readonly #parser: FrameParser;
  readonly #owned = new DisposableStore();
  #assembly = new SampleAssembly();
  #channel: ExecChannel | undefined;
  #implementation: Implementation = 'perl';
  #seq = 0;
  /** The tick that waits for its answer. */
  #asked: { seq: number; monotonic: number; at: number } | undefined;
  #timer: Disposable | undefined;
  #watch: Disposable | undefined;
  #resync = false;
  #resyncAt = Number.NEGATIVE_INFINITY;
  #told = false;
  /** Frames in a row without the machine's own figures. */
  #empty = 0;
  #errorOutput = '';

  constructor(clock: Clock, intervalMs: number, token: string, events: RunEvents) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#events = events;
    this.#parser = new FrameParser(token, {
      need: (implementation) => this.#channel?.write(samplerScript(implementation)),
      none: () =>
        this.#end(
          'the host has neither perl nor awk',
          'Install perl or any awk (gawk, mawk, busybox) on the host. It is tried again by itself; reconnecting tries at once.',
        ),
      hello: (implementation) => {
        this.#implementation = implementation;
        this.#assembly.restart();
        this.#ask();
      },
      frame: (frame, text) => this.#frame(frame, text),
    });
    this.#expectAnswer('the sampler does not start');
  }

  attach(channel: ExecChannel): void {
    if (this.#owned.isDisposed) {
      channel.dispose();
      return;
    }
    this.#channel = this.#owned.add(channel);
    this.#owned.add(channel.onOutput((bytes) => this.#parser.push(bytes)));
    this.#owned.add(
      channel.onErrorOutput((bytes) => {
        this.#errorOutput = (this.#errorOutput + Buffer.from(bytes).toString('utf8')).slice(-400);
      }),
    );
    this.#owned.add(
      channel.onExit((exit) => {
        const said = (this.#errorOutput.trim() || this.#parser.preamble.trim()).split('\n').at(-1) ?? '';
        const how = exit.signal ? `by ${exit.signal}` : `with status ${exit.code ?? 'unknown'}`;
        this.#end(
          `the sampler ended ${how}${said === '' ? '' : `: ${said.slice(0, 200).replace(/[.\s]+$/, '')}`}`,
        );
      }),
    );
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#watch?.dispose();
    // End of file ends the script by itself, also where closing the channel leaves it running.
    if (!this.#owned.isDisposed) this.#channel?.end();
    this.#owned.dispose();
  }

  #end(reason: string, advice?: string): void {
    if (this.#owned.isDisposed) return;
    this.dispose();
    this.#events.ended(reason, advice);
  }

  #ask(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#seq += 1;
    this.#asked = { seq: this.#seq, monotonic: this.#clock.monotonic(), at: this.#clock.now() };
    const reset = this.#resync ? ' r' : '';
    this.#resync = false;
    this.#channel?.write(`${this.#seq}${reset}\n`);
    this.#expectAnswer('no answer to a tick');
  }

  #expectAnswer(what: string): void {
    this.#watch?.dispose();
    this.#watch = this.#clock.after(SILENT_AFTER_MS, () => {
      this.#events.silent(
        `${what} for ${SILENT_AFTER_MS / 1000} s while the link is up: the host may be starved${this.#otherWords()}`,
      );
      this.#watch = this.#clock.after(REPLACE_AFTER_MS - SILENT_AFTER_MS, () =>
        this.#end(`${what} for ${REPLACE_AFTER_MS / 1000} s${this.#otherWords()}`),
      );
    });
  }

  /** A menu or a forced command takes the sampler's place and waits: what it says tells who it is. */
  #otherWords(): string {
    const said = this.#parser.preamble.trim().split('\n').at(-1) ?? '';
    return this.#seq > 0 || said === '' ? '' : `, or the login runs something else, which says “${said}”`;
  }

  #frame(frame: Frame, text: string): void {
    const asked = this.#asked;
    if (!asked || frame.seq !== asked.seq) return;
    this.#asked = undefined;
    this.#watch?.dispose();
    const at = this.#clock.now();
    const roundTripMs = Math.max(0, this.#clock.monotonic() - asked.monotonic);
    const exchange = { at, sentAt: asked.at, roundTripMs, implementation: this.#implementation };
    this.#events.frame({ ...exchange, text });
    this.#empty = frame.cpu.has('cpu') ? 0 : this.#empty + 1;
    if (this.#empty >= EMPTY_FRAMES) {
      this.#end(
        'the host’s /proc tells nothing of its CPU and memory',
        'Figures come from Linux’s /proc. Is this a Linux host, and is /proc mounted and readable for this login?',
      );
      return;
    }
    const { facts, sample, unknown } = this.#assembly.take(frame, exchange);
    if ((unknown > 0 || frame.faults > 0) && this.#clock.monotonic() - this.#resyncAt > 60_000) {
      this.#resync = true;
      this.#resyncAt = this.#clock.monotonic();
    }
    if (this.#empty === 0) this.#events.running(this.#implementation);
    if (facts) {
      this.#events.facts(facts, !this.#told);
      this.#told = true;
    }
    if (sample) this.#events.sample(sample);
    if (this.#owned.isDisposed) return;
    const interval = this.#seq === 1 ? Math.min(FIRST_INTERVAL_MS, this.#intervalMs) : this.#intervalMs;
    // From tick to tick, so that the work and the way do not make it drift.
    const wait = Math.max(0, interval - roundTripMs);
    this.#timer = this.#clock.after(wait, () => this.#ask());
  }
}
