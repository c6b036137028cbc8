import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { type Frame, FrameParser } from './frame.ts';
import { layTick, readTree } from './recordedTree.ts';
import { type Interpreter, samplerCommand, samplerScript } from './samplerScript.ts';

const INTERPRETERS: Interpreter[] = ['perl', 'gawk', 'mawk', 'busybox'];

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
  const started = spawn('sh', ['-c', quoteCommand(samplerCommand('token-1234', root, [interpreter]))]);
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
  return {
    parser,
    raw: () => Buffer.concat(raw).toString('latin1'),
    async tick(line: string): Promise<Frame> {
      await hello;
      const next = new Promise<Frame>((resolve, reject) => {
        frame = resolve;
        started.on('close', () => reject(new Error(`the sampler ended: ${parser.preamble}`)));
      });
      started.stdin.write(`${line}\n`);
      return next;
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

describe.each(INTERPRETERS)('the sampler in %s', (interpreter) => {
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

  it('ends when its stdin ends', async () => {
    layTick(root, readTree('debian-12').ticks[0] ?? {});
    const sampler = startOver(interpreter);
    await sampler.tick('1');
    const ended = new Promise((resolve) => child?.on('close', resolve));
    child?.stdin.end();
    await ended;
    expect(child?.exitCode).toBe(0);
  });

  it('writes no byte outside printable text, tab and newline', async () => {
    layTick(root, readTree('debian-12').ticks[0] ?? {});
    const sampler = startOver(interpreter);
    await sampler.tick('1');
    expect(sampler.raw()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });
});
