import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore, toDisposable } from '../../../shared/base/disposable.ts';
import { isTerminalReply } from '../../../shared/panes/terminalReply.ts';

/** Start-up commands of one pane: typed once, into its first shell that is ready, or never. */
export interface StartUp extends Disposable {
  /** A shell began. */
  shellOpened(): void;
  /** The shell printed something: it ends with its prompt. */
  output(): void;
  /** A person typed: from now on the shell is theirs. */
  input(bytes: Uint8Array): void;
  shellEnded(): void;
  approve(): void;
}

export interface StartUpOptions {
  /** Lines without their end. */
  lines: readonly string[];
  /** Not approved yet. */
  held: boolean;
  clock: Clock;
  type: (bytes: Uint8Array) => void;
  /** Tells the pane's reader what became of them. */
  note: (text: string) => void;
}

/** A prompt is there when the shell has been quiet for so long. */
const QUIET_MS = 250;
/** A shell without a prompt: typed all the same. */
const SILENT_MS = 3000;

/**
 * Types after the prompt, as a person would: what is typed before it is echoed twice, and lost where the shell's start
 * flushes its input. Once a person has typed, what runs in the pane is unknown and nothing is typed any more: a line
 * meant for a shell must not land in an editor.
 */
export function createStartUp(options: StartUpOptions): StartUp {
  const { clock, lines } = options;
  const owned = new DisposableStore();
  let timer: Disposable | undefined;
  let shell = false;
  let held = options.held;
  let over = lines.length === 0;
  let toldHeld = false;

  function wait(ms: number): void {
    timer?.dispose();
    timer = clock.after(ms, ready);
  }

  function ready(): void {
    if (over || !shell) return;
    if (held) {
      if (!toldHeld)
        options.note('this pane’s start-up commands wait for your approval of the workspace file');
      toldHeld = true;
      return;
    }
    over = true;
    options.type(Buffer.from(lines.map((line) => `${line}\r`).join('')));
  }

  owned.add(toDisposable(() => timer?.dispose()));
  return {
    shellOpened() {
      shell = true;
      if (!over) wait(SILENT_MS);
    },
    output() {
      if (!over && shell && !(held && toldHeld)) wait(QUIET_MS);
    },
    input(bytes) {
      if (over || isTerminalReply(Buffer.from(bytes).toString('latin1'))) return;
      over = true;
      timer?.dispose();
      options.note('the start-up commands were not typed: you typed first');
    },
    shellEnded() {
      shell = false;
      timer?.dispose();
    },
    approve() {
      if (over || !held) return;
      held = false;
      if (shell) wait(QUIET_MS);
    },
    dispose() {
      over = true;
      owned.dispose();
    },
  };
}
