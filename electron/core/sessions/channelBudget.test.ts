import { describe, expect, it } from 'vitest';
import { createChannelBudget } from './channelBudget.ts';

describe('the channel budget', () => {
  it('hands out places, makes short work wait in order, and keeps one place for it', async () => {
    const budget = createChannelBudget(4);
    const long = [];
    for (let i = 0; i < 3; i++) {
      const place = await budget.wait(`follower ${i}`, 'long');
      expect(place.ok).toBe(true);
      if (place.ok) long.push(place.value);
    }
    let fourth = false;
    const waiting = budget.wait('follower 3', 'long').then((place) => {
      fourth = true;
      return place;
    });
    const short = await budget.wait('kill', 'short');
    expect(short.ok).toBe(true);
    expect(fourth).toBe(false);
    expect(budget).toMatchObject({ used: 4, waiting: 1 });
    long[0]?.dispose();
    expect(budget.used).toBe(3);
    if (short.ok) short.value.dispose();
    expect((await waiting).ok).toBe(true);
  });

  it('refuses a pane with who holds the places, and what to do', async () => {
    const budget = createChannelBudget(2);
    await budget.wait('sampler', 'long');
    await budget.wait('kernel log', 'long');
    const pane = budget.take('pane');
    expect(pane).toMatchObject({ ok: false, error: { kind: 'full' } });
    if (!pane.ok)
      expect(pane.error.reason).toMatch(
        /allows 2 channels .*\(MaxSessions\), taken by: sampler, kernel log$/,
      );
  });

  it('learns a lower limit from a refusal', async () => {
    const budget = createChannelBudget(10);
    budget.take('sampler');
    budget.take('pane');
    const third = budget.take('pane');
    if (!third.ok) throw new Error('no place');
    budget.refused(third.value);
    third.value.dispose();
    expect(budget.limit).toBe(2);
    expect(budget.take('pane').ok).toBe(false);
  });

  it('lets go of who waits when it ends or they give up', async () => {
    const budget = createChannelBudget(1);
    budget.take('sampler');
    const abort = new AbortController();
    const given = budget.wait('a', 'short', abort.signal);
    const ended = budget.wait('b', 'short');
    abort.abort();
    expect(await given).toMatchObject({ ok: false, error: { kind: 'full' } });
    budget.dispose();
    expect(await ended).toMatchObject({ ok: false, error: { kind: 'closed' } });
    expect(await budget.wait('c', 'long')).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });
});
