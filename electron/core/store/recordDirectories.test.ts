import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { approvalStore } from './approvalStore.ts';
import { openWorkspaceRecord } from './openWorkspaceRecord.ts';
import { readRecentWorkspaces, rememberWorkspace } from './recentWorkspaces.ts';
import { latestRecord, listRecords, recordDirectory, recordOfIncident, slug } from './recordDirectories.ts';
import { openRecord } from './recordStore.ts';
import { loadSqlite } from './sqlite.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'fireline-data-'));
});
afterEach(() => {
  rmSync(data, { recursive: true, force: true });
});

it('a record directory is safe whatever the workspace is called, and stays when the name changes', () => {
  const first = recordDirectory(data, { name: '../../etc/Ünï code 🔥', path: '/w/a.yaml' });
  expect(basename(first)).toMatch(/^etc-uni-code-[0-9a-f]{8}$/);
  expect(first.startsWith(join(data, 'records'))).toBe(true);
  expect(recordDirectory(data, { name: 'a', path: '/w/b.yaml' })).not.toBe(
    recordDirectory(data, { name: 'a', path: '/w/a.yaml' }),
  );
  mkdirSync(first, { recursive: true });
  expect(recordDirectory(data, { name: 'renamed', path: '/w/a.yaml' })).toBe(first);
  expect(slug('🔥🔥')).toBe('untitled');
});

it('the latest record is the one written to last, and an incident leads to its record', () => {
  const clock = new ManualClock(5);
  expect(latestRecord(data)).toBeUndefined();
  const a = openWorkspaceRecord(data, { name: 'a', path: '/a.yaml' }, clock);
  const b = openWorkspaceRecord(data, { name: 'b', path: '/b.yaml' }, clock);
  if (!a.ok || !b.ok) throw new Error('not opened');
  const incident = a.value.store.startIncident({ title: 't', severity: 'SEV1', startedAt: 1 });
  expect(recordOfIncident(data, incident.number)).toBe(a.value.store.directory);
  expect(recordOfIncident(data, 99)).toBeUndefined();
  a.value.store.dispose();
  b.value.store.dispose();
  utimesSync(join(a.value.store.directory, 'record.db'), 2e9, 2e9);
  expect(latestRecord(data)).toBe(a.value.store.directory);
  utimesSync(join(b.value.store.directory, 'record.db'), 3e9, 3e9);
  expect(latestRecord(data)).toBe(b.value.store.directory);
  mkdirSync(join(data, 'records', 'empty'));
  writeFileSync(join(data, 'records', 'empty', 'record.db'), '');
  expect(listRecords(data)).toHaveLength(2);
});

it('reading a record does not make it the latest', () => {
  const clock = new ManualClock(5);
  const [older, newer] = ['older', 'newer'].map((name) => {
    const opened = openWorkspaceRecord(data, { name, path: `/${name}.yaml` }, clock);
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.store.dispose();
    return opened.value.store.directory;
  });
  if (older === undefined) throw new Error('there is none');
  utimesSync(join(older, 'record.db'), 1e9, 1e9);
  const read = openRecord(older, { clock, readOnly: true });
  if (!read.ok) throw new Error(read.error.message);
  expect(read.value.readIncidents()).toEqual([]);
  read.value.dispose();
  expect(latestRecord(data)).toBe(newer);
  // A log that was made by reading, a moment after the last write.
  writeFileSync(join(older, 'record.db-wal'), '');
  utimesSync(join(older, 'record.db-wal'), 3e9, 3e9);
  expect(latestRecord(data)).toBe(newer);
});

it('a record that is held or damaged is left alone, and one beside it is used, with a notice', () => {
  const clock = new ManualClock(5);
  const workspace = { name: 'a', path: '/a.yaml' };
  const first = openWorkspaceRecord(data, workspace, clock);
  const second = openWorkspaceRecord(data, workspace, clock);
  if (!first.ok || !second.ok) throw new Error('not opened');
  expect(first.value.notice).toBeUndefined();
  expect(second.value.notice?.kind).toBe('locked');
  expect(second.value.notice?.message).toContain(second.value.store.directory);
  expect(second.value.store.directory).toBe(`${first.value.store.directory}-2`);
  first.value.store.dispose();
  second.value.store.dispose();
  writeFileSync(join(first.value.store.directory, 'record.db'), 'x'.repeat(8192));
  const third = openWorkspaceRecord(data, workspace, clock);
  if (!third.ok) throw new Error(third.error.message);
  expect(third.value.notice?.kind).toBe('corrupt');
  third.value.store.dispose();
});

it('a record that is damaged further in than its first page is found out before it is used', () => {
  const clock = new ManualClock(5);
  const workspace = { name: 'shop', path: '/srv/shop.yaml' };
  const whole = openWorkspaceRecord(data, workspace, clock);
  if (!whole.ok) throw new Error(whole.error.message);
  const { directory } = whole.value.store;
  whole.value.store.startIncident({ title: 'slow', severity: 'SEV2', startedAt: 1 });
  whole.value.store.dispose();
  const bytes = readFileSync(join(directory, 'record.db'));
  writeFileSync(join(directory, 'record.db'), bytes.fill('Z', 4096));

  const beside = openWorkspaceRecord(data, workspace, clock);
  if (!beside.ok) throw new Error(beside.error.message);
  expect(beside.value.store.directory).toBe(`${directory}-2`);
  expect(beside.value.notice).toMatchObject({
    kind: 'corrupt',
    message: expect.stringContaining('malformed'),
  });
  // Nothing holds the damaged one any more: it can be moved aside.
  const held = openRecord(directory, { clock });
  expect(held.ok).toBe(true);
  if (held.ok) held.value.dispose();
  beside.value.store.dispose();
});

it('recent workspaces are newest first, once each, and a damaged list is started anew', () => {
  expect(readRecentWorkspaces(data)).toEqual([]);
  rememberWorkspace(data, { path: '/a', name: 'a', openedAt: 1 });
  rememberWorkspace(data, { path: '/b', name: 'b', openedAt: 2 });
  rememberWorkspace(data, { path: '/a', name: 'a', openedAt: 3 });
  expect(readRecentWorkspaces(data).map((r) => r.path)).toEqual(['/a', '/b']);
  writeFileSync(join(data, 'recent.json'), '{"');
  expect(readRecentWorkspaces(data)).toEqual([]);
});

it('approvals are by content, private to the user, and survive', () => {
  const hash = 'ab'.repeat(32);
  const store = approvalStore(data);
  expect(store.isApproved(hash)).toBe(false);
  store.approve(hash);
  expect(approvalStore(data).isApproved(hash)).toBe(true);
  expect(store.isApproved('constructor')).toBe(false);
  expect(statSync(join(data, 'approvals.json')).mode & 0o777).toBe(0o600);
  writeFileSync(join(data, 'approvals.json'), `["${hash}", 1]`);
  expect(store.isApproved(hash)).toBe(false);
});

it('SQLite works in this Node', () => {
  expect(loadSqlite().ok).toBe(true);
});
