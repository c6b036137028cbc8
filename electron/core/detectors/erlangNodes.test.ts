import { expect, test } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { ErlangNode, ErlangPeer } from '../erlang/erlangNode.ts';
import type { DetectorOutput } from './detector.ts';
import { erlangNodes } from './erlangNodes.ts';
import { fired, nearMiss } from './testDetections.ts';

const identity = (pid: number): ProcessIdentity => ({ bootId: 'b', pid, startTicks: pid * 10 });
const SERVICE = 'beam.smp -- -root /usr/lib/erlang -- -home /srv -- -sname svc -setcookie secret';

function service(peers: ErlangPeer[], over: Partial<ErlangNode> = {}): ErlangNode {
  return { identity: identity(100), name: 'svc', command: SERVICE, remoteShell: false, peers, ...over };
}

function debug(
  over: Partial<NonNullable<ErlangPeer['process']>> = {},
  peer: Partial<ErlangPeer> = {},
): ErlangPeer {
  return {
    key: '127.0.0.1:5000',
    address: '127.0.0.1',
    port: 5000,
    name: 'debug@host',
    hidden: false,
    process: {
      identity: identity(200),
      command: 'beam.smp -- -sname debug -remsh svc@host -setcookie secret',
      parentPid: 150,
      terminal: true,
      sessionGone: false,
      ...over,
    },
    ...peer,
  };
}

test('a hidden node that a service manager started is no orphan', () => {
  const daemon = debug(
    {
      terminal: false,
      parentPid: 1,
      sessionGone: false,
      command: 'beam.smp -- -hidden -noinput -name metrics@host',
    },
    { name: 'metrics@host', hidden: true },
  );
  const told = run([service([])], [service([daemon])], [service([daemon])]).flat();
  expect(told.map((one) => one.type === 'event' && one.draft.kind)).toEqual(['erlang.node_up']);
  nearMiss('erlang.orphan_remote_shell');
});

const MEMBER: ErlangPeer = {
  key: '10.0.0.2:4370',
  address: '10.0.0.2',
  port: 4370,
  name: 'svc@other',
  hidden: false,
};

function run(...looks: ErlangNode[][]): (readonly DetectorOutput[])[] {
  const state = erlangNodes.initial();
  return looks.map((nodes, at) =>
    erlangNodes.reduce(
      state,
      { type: 'erlang', nodes },
      {
        host: 'web1' as HostId,
        facts: undefined,
        thresholds: {},
        logs: [],
        now: 1000 + at * 2000,
      },
    ),
  );
}

const kinds = (outputs: readonly DetectorOutput[]) =>
  outputs.map((o) => {
    if (o.type === 'event') {
      fired(o.draft.kind);
      return o.draft.kind;
    }
    if (o.type !== 'close') return o.type;
    if (o.recovery) fired(o.recovery.kind);
    return `close ${o.recovery?.kind ?? o.key.split(' ')[0]}`;
  });

test('a node that joins is told with its process, and one that leaves closes it', () => {
  const [first, joined, again, left] = run(
    [service([])],
    [service([debug()])],
    [service([debug()])],
    [service([])],
  );
  expect(first).toEqual([]);
  expect(joined).toMatchObject([
    {
      type: 'event',
      draft: {
        kind: 'erlang.node_up',
        severity: 'info',
        title: 'Node debug@host joined svc (pid 200 on this host, at a terminal, visible)',
        actions: [
          { action: 'erlang.disconnect_node', arguments: { node: 'debug@host', service: identity(100) } },
        ],
      },
    },
  ]);
  expect(again).toEqual([]);
  expect(kinds(left ?? [])).toEqual(['close erlang.node_down']);
});

