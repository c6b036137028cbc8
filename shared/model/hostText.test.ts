import { expect, test } from 'vitest';
import { visibleLines, visibleText } from './hostText.ts';

test('plain text of any script passes unchanged', () => {
  for (const text of ['ruby crawl.rb', 'žluťoučký kůň', '日本語 プロセス', 'emoji 🔥 stays', '']) {
    expect(visibleText(text)).toBe(text);
  }
});

test('control characters become their pictures', () => {
  expect(visibleText('\u001b[31mred\u0007\n\t\0\u007f')).toBe('␛[31mred␇␊␉␀␡');
  expect(visibleText('c1\u009b31m')).toBe('c1‹U+009B›31m');
});

test('bidirectional, zero-width and blank characters become visible', () => {
  expect(visibleText('safe\u202Etxt.exe')).toBe('safe‹U+202E›txt.exe');
  expect(visibleText('a\u200Bb\u2066c\u2069d\uFEFF\u00AD')).toBe(
    'a‹U+200B›b‹U+2066›c‹U+2069›d‹U+FEFF›‹U+00AD›',
  );
  expect(visibleText('x\u2028y\u3164')).toBe('x‹U+2028›y‹U+3164›');
  expect(visibleText('\u{E0041}')).toBe('‹U+E0041›');
});

test('lone surrogates are shown, pairs are kept', () => {
  expect(visibleText('\ud800x')).toBe('‹U+D800›x');
  expect(visibleText('\ud83d\udd25')).toBe('🔥');
});

test('long text is cut at a whole character and says so', () => {
  expect(visibleText('abcdef', 3)).toBe('abc…');
  expect(visibleText('abc', 3)).toBe('abc');
  expect(visibleText('🔥🔥🔥', 2)).toBe('🔥🔥…');
  expect(visibleText('a'.repeat(1_000_000), 10)).toBe(`${'a'.repeat(10)}…`);
});

test('nothing invisible survives, whatever the code point', () => {
  for (let code = 0; code < 0x30000; code++) {
    const shown = visibleText(String.fromCodePoint(code));
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(shown)) throw new Error(`U+${code.toString(16)} survived`);
  }
});

test('text of several lines keeps its breaks and tabs, and nothing else that acts', () => {
  expect(visibleLines('a\tb\r\nc\u001b[31m\n\u202ed')).toBe('a\tb\nc␛[31m\n‹U+202E›d');
  expect(visibleLines('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}…`);
});
