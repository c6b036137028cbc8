import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { callNode, readAnswer } from '../../electron/core/erlang/callNode.ts';
import { BEAM_SCRIPT } from '../../electron/core/erlang/inspectBeams.ts';
import { identityOf } from '../../electron/core/remediation/remediationBed.ts';

/** Real nodes of this machine, started as releases and operators start them. */
const COOKIE = `fireline${process.pid}`;
/** An epmd of this test alone: it stays when its nodes end. */
const EPMD_PORT = String(20_000 + (process.pid % 10_000));
const nodes: ChildProcess[] = [];
afterEach(() => {
  for (const node of nodes.splice(0)) node.kill('SIGKILL');
  spawnSync('epmd', ['-port', EPMD_PORT, '-kill']);
});

async function start(argv: readonly string[], through: readonly string[] = []): Promise<number> {
  const [file = '', ...rest] = [
    ...through,
    'erl',
    '-noshell',
    ...argv,
    ...['-setcookie', COOKIE, '-eval', 'io:format("~s~n", [os:getpid()])'],
  ];
  const node = spawn(file, rest, {
    env: { ...process.env, ERL_EPMD_PORT: EPMD_PORT, ERL_EPMD_RELAXED_COMMAND_CHECK: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  nodes.push(node);
  const [said] = await once(node.stdout ?? node, 'data');
  return Number(String(said));
}

function ask(pid: number, expression: string) {
  const [file = '', ...argv] = callNode(identityOf(pid), expression);
  const ran = spawnSync(file, argv, { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  return readAnswer(ran);
}

test('a node is reached whose epmd listens elsewhere, and its port is known', async () => {
  const pid = await start(['-sname', `svc${process.pid}`]);
  expect(ask(pid, '{os:getpid(), nodes(connected) =/= []}')).toMatchObject({
    kind: 'ok',
    value: `{"${pid}", true}`,
  });
  const printed = execFileSync('sh', ['-c', BEAM_SCRIPT, 'beams', String(pid)], { encoding: 'utf8' });
  const [, port = ''] = new RegExp(`^E svc${process.pid} (\\d+)$`, 'm').exec(printed) ?? [];
  expect(printed).toContain(`\nL ${pid} ${Number(port).toString(16).toUpperCase().padStart(4, '0')}\n`);
});

test.each([
  ['whose host has a name that leads nowhere', ['-name', 'svc@nowhere.invalid']],
  ['without an epmd', ['-sname', `alone${process.pid}`, '-start_epmd', 'false', '-erl_epmd_port', '29123']],
])('a node %s is reached where it listens', async (_, argv) => {
  const pid = await start(argv);
  expect(ask(pid, 'os:getpid()')).toMatchObject({ kind: 'ok', value: `"${pid}"` });
});

test('a node that does not answer in time has not refused: it may do it yet', async () => {
  const pid = await start(['-sname', `busy${process.pid}`]);
  process.kill(pid, 'SIGSTOP');
  expect(ask(pid, 'node()')).toEqual({ kind: 'late', reason: 'the node gave no answer within 10 s' });
}, 30_000);

test('another node that answers by the same name evaluates nothing', async () => {
  await start(['-sname', `twin${process.pid}`]);
  // As in a container with a network of its own.
  const apart = ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];
  const alone = ['-start_epmd', 'false', '-erl_epmd_port', '29123'];
  const pid = await start(['-sname', `twin${process.pid}`, ...alone], apart);
  expect(ask(pid, 'os:getpid()')).toEqual({
    kind: 'refused',
    reason: 'another process answers by its name',
    denied: false,
  });
});
