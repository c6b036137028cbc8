import headless from '@xterm/headless';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { paneAnswer } from './paneAnswer.ts';

let terminal: InstanceType<typeof headless.Terminal>;
beforeEach(() => {
  terminal = new headless.Terminal({ cols: 20, rows: 6, scrollback: 100, allowProposedApi: true });
});
afterEach(() => terminal.dispose());

const print = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));

test('an answer is what stands between the command and the next prompt', async () => {
  await print('web1:~# uptime');
  const mark = terminal.registerMarker(0);
  await print('\r\nup 3 days\r\nweb1:~# ');
  expect(paneAnswer(terminal.buffer.active, mark)).toEqual({ prompt: 'web1:~# ', output: 'up 3 days' });
});

test('the echo of a long command is none of it, also when it comes after Enter was sent', async () => {
  await print('web1:~# echo one-lo');
  const mark = terminal.registerMarker(0);
  await print('ng-word-that-wraps\r\nanswer\r\n$ ');
  expect(paneAnswer(terminal.buffer.active, mark).output).toBe('answer');
});

test('after a clear the answer begins at the top of the screen', async () => {
  await print('\r\n\r\n$ clear; ls');
  const mark = terminal.registerMarker(0);
  await print('\r\n\x1b[H\x1b[2J\x1b[3Ja\r\nb\r\n$ ');
  expect(paneAnswer(terminal.buffer.active, mark).output).toBe('a\nb');
});

test('without a mark there is a prompt alone, and in a full-screen program neither', async () => {
  await print('$ ');
  expect(paneAnswer(terminal.buffer.active, undefined)).toEqual({ prompt: '$ ', output: undefined });
  await print('\x1b[?1049hvim');
  expect(paneAnswer(terminal.buffer.active, undefined).prompt).toBe('(a full-screen program)');
});
