import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { ContractFailure } from '../../../shared/contract/errors.ts';
import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import { METRICS, type MetricVector } from '../../../shared/model/metric.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { PlanId, RemediationRecord } from '../../../shared/model/remediation.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { openRecord } from './recordStore.ts';
import type { RecordStore } from './store.types.ts';

const clock = new ManualClock(1_000_000);
const web1 = 'web1' as HostId;
let root: string;
let store: RecordStore;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fireline-store-'));
  store = open(join(root, 'records', 'a-1'));
});
afterEach(() => {
  store.dispose();
  rmSync(root, { recursive: true, force: true });
});

function open(directory: string): RecordStore {
  const opened = openRecord(directory, { clock });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

function vector(at: number, first: number | null = at / 10): MetricVector {
  return { at, values: METRICS.map((_, index) => (index === 0 ? first : index + 0.25)), cores: [0.125, 1] };
}

function event(id: string, at: number, over: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    id: id as EventId,
    revision: 1,
    host: web1,
    kind: 'process.oom_killed',
    severity: 'critical',
    source: 'detector',
    at,
    seenAt: at + 5,
    clockOffsetMs: -12,
    title: `event ${id}`,
    detail: {},
    evidence: [{ type: 'line', source: 'kernel log', text: 'a\u0000b\u001b[31m\ud800 <script>' }],
    actions: [],
    ...over,
  };
}

function remediation(id: string, confirmedAt: number): RemediationRecord {
  return {
    plan: {
      id: id as PlanId,
      action: 'process.kill',
      host: web1,
      arguments: { target: { bootId: 'b', pid: 7, startTicks: 9 }, signal: 'TERM' },
      title: 'Kill pid 7',
      command: 'kill -TERM 7',
      touches: [],
      needs: '',
      verification: '',
      createdAt: confirmedAt,
    },
    actor: 'ops',
    confirmedAt,
    steps: [],
  };
}

describe('samples', () => {
  it('come back as they were written, with null for what was not known', () => {
    const written = [vector(1000, null), vector(2000, 15_300_000_000.1234)];
    store.addSamples(written.map((v) => ({ host: web1, vector: v })));
    expect(store.readSeries(web1, 0, 5000, 100)).toEqual(written);
    expect(store.readSeries('other' as HostId, 0, 5000, 100)).toEqual([]);
    expect(store.readSeries(web1, 1500, 2000, 100)).toEqual([written[1]]);
  });

  it('are padded with null when an older version wrote fewer metrics', () => {
    store.addSamples([{ host: web1, vector: { at: 1, values: [0.5], cores: [] } }]);
    expect(store.readSeries(web1, 0, 10, 10)[0]?.values).toEqual([0.5, ...METRICS.slice(1).map(() => null)]);
  });

  it('are thinned to at most the points asked for, each the last of its bucket, and gaps stay gaps', () => {
    const times = Array.from({ length: 3600 }, (_, i) => 1_000_000 + i * 1000).filter(
      (at) => at < 2_000_000 || at > 3_000_000,
    );
    store.addSamples(times.map((at) => ({ host: web1, vector: vector(at) })));
    for (const points of [2, 3, 100, 499, 3600]) {
      const read = store.readSeries(web1, 1_000_000, 4_600_000, points).map((v) => v.at);
      expect(read.length).toBeLessThanOrEqual(points);
      expect(read).toEqual([...new Set(read)].sort((a, b) => a - b));
      expect(read.filter((at) => at > 2_000_000 && at < 3_000_000)).toEqual([]);
      expect(read.every((at) => times.includes(at))).toBe(true);
    }
    const width = 3_600_000 / 99;
    for (const at of store.readSeries(web1, 1_000_000, 4_600_000, 100).map((v) => v.at)) {
      const bucket = Math.floor(at / width);
      expect(at).toBe(times.filter((t) => Math.floor(t / width) === bucket).at(-1));
    }
  });

  it('of one batch are written together or not at all', () => {
    const broken = { at: Number.NaN, values: [], cores: [] };
    expect(() =>
      store.addSamples([
        { host: 'new' as HostId, vector: vector(1) },
        { host: web1, vector: broken },
      ]),
    ).toThrow(ContractFailure);
    expect(store.readSeries('new' as HostId, 0, 10, 10)).toEqual([]);
    store.addSamples([{ host: 'new' as HostId, vector: vector(2) }]);
    expect(store.readSeries('new' as HostId, 0, 10, 10)).toHaveLength(1);
  });
});

