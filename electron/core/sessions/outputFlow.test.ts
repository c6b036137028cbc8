import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { WindowLink } from '../../../shared/contract/rpc.ts';
import { createOutputFlow } from './outputFlow.ts';
import { createRecorder } from './recorder.ts';

const directory = mkdtempSync(join(tmpdir(), 'fireline-flow-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let owned = new DisposableStore();
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
let files = 0;

function flowOf() {
  const clock = new ManualClock(1_000);
  const recorder = owned.add(
    createRecorder({
      file: join(directory, `${files++}.cast`),
      size: { columns: 80, rows: 24 },
      clock,
    }),
  );
  const state = { paused: false };
  const flow = owned.add(
    createOutputFlow({
      wire: 1,
      clock,
      recorder,
      pause: () => {
        state.paused = true;
      },
      resume: () => {
        state.paused = false;
      },
    }),
  );
  function openWindow(id: number) {
    const received: Buffer[] = [];
    let owed = 0;
    const window = {
      parses: true,
      /** Whose questions its terminal does not answer. */
      replayed: 0,
      bytes: () => Buffer.concat(received),
      /** Parses what has come so far. */
      parse() {
        const count = owed;
        owed = 0;
        if (count > 0) flow.acknowledge(link, count);
      },
    };
    const link: WindowLink = {
      id,
      lifetime: owned.add(new DisposableStore()),
      emit() {},
      sendTerminal(frame) {
        if (frame.type !== 'output' && frame.type !== 'replay') return;
        received.push(Buffer.from(frame.bytes));
        if (frame.type === 'replay') window.replayed += frame.bytes.length;
        owed += frame.bytes.length;
        if (window.parses) window.parse();
      },
    };
    return { link, window };
  }
  return { clock, recorder, flow, state, openWindow };
}

it('a window that stops taking its output does not hold up another, and is given all of it later', async () => {
  const { clock, flow, state, openWindow, recorder } = flowOf();
  const [here, there] = [openWindow(1), openWindow(2)];
  await flow.attach(here.link, 0);
  await flow.attach(there.link, 0);
  there.window.parses = false;
  const sent: Buffer[] = [];
  // The disk has its time too: what waits for it would pause the channel as well.
  const print = async (bytes: Buffer) => {
    sent.push(bytes);
    flow.output(bytes);
    clock.advance(10);
    await recorder.flush();
  };
  while (!state.paused) await print(randomBytes(100_000));
  // It may be slow only for a moment.
  clock.advance(1_000);
  expect(state.paused).toBe(true);
  clock.advance(2_000);
  expect(state.paused).toBe(false);
  for (let n = 0; n < 40; n++) await print(randomBytes(100_000));
  expect(state.paused).toBe(false);
  expect(sha(here.window.bytes())).toBe(sha(Buffer.concat(sent)));
  expect(there.window.bytes().length).toBeLessThan(2_000_000);

  const late = recorder.totalBytes - there.window.bytes().length;
  there.window.parses = true;
  there.window.parse();
  const caughtUp = () => there.window.bytes().length === recorder.totalBytes;
  for (let n = 0; n < 400 && !caughtUp(); n++) {
    if (n % 10 === 0) await print(randomBytes(5_000));
    await recorder.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await print(Buffer.from('and live again'));
  expect(there.window.bytes().subarray(-14).toString()).toBe('and live again');
  expect(sha(there.window.bytes())).toBe(sha(Buffer.concat(sent)));
  expect(sha(here.window.bytes())).toBe(sha(Buffer.concat(sent)));
  // The window that went on has answered long ago what programs asked.
  expect(there.window.replayed).toBeGreaterThanOrEqual(late);
  expect(here.window.replayed).toBe(0);
});

it('the only window is waited for, however long it takes', async () => {
  const { clock, flow, state, openWindow, recorder } = flowOf();
  const { link, window } = openWindow(1);
  await flow.attach(link, 0);
  window.parses = false;
  const sent: Buffer[] = [];
  while (!state.paused) {
    const bytes = randomBytes(100_000);
    sent.push(bytes);
    flow.output(bytes);
    clock.advance(10);
  }
  await recorder.flush();
  clock.advance(600_000);
  expect(state.paused).toBe(true);
  window.parses = true;
  window.parse();
  expect(state.paused).toBe(false);
  expect(sha(window.bytes())).toBe(sha(Buffer.concat(sent)));
});
