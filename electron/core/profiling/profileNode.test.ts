import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { createLooker } from '../remediation/look.ts';
import { ChildSession } from '../sampling/childSession.ts';
import { runChannel } from '../sessions/runChannel.ts';
import type { RunOptions } from '../sessions/session.ts';
import { planProfile } from './planProfile.ts';
import { boundSeconds, inspectorInput } from './profileCommands.ts';
import { runProfile } from './runProfile.ts';

/** Real Node processes of this machine, profiled by their inspectors as on a host. */
const HOST = 'here' as HostId;
const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const BURN = `function* spin() { for (;;) { let sum = 0; for (let n = 0; n < 1e6; n++) sum += n; yield sum; } }
process.stdout.write('runs\\n'); const it = spin(); const until = Date.now() + 60000; while (Date.now() < until) it.next();`;
const children: ChildProcess[] = [];
/** What they say on their standard error. */
let complaints = '';

afterEach(async () => {
  complaints = '';
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

async function start(file: string, ...argv: string[]): Promise<number> {
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  child.stderr?.on('data', (part) => {
    complaints += part;
  });
  if (child.stdout) await once(child.stdout, 'data');
  return child.pid ?? 0;
}

function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function session() {
  const child = new ChildSession(HOST);
  child.start();
  const openExec = child.openExec.bind(child);
  return {
    child,
    openExec,
    run: (argv: readonly string[], options: RunOptions) =>
      runChannel(systemClock, options, () => openExec(argv)),
  };
}

async function planFor(on: ReturnType<typeof session>, pids: readonly number[]) {
  const processes = pids.map((pid) => ({ bootId: BOOT, pid, startTicks: Number(statOf(pid)[19]) }));
  const table = processes.map(({ pid, startTicks }) => ({
    pid,
    startTicks,
    name: 'MainThread',
    command: `${process.execPath} app.js`,
    state: 'R',
    cpu: 1,
  }));
  const look = createLooker(HOST, () => on, new AbortController().signal);
  return await planProfile(
    { targets: { processes }, seconds: 1, way: 'inspector' },
    {
      host: HOST,
      look,
      facts: { bootId: BOOT } as HostFacts,
      sample: { table } as unknown as Sample,
      now: 0,
    },
  );
}

/** Ports on which a process listens, by the socket's inodes. */
async function listens(pid: number): Promise<string> {
  const child = spawn('sh', [
    '-c',
    'ls -l /proc/$1/fd | grep -o "socket:.[0-9]*" | tr -dc "0-9\\n" | while read -r i; do grep " 0A .* $i " /proc/net/tcp; done',
    'sh',
    String(pid),
  ]);
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  await once(child, 'close');
  return text;
}

/** Works for so long at a time that an inspector is opened, asked and closed within one turn of its event loop. */
const LONG_TURNS = `let turns = 0; const turn = () => { const until = Date.now() + 1500; while (Date.now() < until);
  process.stdout.write(\`turn \${++turns}\\n\`); setTimeout(turn, 5); }; process.stdout.write('runs\\n'); setTimeout(turn, 5);`;

it('one that seldom returns to its event loop has no inspector open when it does', async () => {
  const pid = await start(process.execPath, '-e', LONG_TURNS);
  const on = session();
  const { plan, argv } = await planFor(on, [pid]);
  const done = await runProfile(plan, argv, {
    session: on,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  if (!done.ok) throw new Error(done.error);
  expect(done.value.processes.map(({ failure }) => failure)).toEqual([undefined]);
  const output = children[0]?.stdout;
  if (!output) throw new Error('it has no output');
  for (let turn = 0; turn < 3; turn++) {
    await once(output, 'data');
    expect(await listens(pid)).toBe('');
  }
  on.child.dispose();
}, 40_000);

it('two that never return to their event loop are profiled at once, and their inspectors are closed again', async () => {
  const pids = [await start(process.execPath, '-e', BURN), await start(process.execPath, '-e', BURN)];
  const stranger = await start('sh', '-c', 'echo runs; exec sleep 60');
  const on = session();
  const { plan, argv } = await planFor(on, [...pids, stranger]);
  expect(plan.refusal).toBeUndefined();
  expect(plan.processes.map(({ name }) => name)[0]).toBe('node');
  expect(plan.processes.filter(({ refusal }) => refusal?.includes('SIGUSR1 would end it'))).toHaveLength(1);
  const phases: string[] = [];
  const done = await runProfile(plan, argv, {
    session: on,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: ({ phase }) => phases.push(phase),
  });
  if (!done.ok) throw new Error(done.error);
  expect([...new Set(phases)]).toEqual(['opening', 'sampling', 'reading']);
  for (const folded of done.value.folded) expect(folded).toMatch(/spin/);
  expect(done.value.processes.map(({ failure }) => failure)).toEqual([undefined, undefined]);
  for (const pid of pids) expect(await listens(pid)).toBe('');
  expect(children.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toBe(true);
  on.child.dispose();
});

it('what is stopped in the middle closes what it has opened, and can be profiled again', async () => {
  const pid = await start(process.execPath, '-e', BURN);
  const on = session();
  for (const cancelled of [true, false]) {
    const { plan, argv } = await planFor(on, [pid]);
    const cancel = new AbortController();
    const done = await runProfile(plan, argv, {
      session: on,
      clock: systemClock,
      signal: cancel.signal,
      onProgress: ({ phase }) => {
        if (cancelled && phase === 'sampling') cancel.abort();
      },
    });
    expect(done.ok).toBe(!cancelled);
    expect(await listens(pid)).toBe('');
  }
  on.child.dispose();
});

it('a process that does not expect SIGUSR1, or is another by now, is left alone', async () => {
  const deaf = await start(process.execPath, '--disable-sigusr1', '-e', BURN);
  const on = session();
  const { plan, argv } = await planFor(on, [deaf]);
  const run = (command: readonly string[]) =>
    runProfile(plan, command, {
      session: on,
      clock: systemClock,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  expect(await run(argv)).toMatchObject({
    ok: false,
    error: expect.stringContaining('does not catch SIGUSR1'),
  });
  const older = argv.map((one) => one.replace(/^(\d+):\d+$/, '$1:1'));
  expect(await run(older)).toMatchObject({
    ok: false,
    error: expect.stringContaining('another process by now'),
  });
  expect(children[0]?.signalCode).toBeNull();
  on.child.dispose();
});

/** Holds a port of this machine, once nobody else does. */
async function hold(port: number) {
  for (;;) {
    const server = createServer((socket) => socket.destroy());
    const [how] = await Promise.race([
      once(server.listen(port, '127.0.0.1'), 'listening').then(() => ['held']),
      once(server, 'error'),
    ]);
    const address = server.address();
    if (how === 'held' && address !== null && typeof address === 'object')
      return { port: address.port, release: () => server.close() };
    await sleep(20);
  }
}

const PORT_IS_TAKEN = 'address already in use';

async function profiled(pid: number): Promise<string> {
  const on = session();
  const { plan, argv } = await planFor(on, [pid]);
  const done = await runProfile(plan, argv, {
    session: on,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  on.child.dispose();
  if (!done.ok) throw new Error(done.error);
  expect(await listens(pid)).toBe('');
  return done.value.folded.join('');
}

it('while another holds 9229, nobody is told to open an inspector there', async () => {
  const pid = await start(process.execPath, '-e', BURN);
  const holder = await hold(9229);
  let ended = false;
  const folded = profiled(pid).finally(() => {
    ended = true;
  });
  // Long enough to begin, and nothing else would say that it waits.
  await sleep(1500);
  expect(ended).toBe(false);
  expect(complaints).toBe('');
  holder.release();
  expect(await folded).toMatch(/spin/);
  expect(complaints).not.toContain(PORT_IS_TAKEN);
});

it('an inspector that found its port taken is told again when it is free', async () => {
  const holder = await hold(0);
  const pid = await start(process.execPath, `--inspect-port=${holder.port}`, '-e', BURN);
  const folded = profiled(pid);
  const told = children[0]?.stderr;
  while (!complaints.includes(PORT_IS_TAKEN) && told) await once(told, 'data');
  holder.release();
  expect(await folded).toMatch(/spin/);
});

it('where nobody reads and nothing says that the link is gone, it ends by its own bound', async () => {
  // A profile that does not fit into a pipe: 200 frames deep, with long names.
  const deep = `const last = () => { const until = Date.now() + 20; while (Date.now() < until); };
let next = last; for (let n = 0; n < 200; n++) next = new Function('called', 'return function f' + n + 'x'.repeat(20000) + '() { called(); return ' + n + '; }')(next);
process.stdout.write('runs\\n'); const until = Date.now() + 60000; while (Date.now() < until) next();`;
  const pid = await start(process.execPath, '-e', deep);
  const on = session();
  const { argv } = await planFor(on, [pid]);
  on.child.dispose();
  const bound = argv.lastIndexOf(String(boundSeconds(1, 1)));
  expect(bound).toBe(argv.length - 2);
  const [file = '', ...rest] = argv.with(bound, '3');
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  child.stdin.write(inspectorInput());
  expect(await once(child, 'exit')).toEqual([5, null]);
  expect(await listens(pid)).toBe('');
});
