import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { type Frame, FrameParser } from './frame.ts';
import { layTick, readTree } from './recordedTree.ts';
import { type Interpreter, samplerCommand, samplerScript } from './samplerScript.ts';
import type { TableName } from './tables.ts';

/** `awk` is Kernighan's own, as some systems have it. */
const INTERPRETERS: Interpreter[] = ['perl', 'gawk', 'mawk', 'busybox', 'awk'];
let awkFolder: string;
beforeAll(() => {
  awkFolder = mkdtempSync(join(tmpdir(), 'fireline-awk-'));
  symlinkSync('/usr/bin/original-awk', join(awkFolder, 'awk'));
});
afterAll(() => rmSync(awkFolder, { recursive: true }));

let root: string;
let child: ChildProcessWithoutNullStreams | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fireline-tree-'));
});

afterEach(async () => {
  if (child && child.exitCode === null) {
    const ended = new Promise((resolve) => child?.on('close', resolve));
    child.stdin.end();
    await ended;
  }
  child = undefined;
  rmSync(root, { recursive: true, force: true });
});

/** A sampler over `root`, driven by hand. */
function startOver(interpreter: Interpreter) {
  const raw: Buffer[] = [];
  let frame: ((frame: Frame) => void) | undefined;
  let greeted: () => void = () => {};
  const hello = new Promise<void>((resolve) => {
    greeted = resolve;
  });
  const command = quoteCommand(samplerCommand('token-1234', root, [interpreter]));
  const started = spawn('sh', ['-c', command], {
    env: { ...process.env, PATH: `${awkFolder}:${process.env['PATH']}` },
  });
  child = started;
  const parser = new FrameParser('token-1234', {
    need: (implementation) => started.stdin.write(samplerScript(implementation)),
    none: () => greeted(),
    hello: () => greeted(),
    frame: (next) => frame?.(next),
  });
  started.stdout.on('data', (bytes: Buffer) => {
    raw.push(Buffer.from(bytes));
    parser.push(bytes);
  });
  const ended = once(started, 'close').then((): never => {
    throw new Error(`the sampler ended: ${parser.preamble}`);
  });
  // It ends when the test does, too.
  ended.catch(() => {});
  return {
    parser,
    raw: () => Buffer.concat(raw).toString('latin1'),
    async tick(line: string): Promise<Frame> {
      await hello;
      const next = new Promise<Frame>((resolve) => {
        frame = resolve;
      });
      started.stdin.write(`${line}\n`);
      return Promise.race([next, ended]);
    },
  };
}

/** What must be equal whatever the implementation: all but clocks and the sampler's own cost; order is free. */
function comparable(frame: Frame) {
  const { clock, cost, elapsedMs, bytes, ...rest } = frame;
  const key = (line: Frame['processes'][number]) => `${line.pid} ${line.line}`;
  return {
    ...rest,
    processes: [...frame.processes].sort((a, b) => (key(a) < key(b) ? -1 : 1)),
    clocked: clock !== undefined,
  };
}

async function play(interpreter: Interpreter, tree: string, overlay: Record<string, string | null> = {}) {
  const recorded = readTree(tree);
  const sampler = startOver(interpreter);
  const frames: Frame[] = [];
  for (const [index, tick] of recorded.ticks.entries()) {
    layTick(root, index === 0 ? { ...tick, ...overlay } : tick);
    frames.push(await sampler.tick(String(frames.length + 1)));
  }
  // Once more without a change, then everything again.
  frames.push(await sampler.tick(String(frames.length + 1)));
  frames.push(await sampler.tick(`${frames.length + 1} r`));
  expect(sampler.parser.faults).toBe(0);
  return frames.map(comparable);
}

describe.each(['debian-12', 'ubuntu-24.04', 'linux-3.10-layout'])('the sampler over %s', (tree) => {
  it('gives the same frames in perl and in every awk', async () => {
    const reference = await play('perl', tree);
    for (const interpreter of INTERPRETERS.slice(1)) {
      await child?.stdin.end();
      rmSync(root, { recursive: true, force: true });
      expect(await play(interpreter, tree), interpreter).toEqual(reference);
    }
  });
});

