import headless from '@xterm/headless';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writtenLinks } from './writtenLinks.ts';

let terminal: InstanceType<typeof headless.Terminal>;
beforeEach(() => {
  terminal = new headless.Terminal({ cols: 20, rows: 6, scrollback: 100, allowProposedApi: true });
});
afterEach(() => terminal.dispose());

const print = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
const link = (address: string, text: string, parameters = '') =>
  `\x1b]8;${parameters};${address}\x1b\\${text}\x1b]8;;\x1b\\`;

test('links that a program wrote are found with their text and their address, each once', async () => {
  await print(`see ${link('https://a.example/1', 'ticket 1')}${link('https://a.example/2', 'two')}\r\n`);
  await print(`${link('https://a.example/1', 'ticket 1')} ${link('javascript:alert(1)', '漢字 x')}`);
  expect(writtenLinks(terminal)).toEqual([
    { address: 'https://a.example/1', text: 'ticket 1' },
    { address: 'https://a.example/2', text: 'two' },
    { address: 'javascript:alert(1)', text: '漢字 x' },
  ]);
});

test('one that the width broke is one, and two of one id on rows of their own are the same', async () => {
  await print(`${link('https://a.example/', `${'x'.repeat(30)}`)}\r\n`);
  await print(
    `${link('https://b.example/', 'same', 'id=1')}\r\n${link('https://b.example/', 'same', 'id=1')}`,
  );
  expect(writtenLinks(terminal)).toEqual([
    { address: 'https://a.example/', text: 'x'.repeat(30) },
    { address: 'https://b.example/', text: 'same' },
  ]);
});

test('what was overwritten, or has left the screen, is no link', async () => {
  await print(`${link('https://a.example/', 'gone')}\rnone of it${'\r\n'.repeat(3)}`);
  expect(writtenLinks(terminal)).toEqual([]);
  await print(`${link('https://a.example/', 'above')}${'\r\n'.repeat(10)}`);
  expect(writtenLinks(terminal)).toEqual([]);
});
