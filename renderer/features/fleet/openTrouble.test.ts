import { expect, test } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { MOMENT_MS, openTrouble } from './openTrouble.ts';

let next = 0;
const event = (part: Partial<TimelineEvent>): TimelineEvent => ({
  id: `e${next++}` as EventId,
  revision: 1,
  host: 'web1' as HostId,
  kind: 'process.respawn_loop',
  severity: 'warning',
  source: 'detector',
  at: 1000,
  seenAt: 1000,
  clockOffsetMs: 0,
  title: '',
  detail: {},
  evidence: [],
  actions: [],
  ...part,
});

test('the worst open event of a host leads, and all are counted', () => {
  const oom = event({ kind: 'process.oom_killed', severity: 'critical', at: 500, endedAt: 500 });
  const trouble = openTrouble([event({}), oom, event({ severity: 'info' })], 2000).get('web1');
  expect(trouble?.worst).toBe(oom);
  expect(trouble?.count).toBe(2);
});

test('what has ended, was closed or has not begun is not open', () => {
  const loop = event({});
  const recovered = event({
    kind: 'process.respawn_loop_ended',
    severity: 'recovered',
    relatesTo: loop.id,
    at: 1500,
  });
  expect(openTrouble([loop, recovered], 2000).size).toBe(0);
  expect(openTrouble([loop, recovered], 1200).size).toBe(1);
  expect(openTrouble([event({ endedAt: 1800 })], 2000).size).toBe(0);
  expect(openTrouble([event({ endedAt: 1000 })], 2000).size).toBe(0);
  expect(openTrouble([event({ at: 3000 })], 2000).size).toBe(0);
});

test('a moment is trouble for a while, a lasting state until it ends', () => {
  const later = 1000 + MOMENT_MS + 1;
  expect(openTrouble([event({ kind: 'process.oom_killed', severity: 'critical' })], later).size).toBe(0);
  expect(openTrouble([event({ kind: 'link.lost', severity: 'critical' })], later).size).toBe(1);
});

test('events of the workspace as a whole belong to no host', () => {
  const { host: _, ...whole } = event({ severity: 'critical' });
  expect(openTrouble([whole], 2000).size).toBe(0);
});

test('what a host’s clock puts a little ahead is there at once while live, and what is over there is over', () => {
  const ahead = event({ kind: 'process.oom_killed', severity: 'critical', at: 2030, endedAt: 2030 });
  expect(openTrouble([ahead], 2000, { live: true }).get('web1')?.worst).toBe(ahead);
  expect(openTrouble([ahead], 2000).get('web1')).toBeUndefined();
  const over = event({ at: 500, endedAt: 2030 });
  expect(openTrouble([over], 2000, { live: true }).get('web1')).toBeUndefined();
  expect(openTrouble([over], 2000).get('web1')?.worst).toBe(over);
});