describe.each(INTERPRETERS)('the dear looks in %s', (interpreter) => {
  it('are bounded summaries, and what went is told by its key', async () => {
    const { first, later } = await lookDearly(interpreter);
    const table = (name: TableName) => Object.fromEntries(first.tables.get(name)?.rows ?? []);
    expect(table('if')).toEqual({ eth0: ['1000'] });
    expect(table('fs')).toEqual({
      '/': words('/dev/vda1 ext4 rw 7864320 3774873 3670016 524288 1200'),
      '/srv/with space': words('/dev/vdb xfs ro 1000 990 10 - -'),
      '/mnt/nfs2': words('/dev/vde xfs rw 1000 100 900 - -'),
      '/dev/shm': words('tmpfs tmpfs rw 65536 0 65536 - -'),
    });
    expect(table('gm')).toEqual({
      '/lab/web1': words('268435456 209715200 2 4096 27973'),
    });
    expect(table('gc')).toEqual({ '/lab/web1': words('50000 100000 900 700 12345 27973') });
    expect(table('tcp')).toEqual({
      'ls 22': words('1 0 0 0 0 0 0 -'),
      'ls 8080': words('1 129 129 1 0 0 0 -'),
      'in 01 8080': words('20 0 0 0 0 0 0 -'),
      'to 01 9243': words('80 22020 1101 20 443 443 1 27970'),
      'at 01 9243 0A00000A': words('40 0 0 0 443 443 1 27970'),
      'at 01 9243 0B00000A': words('40 22020 1101 20 0 0 0 27970'),
    });
    expect([first.values.get('vListenOverflows'), first.values.get('vListenDrops')]).toEqual([7, 9]);
    expect(first.openFiles).toEqual(
      expect.arrayContaining([
        { pid: 27970, count: 120, limit: 1024 },
        { pid: 27973, count: 3 },
      ]),
    );
    expect(first.openFiles.map((one) => one.pid)).not.toContain(27972);
    // Of the four largest, told again only when it changed.
    expect(first.sharedPages).toEqual([27969, 27972, 27973, 27991].map((pid) => ({ pid, pages: pid })));
    expect(later.sharedPages).toEqual([]);
    expect(Object.fromEntries(later.tables.get('tcp')?.rows ?? [])).toEqual({
      // It was not empty at three looks: its owner was looked for, and is nobody here.
      'ls 8080': words('1 129 129 1 0 0 0 0'),
    });
    expect(later.tables.get('tcp')?.gone).toEqual(
      new Set(['to 01 9243', 'at 01 9243 0A00000A', 'at 01 9243 0B00000A']),
    );
  });
});

const words = (text: string) => text.split(' ');

/** Two rounds of all that is looked at rarely, each round as if in one frame. */
async function lookDearly(interpreter: Interpreter) {
  layTick(root, readTree('debian-12').ticks[0] ?? {});
  layTick(root, dearTree());
  const sampler = startOver(interpreter);
  const rounds: Frame[][] = [[], []];
  for (let seq = 1; seq <= 36; seq++) {
    // Control groups go by what used CPU since the last look.
    if (seq === 6) layTick(root, readTree('debian-12').ticks[1] ?? {});
    if (seq === 12) layTick(root, { 'proc/net/tcp': tcpTable([...LISTENERS, ...INBOUND]) });
    rounds[seq < 12 ? 0 : 1]?.push(await sampler.tick(String(seq)));
  }
  expect(sampler.parser.faults).toBe(0);
  const [first = [], later = []] = rounds;
  return { first: together(first), later: together(later) };
}

function together(frames: Frame[]) {
  const tables: Frame['tables'] = new Map();
  for (const frame of frames)
    for (const [name, { rows, gone }] of frame.tables) {
      const all = tables.get(name) ?? { rows: new Map(), gone: new Set() };
      for (const [key, row] of rows) all.rows.set(key, row);
      for (const key of gone) all.gone.add(key);
      tables.set(name, all);
    }
  return {
    tables,
    values: new Map(frames.flatMap((frame) => [...frame.values])),
    openFiles: frames.flatMap((frame) => frame.openFiles),
    sharedPages: frames.flatMap((frame) => frame.sharedPages).sort((a, b) => a.pid - b.pid),
  };
}

