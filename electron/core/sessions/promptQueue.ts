import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../shared/base/emitter.ts';
import type { Prompt, PromptAnswer, PromptId } from '../../../shared/model/prompt.ts';
import type { Prompter } from './prompter.ts';

/** Questions of all connections, for windows to answer. Answers pass through and are kept nowhere. */
export interface PromptQueue extends Prompter, Disposable {
  /** Unanswered, oldest first. */
  readonly pending: readonly Prompt[];
  readonly onAsked: Event<Prompt>;
  /** Answered, cancelled, or no longer needed. */
  readonly onSettled: Event<PromptId>;
  /** False when nobody waits for it any more: another window was faster, or the connection ended. */
  answer(id: PromptId, answer: PromptAnswer): boolean;
}

export function createPromptQueue(options: { clock: Clock; interactive: boolean }): PromptQueue {
  const asked = new Emitter<Prompt>();
  const settled = new Emitter<PromptId>();
  const waiting = new Map<PromptId, { prompt: Prompt; settle: (answer: PromptAnswer) => void }>();

  function answer(id: PromptId, value: PromptAnswer): boolean {
    const entry = waiting.get(id);
    if (!entry) return false;
    waiting.delete(id);
    entry.settle(value);
    settled.fire(id);
    return true;
  }

  return {
    interactive: options.interactive,
    onAsked: asked.event,
    onSettled: settled.event,
    get pending() {
      return [...waiting.values()].map((entry) => entry.prompt);
    },
    get waiting() {
      return [...waiting.values()].map((entry) => ({ host: entry.prompt.host }));
    },
    answer,
    ask(question, signal) {
      if (!options.interactive || signal.aborted) return Promise.resolve(null);
      const id = randomUUID() as PromptId;
      const prompt = { ...question, id, askedAt: options.clock.now() } as Prompt;
      return new Promise((resolve) => {
        const onAbort = () => answer(id, null);
        waiting.set(id, {
          prompt,
          settle(value) {
            signal.removeEventListener('abort', onAbort);
            resolve(value);
          },
        });
        signal.addEventListener('abort', onAbort, { once: true });
        asked.fire(prompt);
      });
    },
    dispose() {
      for (const id of [...waiting.keys()]) answer(id, null);
      asked.dispose();
      settled.dispose();
    },
  };
}
