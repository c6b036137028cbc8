import { expect, test } from 'vitest';
import type { HostId } from './host.ts';
import { toStories } from './stories.ts';
import type { EventId, EventKind, TimelineEvent } from './timelineEvent.ts';

let serial = 0;
function event(kind: EventKind, at: number, over: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    id: `e${serial++}` as EventId,
    revision: 0,
    host: 'web1' as HostId,
    kind,
    severity: 'warning',
    source: 'detector',
    at: at * 1000,
    seenAt: at * 1000,
    clockOffsetMs: 0,
    title: kind,
    detail: {},
    evidence: [],
    actions: [],
    ...over,
  };
}

const told = (events: TimelineEvent[]) =>
  toStories(events).map(({ head, rest, before }) => [
    head.kind,
    ...rest.map((one) => one.kind),
    ...(before.length > 0 ? [`×${before.length + 1}`] : []),
  ]);

test('a loop, what it costs, what it logs, its end and what was done are one story', () => {
  const loop = event('process.respawn_loop', 100);
  expect(
    told([
      event('cpu.saturated', 90),
      loop,
      event('log.surge', 110),
      event('remediation.succeeded', 160, { relatesTo: loop.id, source: 'remediation' }),
      event('process.respawn_loop_ended', 165, { relatesTo: loop.id }),
    ]),
  ).toEqual([
    [
      'process.respawn_loop',
      'cpu.saturated',
      'log.surge',
      'remediation.succeeded',
      'process.respawn_loop_ended',
    ],
  ]);
});

test('a chain has its first cause for a head', () => {
  expect(
    told([
      event('memory.leak', 0),
      event('process.oom_risk', 600),
      event('process.oom_killed', 900),
      event('host.ssh_dying', 910, { source: 'link' }),
    ]),
  ).toEqual([['memory.leak', 'process.oom_risk', 'process.oom_killed', 'host.ssh_dying']]);
});

test('another host, another hour and another cause are stories of their own', () => {
  expect(
    told([
      event('process.respawn_loop', 0, { endedAt: 50_000 }),
      event('cpu.saturated', 10, { host: 'web2' as HostId }),
      event('cpu.saturated', 4000),
      event('disk.full', 20),
    ]),
  ).toEqual([['cpu.saturated'], ['disk.full'], ['cpu.saturated'], ['process.respawn_loop']]);
});

test('one node’s orphan is not another node’s', () => {
  const node = (kind: EventKind, at: number, name: string) => event(kind, at, { detail: { node: name } });
  expect(
    told([
      node('erlang.node_up', 0, 'a@h'),
      node('erlang.node_up', 1, 'b@h'),
      node('erlang.orphan_remote_shell', 10, 'a@h'),
      node('erlang.orphan_remote_shell', 11, 'b@h'),
    ]),
  ).toEqual([
    ['erlang.node_up', 'erlang.orphan_remote_shell'],
    ['erlang.node_up', 'erlang.orphan_remote_shell'],
  ]);
});

test('another file system, and what another process leaves open, is another story', () => {
  const of = (kind: EventKind, at: number, detail: TimelineEvent['detail']) => event(kind, at, { detail });
  expect(
    told([
      of('disk.filling', 0, { mount: '/srv' }),
      of('disk.full', 10, { mount: '/' }),
      of('disk.full', 11, { mount: '/srv' }),
      of('connections.leak', 20, { pid: 7 }),
      of('fd.leak', 30, { pid: 8 }),
      of('fd.leak', 31, { pid: 7 }),
    ]),
  ).toEqual([['connections.leak', 'fd.leak'], ['fd.leak'], ['disk.filling', 'disk.full'], ['disk.full']]);
});

test('a moment that comes again with what came of it is one story', () => {
  const kill = (at: number) => event('process.oom_killed', at, { detail: { process: 'ruby' } });
  expect(told([kill(0), event('service.failed', 2), kill(60), event('service.failed', 62)])).toEqual([
    ['process.oom_killed', 'service.failed', 'service.failed', '×2'],
  ]);
});

test('what is killed and started again, and killed again, is one story; a dependency that is down leads to what runs out', () => {
  const kill = (at: number) => event('process.oom_killed', at, { detail: { process: 'ruby' } });
  expect(told([kill(0), event('process.respawn_loop', 2), kill(60)])).toEqual([
    ['process.oom_killed', 'process.respawn_loop', '×2'],
  ]);
  expect(
    told([event('connections.unanswered', 0), event('fd.leak', 20), event('fd.near_limit', 90)]),
  ).toEqual([['connections.unanswered', 'fd.leak', 'fd.near_limit']]);
});

test('the same moment again is folded with a count; of another victim it is not', () => {
  const kill = (at: number, process: string) => event('process.oom_killed', at, { detail: { process } });
  expect(
    told([kill(0, 'ruby'), kill(60, 'ruby'), kill(120, 'node'), kill(200, 'ruby'), kill(2000, 'ruby')]),
  ).toEqual([['process.oom_killed'], ['process.oom_killed', '×3'], ['process.oom_killed']]);
});

test('what is folded is told by its newest, and never under what was less severe', () => {
  const kill = (at: number, severity: TimelineEvent['severity']) =>
    event('process.oom_killed', at, { severity, detail: { process: 'ruby' } });
  const [old, older, now, again] = [
    kill(60, 'warning'),
    kill(0, 'warning'),
    kill(300, 'critical'),
    kill(400, 'critical'),
  ];
  expect(toStories([old, older, now, again])).toEqual([
    { head: again, before: [now], rest: [] },
    { head: old, before: [older], rest: [] },
  ]);
});

test('kinds that lead to each other make no ring, and every event is told once', () => {
  const events = [
    event('cpu.saturated', 0),
    event('cgroup.throttled', 1),
    event('queue.stalled', 2),
    event('cpu.saturated', 3),
    event('erlang.node_up', 4),
    event('erlang.orphan_remote_shell', 5),
    event('cpu.saturated', 6),
  ];
  const all = toStories(events).flatMap(({ head, rest, before }) => [head, ...rest, ...before]);
  expect(new Set(all).size).toBe(events.length);
  expect(all).toHaveLength(events.length);
});
