import type { Disposable } from '../../shared/base/disposable.ts';
import type { Prompt, PromptAnswer, PromptId } from '../../shared/model/prompt.ts';
import type { Core } from '../core/core.types.ts';
import type { Terminal } from './controllingTerminal.ts';
import { promptWords } from './promptWords.ts';

/**
 * Puts the core's prompts to the person at the terminal, one after another; without a terminal says what would have been
 * asked and cancels. A prompt that is settled otherwise meanwhile is taken back.
 */
export function answerPrompts(
  core: Pick<Core, 'onEvent' | 'answerPrompt'>,
  terminal: Terminal | undefined,
  stderr: (text: string) => void,
): Disposable {
  const waiting: Prompt[] = [];
  let asking: { id: PromptId; cancel: AbortController } | undefined;

  async function next(): Promise<void> {
    const prompt = waiting.shift();
    if (!prompt || asking) return;
    if (!terminal) {
      const { preface, questions } = promptWords(prompt);
      const words = [...preface, ...questions.map((q) => q.text.trim())].join(' ');
      stderr(`fireline: ${prompt.host} needs an answer and there is no terminal to ask on: ${words}\n`);
      core.answerPrompt(prompt.id, null);
      return next();
    }
    const cancel = new AbortController();
    asking = { id: prompt.id, cancel };
    const answer = await ask(prompt, terminal, cancel.signal);
    asking = undefined;
    if (!cancel.signal.aborted) core.answerPrompt(prompt.id, answer);
    return next();
  }

  const subscription = core.onEvent((event) => {
    if (event.name === 'prompt.asked') {
      waiting.push(event.data);
      if (!asking) void next();
    }
    if (event.name === 'prompt.settled') {
      const { prompt } = event.data;
      const index = waiting.findIndex((p) => p.id === prompt);
      if (index >= 0) waiting.splice(index, 1);
      if (asking?.id === prompt) asking.cancel.abort();
    }
  });
  return {
    dispose() {
      subscription.dispose();
      waiting.length = 0;
      asking?.cancel.abort();
    },
  };
}

async function ask(prompt: Prompt, terminal: Terminal, signal: AbortSignal): Promise<PromptAnswer> {
  const { preface, questions } = promptWords(prompt);
  for (const line of preface) terminal.write(`${line}\r\n`);
  if (prompt.kind === 'browserSignIn') return await untilWithdrawn(signal);
  const answers: string[] = [];
  for (const { text, echo } of questions) {
    const line = await terminal.readLine(text, { echo, signal });
    if (line === undefined) return null;
    answers.push(line);
  }
  if (prompt.kind !== 'hostKey') return answers;
  return answers[0]?.trim().toLowerCase() === 'yes' ? ['yes'] : null;
}

/** The browser answers; the question is taken back when it has. */
function untilWithdrawn(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}