type Socket = {
  local: string;
  remote: string;
  state: string;
  send?: number;
  receive?: number;
  inode: number;
};
const hexadecimal = (value: number, digits = 8) => value.toString(16).toUpperCase().padStart(digits, '0');
const LISTENERS: Socket[] = [
  { local: '00000000:0016', remote: '00000000:0000', state: '0A', inode: 11 },
  { local: '00000000:1F90', remote: '00000000:0000', state: '0A', receive: 129, inode: 12 },
];
const INBOUND: Socket[] = Array.from({ length: 20 }, (_, n) => ({
  local: '0100007F:1F90',
  remote: `0200007F:${hexadecimal(40_000 + n, 4)}`,
  state: '01',
  inode: 100 + n,
}));
const OUTBOUND: Socket[] = Array.from({ length: 80 }, (_, n) => ({
  local: `0100000A:${hexadecimal(50_000 + n, 4)}`,
  remote: `0${n % 2 === 0 ? 'A' : 'B'}00000A:241B`,
  state: '01',
  ...(n % 4 === 1 ? { receive: 1101 } : {}),
  ...(n === 0 ? { send: 443 } : {}),
  inode: 5000 + n,
}));

/** As the kernel prints it (get_tcp4_sock): queues as send:receive. */
function tcpTable(sockets: Socket[]): string {
  const lines = sockets.map(
    (one, n) =>
      `${String(n).padStart(4)}: ${one.local} ${one.remote} ${one.state} ${hexadecimal(one.send ?? 0)}:${hexadecimal(one.receive ?? 0)} 00:00000000 00000000     0        0 ${one.inode} 1 0000000000000000 100 0 0 10 0`,
  );
  return `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n${lines.join('\n')}\n`;
}

