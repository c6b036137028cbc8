import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { Terminal } from '@xterm/headless';
import { expect, test } from 'vitest';
import { withNewerEmoji } from './newerEmoji.ts';

async function cells(text: string): Promise<number> {
  const terminal = new Terminal({ cols: 80, rows: 4, allowProposedApi: true });
  terminal.loadAddon(withNewerEmoji(new UnicodeGraphemesAddon()));
  await new Promise<void>((resolve) => terminal.write(`a${text}`, resolve));
  const { cursorX } = terminal.buffer.active;
  terminal.dispose();
  return cursorX - 1;
}

test.each([
  // As glibc 2.36 (Debian 12) counts: wcwidth(3).
  ['the melting face, of Unicode 14', '\u{1fae0}', 2],
  ['the face that holds back tears', '\u{1f979}', 2],
  ['the shaking face, of Unicode 15', '\u{1fae8}', 2],
  ['two of them', '\u{1faa9}\u{1fae1}', 4],
  ['one with a tone of skin', '\u{1faf1}\u{1f3fd}', 2],
  ['an older one', '\u{1f44d}', 2],
  ['a family, joined', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 2],
  ['a flag', '\u{1f1ec}\u{1f1e7}', 2],
  ['a sign that is no emoji by itself', '\u{1f5d1}', 1],
  ['an ideograph', '漢', 2],
  ['a letter and its accent', 'e\u0301', 1],
])('%s has the cells that programs count on', async (_what, text, count) => {
  expect(await cells(text)).toBe(count);
});
