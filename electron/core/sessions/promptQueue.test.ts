import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PromptId } from '../../../shared/model/prompt.ts';
import { createPromptQueue } from './promptQueue.ts';

const password = {
  kind: 'password',
  host: 'web1' as HostId,
  hop: 'u@h:22',
  user: 'u',
  retry: false,
} as const;

describe('the prompt queue', () => {
  it('asks, takes the first answer, and tells that it is settled', async () => {
    const queue = createPromptQueue({ clock: new ManualClock(42), interactive: true });
    const asked: unknown[] = [];
    const settled: PromptId[] = [];
    queue.onAsked((prompt) => asked.push(prompt));
    queue.onSettled((id) => settled.push(id));
    const answer = queue.ask(password, new AbortController().signal);
    const [prompt] = queue.pending;
    expect(asked).toEqual([{ ...password, id: prompt?.id, askedAt: 42 }]);
    expect(queue.waiting).toEqual([{ host: 'web1' }]);
    const id = prompt?.id as PromptId;
    expect(queue.answer(id, ['secret'])).toBe(true);
    expect(queue.answer(id, ['late'])).toBe(false);
    expect(await answer).toEqual(['secret']);
    expect(settled).toEqual([id]);
    expect(queue.pending).toEqual([]);
  });

  it('cancels what is not needed any more, and what waits at the end', async () => {
    const queue = createPromptQueue({ clock: new ManualClock(), interactive: true });
    const abort = new AbortController();
    const first = queue.ask(password, abort.signal);
    const second = queue.ask(password, new AbortController().signal);
    abort.abort();
    expect(await first).toBeNull();
    expect(queue.pending).toHaveLength(1);
    queue.dispose();
    expect(await second).toBeNull();
    expect(await queue.ask(password, abort.signal)).toBeNull();
  });

  it('asks nobody where nobody is', async () => {
    const queue = createPromptQueue({ clock: new ManualClock(), interactive: false });
    expect(await queue.ask(password, new AbortController().signal)).toBeNull();
    expect(queue.pending).toEqual([]);
  });
});