function dearTree(): Record<string, string> {
  const memory = 'sys/fs/cgroup/memory/lab/web1';
  const cpu = 'sys/fs/cgroup/cpu/lab/web1';
  const tree: Record<string, string> = {
    'proc/net/tcp': tcpTable([...LISTENERS, ...INBOUND, ...OUTBOUND]),
    'proc/net/netstat':
      'TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 7 9\nIpExt: InNoRoutes\nIpExt: 0\n',
    'proc/self/mounts': [
      '/dev/vda1 / ext4 rw,relatime 0 0',
      '/dev/vda1 /etc/resolv.conf ext4 rw,relatime 0 0',
      'proc /proc proc rw 0 0',
      '/dev/vdb /srv/with\\040space xfs ro,noatime 0 0',
      'dead:/export /mnt/nfs nfs4 rw 0 0',
      '/dev/vdd /mnt/nfs/cache xfs rw 0 0',
      '/dev/vde /mnt/nfs2 xfs rw 0 0',
      'tmpfs /dev/shm tmpfs rw,nosuid 0 0',
      'devtmpfs /dev devtmpfs rw 0 0',
      'overlay /var/lib/docker/overlay2/a/merged overlay rw 0 0',
      '/dev/vdc /etc/resolv.conf ext4 rw 0 0',
    ].join('\n'),
    df: [
      'Filesystem     1024-blocks     Used Available Capacity Mounted on',
      '/dev/vda1          7864320  3774873   3670016      51% /',
      '/dev/vdb              1000      990        10      99% /srv/with space',
      '/dev/vdd              1000      100       900      10% /mnt/nfs/cache',
      '/dev/vde              1000      100       900      10% /mnt/nfs2',
      'tmpfs                65536        0     65536       0% /dev/shm',
      '/dev/vdc              1000      990        10      99% /etc/resolv.conf',
      'Filesystem       Inodes   IUsed   IFree IUse% Mounted on',
      '/dev/vda1        524288  523088    1200  100% /',
      '/dev/vdb              0       0       0     - /srv/with space',
      '',
    ].join('\n'),
    // A host of forty containers: their ends come before it, and say nothing.
    'proc/net/dev': [
      ...Array.from({ length: 40 }, (_, n) => `cali${n}a: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0`),
      'eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0',
      '',
    ].join('\n'),
    'sys/class/net/eth0/speed': '1000\n',
    'proc/self/cgroup': '5:cpu,cpuacct:/\n4:memory:/\n',
    'proc/27973/cgroup': '5:cpu,cpuacct:/lab/web1/inner\n4:memory:/lab/web1\n',
    [`${memory}/memory.limit_in_bytes`]: '268435456\n',
    [`${memory}/memory.usage_in_bytes`]: '209715200\n',
    [`${memory}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    [`${memory}/memory.stat`]:
      'cache 9000\ninactive_file 1\nactive_file 2\ntotal_inactive_file 4000\ntotal_active_file 96\n',
    'sys/fs/cgroup/cpu/cpu.shares': '1024\n',
    [`${cpu}/cpu.cfs_quota_us`]: '50000\n',
    [`${cpu}/cpu.cfs_period_us`]: '100000\n',
    [`${cpu}/cpu.stat`]: 'nr_periods 900\nnr_throttled 700\nthrottled_time 12345678\n',
    'proc/27970/limits':
      'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n',
  };
  for (const pid of ['1', '2', '3', '14', '27969', '27970', '27972', '27973', '27974', '27991'])
    tree[`proc/${pid}/statm`] = `90000 80000 ${pid} 1 0 9 0\n`;
  for (let n = 0; n < 120; n++) tree[`proc/27970/fd/${n}@`] = n < 80 ? `socket:[${5000 + n}]` : '/dev/null';
  for (let n = 0; n < 3; n++) tree[`proc/27973/fd/${n}@`] = 'pipe:[77]';
  // All that could be the owner may be looked at; those without an open file are kernel threads, or zombies.
  for (const pid of ['2', '3', '14', '27969', '27972', '27974', '27991']) tree[`proc/${pid}/fd/.keep`] = '';
  return tree;
}

describe.each(INTERPRETERS)('the sampler in %s', (interpreter) => {
  it('names each of some thousand processes, and reads no more than some hundreds of those that sleep', async () => {
    layTick(root, readTree('debian-12').ticks[0] ?? {});
    const numbers = `S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 ${'0 '.repeat(30)}`;
    for (let pid = 40_000; pid < 43_600; pid++)
      layTick(root, {
        [`proc/${pid}/stat`]: `${pid} (waiter) ${numbers}\n`,
        [`proc/${pid}/cmdline`]: `/srv/waiter\0--number\0${pid}\0`,
      });
    const sampler = startOver(interpreter);
    const first = await sampler.tick('1');
    const waiters = first.processes.filter((line) => line.line === 'told' && line.name === 'waiter');
    expect(waiters).toHaveLength(3600);
    for (const waiter of waiters)
      expect(waiter).toMatchObject({ command: `/srv/waiter --number ${waiter.pid}` });
    const reads = [];
    for (const seq of ['2', '3', '4', '5', '6', '7']) reads.push((await sampler.tick(seq)).read);
    expect(Math.max(...reads)).toBeLessThan(650);
    expect(reads.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(3600);
  }, 60_000);

  it('reads names and arguments that are hostile, and cuts at 4,096 bytes', async () => {
    const [frame] = await play(interpreter, 'debian-12');
    const hostile = frame?.processes.find((line) => line.line === 'told' && line.name.startsWith('ev)'));
    expect(hostile).toMatchObject({ line: 'told', name: 'ev) R 1\n(x)\\ y', state: 'S', uid: '0' });
    const command = hostile?.line === 'told' ? hostile.command : '';
    expect(command).toContain('tab\there new\nline bad\ufffd\ufffdutf8 aaa');
    expect(command.length).toBe(4096);
  });

  it('tells only what changed, and everything again when asked', async () => {
    const [first, second, third, again] = await play(interpreter, 'debian-12');
    expect(first?.mode).toBe('reset');
    expect(second?.mode).toBe('adaptive');
    expect(second?.facts.size).toBe(0);
    expect(second?.processes.some((line) => line.line === 'gone')).toBe(true);
    expect(third?.processes).toEqual([]);
    expect(third?.values.size).toBe(0);
    expect(again?.mode).toBe('reset');
    expect(again?.facts).toEqual(first?.facts);
  });

  it('follows a reaped child to its parent in the same frame', async () => {
    const [, second] = await play(interpreter, 'linux-3.10-layout');
    expect(second?.processes).toEqual(
      expect.arrayContaining([
        { line: 'gone', pid: 4000 },
        { line: 'gone', pid: 4020 },
        expect.objectContaining({ line: 'changed', pid: 1300, reapedTicks: 890 }),
        expect.objectContaining({ line: 'told', pid: 4039, name: 'uni) S 1 (corn', uid: '1001' }),
        expect.objectContaining({ line: 'told', pid: 4010, command: 'dd if=/dev/sdz' }),
      ]),
    );
  });

  it('finds the cgroup level whose limit holds, v1 and v2', async () => {
    const [v1] = await play(interpreter, 'linux-3.10-layout');
    expect(v1?.cgroupMemory).toEqual({ limitBytes: 536870912, usageBytes: 104857600, oomKills: 3 });
    expect(v1?.cgroupCpu).toEqual({ quotaCores: 1.5, periods: 900, throttledPeriods: 12 });
    child?.stdin.end();
    // The limit on memory is the slice's, that on CPU the service's in it.
    const [real, later] = await play(interpreter, 'ubuntu-24.04');
    expect(real?.cgroupMemory).toEqual({ limitBytes: 268435456, usageBytes: 60727296, oomKills: 1 });
    expect(real?.cgroupCpu).toEqual({ quotaCores: 0.75, periods: 135, throttledPeriods: 118 });
    expect(later?.mode).toBe('adaptive');
    child?.stdin.end();
    const top = 'sys/fs/cgroup';
    const [v2] = await play(interpreter, 'debian-12', {
      'proc/self/cgroup': '0::/app/inner\n',
      [`${top}/app/inner/memory.max`]: 'max\n',
      [`${top}/app/memory.max`]: '268435456\n',
      [`${top}/app/memory.current`]: '1048576\n',
      [`${top}/app/memory.events`]: 'low 0\noom 2\noom_kill 1\n',
      [`${top}/app/inner/cpu.max`]: '50000 100000\n',
      [`${top}/app/inner/cpu.stat`]: 'usage_usec 1\nnr_periods 10\nnr_throttled 4\n',
    });
    expect(v2?.cgroupMemory).toEqual({ limitBytes: 268435456, usageBytes: 1048576, oomKills: 1 });
    expect(v2?.cgroupCpu).toEqual({ quotaCores: 0.5, periods: 10, throttledPeriods: 4 });
  });

  it('reads its own group’s kills in the tick in which the machine’s kernel has killed, not only every five', async () => {
    const [first = {}, second = {}] = readTree('debian-12').ticks;
    const killed = (machine: number, own: number) => ({
      'proc/vmstat': `nr_free_pages 100\noom_kill ${machine}\n`,
      'proc/self/cgroup': '0::/app\n',
      'sys/fs/cgroup/app/memory.max': '268435456\n',
      'sys/fs/cgroup/app/memory.current': '1048576\n',
      'sys/fs/cgroup/app/memory.events': `oom ${own}\noom_kill ${own}\n`,
    });
    layTick(root, { ...first, ...killed(7, 1) });
    const sampler = startOver(interpreter);
    expect((await sampler.tick('11')).cgroupMemory?.oomKills).toBe(1);
    layTick(root, { ...second, ...killed(7, 1) });
    expect((await sampler.tick('12')).cgroupMemory).toBeUndefined();
    layTick(root, killed(8, 2));
    expect((await sampler.tick('13')).cgroupMemory?.oomKills).toBe(2);
  });

  it('ends when its stdin ends', async () => {
    layTick(root, readTree('debian-12').ticks[0] ?? {});
    const sampler = startOver(interpreter);
    await sampler.tick('1');
    const ended = new Promise((resolve) => child?.on('close', resolve));
    child?.stdin.end();
    await ended;
    expect(child?.exitCode).toBe(0);
  });

  it('reads an interface of any name that the kernel takes', async () => {
    const name = 'a\u001b[2J\\b';
    const figures = '100 2 0 0 0 0 0 0 300 4 0 0 0 0 0 0';
    const [frame] = await play(interpreter, 'debian-12', { 'proc/net/dev': `  ${name}: ${figures}\n` });
    expect(frame?.interfaces.get(name)).toEqual([100, 300, 0, 0, 0, 0, 2, 4]);
    layTick(root, { 'proc/net/dev': `  ${name}: ${figures}\n` });
    const sampler = startOver(interpreter);
    await sampler.tick('1');
    expect(sampler.raw()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });

  it('writes no byte outside printable text, tab and newline', async () => {
    layTick(root, readTree('debian-12').ticks[0] ?? {});
    const sampler = startOver(interpreter);
    await sampler.tick('1');
    expect(sampler.raw()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });
});