test('what is learned later of a node that joined is told with it, and not forgotten', () => {
  const { process: _, name: __, hidden: ___, ...connection } = debug();
  const [, joined, named, seen, lost] = run(
    [service([])],
    [service([connection])],
    [service([{ ...connection, name: 'debug@host', hidden: false }])],
    [service([debug()])],
    [service([connection])],
  );
  expect([joined, named, seen].flat()).toMatchObject([
    {
      draft: {
        title: expect.stringContaining('An unnamed node joined svc (from 127.0.0.1:5000)'),
      },
    },
    { draft: { title: 'Node debug@host joined svc (from 127.0.0.1:5000, visible)' } },
    { draft: { title: 'Node debug@host joined svc (pid 200 on this host, at a terminal, visible)' } },
  ]);
  expect(lost).toEqual([]);
});

test('the members of a cluster that were there before us are no news; a visitor is', () => {
  const [first] = run([service([MEMBER, debug()])]);
  expect(first).toMatchObject([{ draft: { title: expect.stringContaining('was connected when we came') } }]);
  nearMiss('erlang.node_up');
});

test('a shell whose terminal and session are gone is an orphan, told once, with what can be done', () => {
  const gone = debug({ terminal: false, sessionGone: true, parentPid: 1 });
  const [, orphaned, again, left] = run(
    [service([debug()])],
    [service([gone])],
    [service([gone])],
    [service([])],
  );
  expect(orphaned).toMatchObject([
    {
      draft: {
        kind: 'erlang.orphan_remote_shell',
        severity: 'critical',
        title: 'Node debug@host is still connected to svc, but its terminal is gone (pid 200)',
        actions: [{ action: 'erlang.disconnect_node' }, { action: 'process.kill' }],
      },
    },
  ]);
  expect(again).toEqual([]);
  expect(kinds(left ?? [])).toEqual(['close orphan', 'close erlang.node_down']);
  expect(JSON.stringify(orphaned)).not.toContain('secret');
});

test('one of any name that had a terminal and lost it is worth a warning', () => {
  const command = 'beam.smp -- -sname billing -noinput';
  const before = debug({ command }, { name: 'billing@host' });
  const gone = debug({ command, terminal: false, sessionGone: true, parentPid: 1 }, { name: 'billing@host' });
  const [, , orphaned] = run([service([])], [service([before])], [service([gone])]);
  expect(orphaned).toMatchObject([{ draft: { kind: 'erlang.orphan_remote_shell', severity: 'warning' } }]);
});

test.each([
  ['a shell at its terminal', debug()],
  ['one in the background of a session that stands', debug({ terminal: false })],
  [
    'a service of its own, which a supervisor started',
    debug(
      { terminal: false, sessionGone: true, parentPid: 1, command: 'beam.smp -- -sname billing -noinput' },
      { name: 'billing@host' },
    ),
  ],
])('%s is no orphan', (_, peer) => {
  const all = run([service([])], [service([peer])]).flat();
  expect(kinds(all)).not.toContain('erlang.orphan_remote_shell');
  nearMiss('erlang.orphan_remote_shell');
});

test('a node without a name is told by its address, and by its name once that is known', () => {
  const nameless: ErlangPeer = { key: '10.0.0.9:4000', address: '10.0.0.9', port: 4000 };
  const [, unnamed, named] = run(
    [service([])],
    [service([nameless])],
    [service([{ ...nameless, name: '2IFK2LIW7V06E@vm', hidden: true }])],
  );
  expect(kinds(named ?? [])).not.toContain('close erlang.node_down');
  nearMiss('erlang.node_down');
  expect(unnamed).toMatchObject([
    {
      key: expect.any(String),
      draft: { title: 'An unnamed node joined svc (from 10.0.0.9:4000)' },
    },
  ]);
  expect(named).toMatchObject([{ draft: { title: expect.stringContaining('2IFK2LIW7V06E@vm joined svc') } }]);
});

test('a name that is hostile text stays inert in the title', () => {
  const evil = debug({}, { name: '\u001b[2J<img src=x>\n@h' });
  const [, told] = run([service([])], [service([evil])]);
  const [one] = told ?? [];
  expect(one?.type === 'event' && one.draft.title).not.toMatch(/[\u001b\n]/);
});
