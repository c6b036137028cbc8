import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { METRICS } from '../../../shared/model/metric.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { openRecord } from './recordStore.ts';
import { settleUnwatched } from './settleUnwatched.ts';
import type { RecordStore } from './store.types.ts';

const web1 = 'web1' as HostId;
let directory: string;
let store: RecordStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fireline-unwatched-'));
  const opened = openRecord(join(directory, 'a-1'), { clock: new ManualClock(1_000_000) });
  if (!opened.ok) throw new Error(opened.error.message);
  store = opened.value;
});
afterEach(() => {
  store.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const event = (id: string, over: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id: id as EventId,
  revision: 3,
  host: web1,
  kind: 'cpu.saturated',
  severity: 'critical',
  source: 'detector',
  at: 1000,
  seenAt: 1000,
  clockOffsetMs: 0,
  title: 'CPU is busy',
  detail: {},
  evidence: [],
  actions: [],
  ...over,
});

const kept = (id: string) => store.readEvents({ limit: 10 }).find((one) => one.id === id);

it('what went on when nobody watched any more is over with the last that was seen of its host', () => {
  store.putEvent(event('busy'));
  store.addSamples([{ host: web1, vector: { at: 9000, values: METRICS.map(() => 1), cores: [] } }]);
  settleUnwatched(store, () => {});
  expect(kept('busy')).toMatchObject({
    revision: 4,
    endedAt: 9000,
    verdict: 'CPU is busy; nobody watched any more then, and whether it went on is not known',
  });
});

it('what is over, was a moment, or was closed by another event stays as it is', () => {
  const all = [
    event('over', { endedAt: 2000 }),
    event('kill', { kind: 'process.oom_killed' }),
    event('lost', { kind: 'link.lost' }),
    event('back', { kind: 'link.restored', severity: 'recovered', relatesTo: 'lost' as EventId }),
  ];
  for (const one of all) store.putEvent(one);
  settleUnwatched(store, () => {});
  for (const one of all) expect(kept(one.id)).toEqual(one);
});
