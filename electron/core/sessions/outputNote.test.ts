import { Terminal } from '@xterm/headless';
import { expect, test } from 'vitest';
import { noteBytes } from './outputFlow.ts';

async function screenAfter(...parts: (string | Uint8Array)[]): Promise<string[]> {
  const terminal = new Terminal({ cols: 40, rows: 8, allowProposedApi: true });
  for (const part of parts) await new Promise<void>((resolve) => terminal.write(part, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: 8 }, (_, at) => active.getLine(at)?.translateToString(true) ?? '');
  terminal.dispose();
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '');
}

test('a line of ours stands below what is there, twice too', async () => {
  const lines = await screenAfter('one\r\ntwo\r\n# typed', noteBytes('first'), noteBytes('second'), '# ');
  expect(lines).toEqual(['one', 'two', '# typed', '── first ──', '── second ──', '#']);
});

test('from the alternate screen it comes back to where the shell was', async () => {
  const lines = await screenAfter('one\r\n# vim', '\x1b[?1049h\x1b[Hfull screen', noteBytes('lost'));
  expect(lines).toEqual(['one', '# vim', '── lost ──']);
});

test('what it says cannot leave its line, nor move the cursor', async () => {
  const lines = await screenAfter('# ', noteBytes('a\r\nb\x1b[2Jc'));
  expect(lines).toEqual(['#', '── a b [2Jc ──']);
});
