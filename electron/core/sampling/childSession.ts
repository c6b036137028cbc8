import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Emitter } from '../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import type { HostId, LinkState } from '../../../shared/model/host.ts';
import type { RunResult, Session, SessionFailure } from '../sessions/session.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import type { ChannelExit, ExecChannel } from '../transports/transport.ts';

/**
 * The smallest real session: commands of this machine through a login shell's `-c`, without a transport. For the
 * tests and the benchmark of this folder.
 */
export class ChildSession implements Session {
  readonly host: HostId;
  readonly address = 'this machine';
  readonly children = new Set<ChildProcessWithoutNullStreams>();
  readonly #linkEmitter = new Emitter<LinkState>();
  readonly #connectedEmitter = new Emitter<void>();
  readonly #shell: string;
  #link: LinkState = { kind: 'idle', since: 0 };

  readonly onLink = this.#linkEmitter.event;
  readonly onConnected = this.#connectedEmitter.event;

  constructor(host: HostId, shell = 'sh') {
    this.host = host;
    this.#shell = shell;
  }

  get link(): LinkState {
    return this.#link;
  }

  start(): void {
    this.#setLink({ kind: 'good', since: Date.now() });
    this.#connectedEmitter.fire();
  }

  reconnect(): void {
    this.disconnect();
    this.start();
  }

  disconnect(): void {
    this.#setLink({ kind: 'lost', since: Date.now(), reason: 'disconnected' });
    for (const child of this.children) child.kill('SIGHUP');
  }

  dispose(): void {
    for (const child of this.children) child.kill('SIGHUP');
    this.#linkEmitter.dispose();
    this.#connectedEmitter.dispose();
  }

  async openExec(argv: readonly string[]): Promise<Result<ExecChannel, SessionFailure>> {
    if (this.#link.kind !== 'good') return fail({ kind: 'not_connected', reason: 'not connected' });
    const child = spawn(this.#shell, ['-c', quoteCommand(argv)]);
    this.children.add(child);
    return ok(new ChildChannel(child, () => this.children.delete(child)));
  }

  allowAnotherConnection(): void {}

  openTerminal(): Promise<Result<never, SessionFailure>> {
    return this.openShell();
  }

  async openShell(): Promise<Result<never, SessionFailure>> {
    return fail({ kind: 'refused', reason: 'no shells here' });
  }

  async run(): Promise<Result<RunResult, SessionFailure>> {
    return fail({ kind: 'refused', reason: 'only channels here' });
  }

  #setLink(link: LinkState): void {
    this.#link = link;
    this.#linkEmitter.fire(link);
  }
}

class ChildChannel implements ExecChannel {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #output = new Emitter<Uint8Array>();
  readonly #errorOutput = new Emitter<Uint8Array>();
  readonly #exit = new Emitter<ChannelExit>();

  readonly onOutput = this.#output.event;
  readonly onErrorOutput = this.#errorOutput.event;
  readonly onExit = this.#exit.event;

  constructor(child: ChildProcessWithoutNullStreams, ended: () => void) {
    this.#child = child;
    child.stdout.on('data', (bytes: Buffer) => this.#output.fire(bytes));
    child.stderr.on('data', (bytes: Buffer) => this.#errorOutput.fire(bytes));
    child.stdin.on('error', () => {});
    child.on('close', (code, signal) => {
      ended();
      this.#exit.fire({ ...(code !== null && { code }), ...(signal !== null && { signal }), lost: false });
    });
  }

  write(data: Uint8Array | string): void {
    if (!this.#child.stdin.writableEnded) this.#child.stdin.write(data);
  }

  end(): void {
    this.#child.stdin.end();
  }

  pause(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  dispose(): void {
    this.#child.stdin.end();
    this.#output.dispose();
    this.#errorOutput.dispose();
    this.#exit.dispose();
  }
}
