import { expect, test } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { holdEvents, newEventWords } from './newEvents.ts';

const event = (id: string, at: number, part: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id: id as EventId,
  revision: 1,
  kind: 'link.lost',
  severity: 'warning',
  source: 'link',
  at,
  seenAt: at,
  clockOffsetMs: 0,
  title: `event ${id}`,
  detail: {},
  evidence: [],
  actions: [],
  ...part,
});
const ids = (events: readonly TimelineEvent[]) => events.map(({ id }) => id).join('');

test('what comes while the order is held waits, newer or in between; what is older was asked for', () => {
  const known = new Set(['b', 'd'] as EventId[]);
  const events = [event('a', 5), event('b', 4), event('c', 3), event('d', 2), event('e', 1)];
  const { shown, waiting } = holdEvents(events, known, undefined);
  expect([ids(shown), ids(waiting)]).toEqual(['bde', 'ac']);
  expect(ids(holdEvents(events, known, 'a' as EventId).shown)).toBe('abde');
  expect(ids(holdEvents(events, undefined, undefined).shown)).toBe('abcde');
});

test('an event that changes stays in its place, and shows what it says now', () => {
  const known = new Set(['a'] as EventId[]);
  const changed = event('a', 5, { revision: 2, title: 'now' });
  expect(holdEvents([changed], known, undefined).shown).toEqual([changed]);
});

test('of an empty timeline the first is not older than what was there', () => {
  expect(ids(holdEvents([event('a', 5)], new Set(), undefined).waiting)).toBe('a');
});

test('several are told as one sentence, by the worst of them', () => {
  const host = 'web3' as HostId;
  const oom = event('b', 2, { host, severity: 'critical', title: 'Out of memory: ruby\u202e was killed' });
  expect(newEventWords([])).toBe('');
  expect(newEventWords([event('a', 1)])).toBe('New: event a');
  expect(newEventWords([event('a', 3), oom, event('c', 1)])).toMatch(/^3 new, critical: web3: Out of memory/);
  expect(newEventWords([oom])).not.toContain('\u202e');
});
