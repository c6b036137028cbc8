import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { type Frame, FrameParser } from './frame.ts';
import { samplerCommand, samplerScript } from './samplerScript.ts';

/** The number of the initial pid namespace, part of the kernel's interface (PROC_PID_INIT_INO). */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

const children = new Set<ChildProcessWithoutNullStreams>();
afterEach(async () => {
  for (const child of children) await end(child);
});

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  children.delete(child);
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
  child.stdin.end();
  await ended;
}

/** The sampler over this machine, driven by hand: nothing is read between two ticks. */
function sampler() {
  let frame: ((frame: Frame) => void) | undefined;
  const started = spawn('sh', ['-c', quoteCommand(samplerCommand('token-1234', '', ['perl']))]);
  children.add(started);
  const hello = new Promise<void>((resolve, reject) => {
    started.once('close', () => reject(new Error('the sampler ended')));
    const parser = new FrameParser('token-1234', {
      need: (implementation) => started.stdin.write(samplerScript(implementation)),
      none: () => reject(new Error('no perl')),
      hello: () => resolve(),
      frame: (next) => frame?.(next),
    });
    started.stdout.on('data', (bytes: Buffer) => parser.push(bytes));
  });
  let seq = 0;
  return {
    started,
    async tick(): Promise<Frame> {
      await hello;
      const next = new Promise<Frame>((resolve) => {
        frame = resolve;
      });
      seq++;
      started.stdin.write(`${seq}\n`);
      return next;
    },
  };
}

type Driven = ReturnType<typeof sampler>;

/** `on`, or why not; a kernel that does not answer is waited for until the second tick. */
async function connectorOf(driven: Driven): Promise<string> {
  const told = [await driven.tick(), await driven.tick()].map((one) => one.facts.get('connector'));
  return told.find((one) => one !== undefined) ?? '';
}

/** In a container, say, the kernel refuses: then the sampler says why, and tells nothing that it cannot know. */
async function refusedFor(driven: Driven, state: string): Promise<boolean> {
  process.stdout.write(`process connector of this machine: ${state}\n`);
  if (state === 'on') {
    expect(readlinkSync('/proc/self/ns/pid')).toBe(INITIAL_PID_NAMESPACE);
    return false;
  }
  expect(state).toMatch(
    /^refused: (?:another network namespace|no answer: this is not the initial|not allowed|no socket|the kernel|\/proc is|perl is|Operation not)/,
  );
  const frame = await driven.tick();
  expect([frame.kernelEvents, frame.children]).toEqual([undefined, []]);
  return true;
}

test('every child that is forked, and how it ends, is told by the kernel; or why it is not', async () => {
  // Others may fork so much on this machine that the kernel cannot hand it all over: then it is tried again.
  for (let attempt = 1; attempt <= 5; attempt++) {
    const driven = sampler();
    const state = await connectorOf(driven);
    if (await refusedFor(driven, state)) return;
    const script = [
      'n=0; while [ $n -lt 20 ]; do sh -c "exit 7"; n=$((n+1)); done',
      'sh -c "kill -KILL \\$\\$"; echo done; read -r end',
    ].join('; ');
    const loop = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    const closed = once(loop, 'close');
    await once(loop.stdout, 'data');
    const frame = await driven.tick();
    loop.kill('SIGTERM');
    await closed;
    const after = await driven.tick();
    await end(driven.started);
    const row = frame.children.find((one) => one.parentPid === loop.pid);
    if (
      frame.kernelEvents?.lost !== 0 ||
      frame.kernelEvents.oneIn !== 1 ||
      after.kernelEvents?.lost !== 0 ||
      !row
    ) {
      expect(frame.kernelEvents).toBeDefined();
      continue;
    }
    expect(frame.kernelEvents).toEqual({ oneIn: 1, lost: 0 });
    expect(row).toEqual({
      parentPid: loop.pid,
      started: 21,
      executed: 21,
      ended: 21,
      endings: [
        { status: 7 << 8, count: 20, longestMs: expect.any(Number) },
        { status: 9, count: 1, longestMs: expect.any(Number) },
      ],
    });
    expect(after.processes).toContainEqual({ line: 'gone', pid: loop.pid, status: 15 });
    return;
  }
  process.stdout.write('this machine forks too much for a count of a few: only that it is told was seen\n');
});

test('what the kernel could not hand over is counted, and then one process in so many is looked at', async () => {
  const driven = sampler();
  const state = await connectorOf(driven);
  if (await refusedFor(driven, state)) return;
  // Twice as many events as the buffer holds, which nobody reads meanwhile.
  const forks = 1500;
  execFileSync('perl', ['-e', `for (1 .. ${forks}) { my $p = fork; if (!$p) { exit 3 } waitpid $p, 0 }`]);
  const burst = await driven.tick();
  const { lost = 0 } = burst.kernelEvents ?? {};
  const told = burst.children.reduce((sum, one) => sum + one.started + one.executed + one.ended, 0);
  expect(lost).toBeGreaterThan(0);
  expect(told).toBeGreaterThan(0);
  expect(told + lost).toBeGreaterThanOrEqual(2 * forks);
  expect((await driven.tick()).kernelEvents?.oneIn).toBeGreaterThan(1);
});
