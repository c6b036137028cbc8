import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { METRICS, type MetricName } from '../../../shared/model/metric.ts';
import type { Evidence, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { openRecord } from '../store/recordStore.ts';
import type { RecordStore } from '../store/store.types.ts';
import { reportTime } from './reportTime.ts';
import { sampleStatistics } from './sampleStatistics.ts';

const web = 'web' as HostId;
const metric: MetricName = 'system.process.count';
let root: string;
let store: RecordStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fireline-statistics-'));
  const opened = openRecord(root, { clock: new ManualClock(0) });
  if (!opened.ok) throw new Error(opened.error.message);
  store = opened.value;
});
afterEach(() => {
  store.dispose();
  rmSync(root, { recursive: true, force: true });
});

function samples(values: readonly (number | null)[]): void {
  for (const [second, value] of values.entries())
    store.addSamples([
      {
        host: web,
        vector: {
          at: second * 1000,
          values: METRICS.map(({ name }) => (name === metric ? value : -1)),
          cores: [],
        },
      },
    ]);
}

function figures(...windows: [from: number, to: number][]): (string | undefined)[][] {
  const evidence = windows.map(([from, to]): Evidence => ({ type: 'samples', metric, from, to }));
  const found = sampleStatistics(store, [{ host: web, evidence } as TimelineEvent], reportTime('UTC'));
  return evidence.map((one) => found.get(one)?.map(([, text]) => text) ?? []);
}

it('of a long window are exact: a peak of one second is in them', () => {
  samples(Array.from({ length: 3000 }, (_, second) => (second === 1234 ? 900 : second === 77 ? 3 : 100)));
  expect(figures([0, 2_999_000])).toEqual([['100 and 100', '3 at 00:01:17', '900 at 00:20:34']]);
});

it('are each of their own window, both ends included, where several lie upon each other', () => {
  samples([5, null, 7, 1, 9]);
  expect(figures([0, 4000], [1000, 3000], [2000, 2000], [1000, 1000], [4001, 9000], [-1e300, 1e300])).toEqual(
    [
      ['5 and 9', '1 at 00:00:03', '9 at 00:00:04'],
      ['7 and 1', '1 at 00:00:03', '7 at 00:00:02'],
      ['7 and 7', '7 at 00:00:02', '7 at 00:00:02'],
      ['none on record in this window'],
      ['none on record in this window'],
      ['5 and 9', '1 at 00:00:03', '9 at 00:00:04'],
    ],
  );
});

it('are none of a host without samples, and of a metric that a later version tells of', () => {
  expect(figures([0, 1])).toEqual([['none on record in this window']]);
  const evidence: Evidence[] = [{ type: 'samples', metric: 'of.tomorrow' as MetricName, from: 0, to: 1 }];
  expect(sampleStatistics(store, [{ host: web, evidence } as TimelineEvent], reportTime('UTC')).size).toBe(0);
});
