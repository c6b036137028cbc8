import { afterEach, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { createStartUp, type StartUp } from './startUp.ts';

let startUp: StartUp | undefined;
afterEach(() => startUp?.dispose());

function start(held = false, lines = ['cd /srv', 'htop']) {
  const clock = new ManualClock();
  const typed: string[] = [];
  const notes: string[] = [];
  const made = createStartUp({
    lines,
    held,
    clock,
    type: (bytes) => typed.push(Buffer.from(bytes).toString()),
    note: (text) => notes.push(text),
  });
  startUp = made;
  return { clock, typed, notes, made };
}

it('types once the prompt stands still, each line with Enter, and never again', () => {
  const { clock, typed, made } = start();
  made.shellOpened();
  for (let part = 0; part < 5; part++) {
    made.output();
    clock.advance(200);
  }
  expect(typed).toEqual([]);
  clock.advance(100);
  expect(typed).toEqual(['cd /srv\rhtop\r']);
  made.output();
  made.shellEnded();
  made.shellOpened();
  clock.advance(60_000);
  expect(typed).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

it('types into a shell that says nothing, and into the second where the first was lost at once', () => {
  const { clock, typed, made } = start();
  made.shellOpened();
  made.shellEnded();
  clock.advance(10_000);
  expect(typed).toEqual([]);
  made.shellOpened();
  clock.advance(3000);
  expect(typed).toHaveLength(1);
});

it('waits for approval, says so once, and types when it comes', () => {
  const { clock, typed, notes, made } = start(true);
  made.shellOpened();
  made.output();
  clock.advance(10_000);
  made.output();
  clock.advance(10_000);
  expect(typed).toEqual([]);
  expect(notes).toEqual(['this pane’s start-up commands wait for your approval of the workspace file']);
  made.approve();
  clock.advance(1000);
  expect(typed).toHaveLength(1);
});

it('types nothing where a person typed first; what a terminal answers by itself is no person', () => {
  const { clock, typed, notes, made } = start(true);
  made.shellOpened();
  for (const reply of ['\x1b[?1;2c', '\x1b[>0;276;0c', '\x1b[24;80R', '\x1b[I', '\x1b]11;rgb:0/0/0\x07'])
    made.input(Buffer.from(reply));
  expect(notes).toEqual([]);
  made.input(Buffer.from('v'));
  made.approve();
  clock.advance(10_000);
  expect(typed).toEqual([]);
  expect(notes).toEqual(['the start-up commands were not typed: you typed first']);
});

it('holds a cursor key for a person', () => {
  const { clock, typed, made } = start();
  made.shellOpened();
  made.input(Buffer.from('\x1b[A'));
  clock.advance(10_000);
  expect(typed).toEqual([]);
});

it('is silent without lines', () => {
  const { clock, typed, notes, made } = start(true, []);
  made.shellOpened();
  made.output();
  made.input(Buffer.from('x'));
  clock.advance(10_000);
  expect([typed, notes, clock.pending]).toEqual([[], [], 0]);
});