describe('documents', () => {
  it('keep the newest revision of an event and hostile text as it was', () => {
    store.putEvent(event('a', 100, { revision: 2, title: 'second' }));
    store.putEvent(event('a', 100, { revision: 1, title: 'first' }));
    expect(store.readEvents({ limit: 10 })).toEqual([event('a', 100, { revision: 2, title: 'second' })]);
  });

  it('are read newest first, and paging by time never skips one of the same millisecond', () => {
    for (const [id, at] of Object.entries({ a: 1, b: 2, c: 2, d: 2, e: 3 })) store.putEvent(event(id, at));
    const first = store.readEvents({ limit: 2 });
    expect(first.map((e) => e.at)).toEqual([3, 2, 2, 2]);
    expect(store.readEvents({ limit: 2, before: 2 }).map((e) => e.id)).toEqual(['a']);
    expect(store.readEvents({ limit: 9, after: 2 }).map((e) => e.at)).toEqual([3, 2, 2, 2]);
  });

  it('replace a remediation when it finishes', () => {
    store.putRemediation(remediation('p', 5));
    store.putRemediation({ ...remediation('p', 5), outcome: 'succeeded' });
    store.putRemediation(remediation('q', 9));
    expect(store.readRemediation('p' as PlanId)?.outcome).toBe('succeeded');
    expect(store.readRemediations().map((r) => r.plan.id)).toEqual(['q', 'p']);
    expect(store.readRemediations({ before: 9 }).map((r) => r.plan.id)).toEqual(['p']);
  });

  it('number incidents through the whole data directory', () => {
    const first = store.startIncident({ title: 'one', severity: 'SEV2', startedAt: 10 });
    const other = open(join(root, 'records', 'b-2'));
    const second = other.startIncident({ title: 'two', severity: 'SEV1', startedAt: 5, impactBeganAt: 1 });
    const third = store.startIncident({ title: 'three', severity: 'SEV4', startedAt: 20 });
    expect([first.number, second.number, third.number]).toEqual([1, 2, 3]);
    store.putIncident({ ...first, endedAt: 30 });
    expect(store.readIncidents().map((i) => i.title)).toEqual(['three', 'one']);
    expect(store.readIncident(first.id)?.endedAt).toBe(30);
    expect(other.readIncident(second.id)?.impactBeganAt).toBe(1);
    other.dispose();
  });

  it('keep hosts, panes and layout over a reopening', () => {
    const host: HostSummary = {
      id: web1,
      tags: ['web'],
      transport: 'ssh',
      address: 'x',
      link: { kind: 'idle', since: 0 },
      sampler: { kind: 'off' },
    };
    store.addSamples([{ host: 'sampled' as HostId, vector: vector(1) }]);
    store.putHosts([host]);
    store.putHosts([{ ...host, address: 'y' }]);
    const pane = { id: 'p1' as PaneId, host: web1, openedAt: 4, castFile: 'p1.cast', title: 't' };
    store.putPane(pane);
    expect(store.readLayout()).toBeUndefined();
    const layout = { windows: [], activeWindow: 'w' };
    store.putLayout(layout);
    store.dispose();
    store = open(store.directory);
    expect(store.readHosts()).toEqual([{ ...host, address: 'y' }]);
    expect(store.readPanes()).toEqual([pane]);
    expect(store.readLayout()).toEqual(layout);
  });
});

describe('opening', () => {
  it('refuses a second writer, naming the first, and lets readers in', () => {
    store.putEvent(event('a', 1));
    const second = openRecord(store.directory, { clock });
    expect(second).toMatchObject({
      ok: false,
      error: { kind: 'locked', holder: { pid: process.pid, since: 1_000_000 } },
    });
    if (!second.ok) expect(second.error.message).toContain(`process ${process.pid}`);
    const reader = openRecord(store.directory, { clock, readOnly: true });
    if (!reader.ok) throw new Error(reader.error.message);
    expect(reader.value.readEvents({ limit: 5 })).toHaveLength(1);
    expect(() => reader.value.putEvent(event('b', 2))).toThrow(ContractFailure);
    reader.value.dispose();
    store.dispose();
    store = open(store.directory);
    expect(store.readEvents({ limit: 5 })).toHaveLength(1);
  });

  it('leaves the record of a newer version untouched', () => {
    store.dispose();
    const file = join(store.directory, 'record.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(openRecord(store.directory, { clock })).toMatchObject({ ok: false, error: { kind: 'newer' } });
  });

  it('says that a file is damaged, and what to do', () => {
    const directory = join(root, 'records', 'damaged');
    open(directory).dispose();
    writeFileSync(
      join(directory, 'record.db'),
      'this is no database, but long enough to look like a page '.repeat(200),
    );
    const opened = openRecord(directory, { clock });
    expect(opened).toMatchObject({ ok: false, error: { kind: 'corrupt' } });
    if (!opened.ok) expect(opened.error.advice).toContain('move it aside');
  });

  it('says that the directory cannot be made', () => {
    writeFileSync(join(root, 'file'), '');
    expect(openRecord(join(root, 'file', 'record'), { clock })).toMatchObject({
      ok: false,
      error: { kind: 'readonly' },
    });
    expect(openRecord(join(root, 'none'), { clock, readOnly: true })).toMatchObject({
      ok: false,
      error: { kind: 'missing' },
    });
  });

  it('fails with a declared error after it was closed', () => {
    store.dispose();
    store.dispose();
    expect(() => store.readHosts()).toThrow(
      expect.objectContaining({ error: expect.objectContaining({ code: 'closed' }) }),
    );
  });
});
