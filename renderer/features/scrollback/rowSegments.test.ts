import { expect, test } from 'vitest';
import { RGB_COLOUR } from '../../../shared/model/scrollback.ts';
import { cssColour, rowSegments } from './rowSegments.ts';

const at = 0;

test('a row is parted at its colours and at what is marked', () => {
  const parts = rowSegments({ text: 'red plain', at, runs: [3, 1, -1, 1] }, [
    { kind: 'selection', from: 2, to: 6 },
    { kind: 'cursor', from: 5, to: 6 },
  ]);
  expect(parts.map((p) => [p.text, p.foreground, p.marks.join('+')])).toEqual([
    ['re', 1, ''],
    ['d', 1, 'selection'],
    [' p', -1, 'selection'],
    ['l', -1, 'selection+cursor'],
    ['ain', -1, ''],
  ]);
});

test('a cursor behind the text stands on a space', () => {
  expect(rowSegments({ text: '', at }, [{ kind: 'cursor', from: 0, to: 1 }])).toMatchObject([
    { text: ' ', marks: ['cursor'] },
  ]);
});

test('what may be wider or narrower than its cells, in a font of its own, is parted', () => {
  const parts = rowSegments({ text: 'a漢👍🏽é─b', at }, []);
  expect(parts.map((p) => [p.text, p.cells])).toEqual([
    ['a', undefined],
    ['漢', 2],
    ['👍🏽', 2],
    ['é─b', undefined],
  ]);
});

test('colours are the palette’s, the cube’s, the greys’, or as given', () => {
  expect(cssColour(-1, [])).toBeUndefined();
  expect(cssColour(1, ['a', 'b'])).toBe('b');
  expect(cssColour(16, [])).toBe('rgb(0 0 0)');
  expect(cssColour(196, [])).toBe('rgb(255 0 0)');
  expect(cssColour(231, [])).toBe('rgb(255 255 255)');
  expect(cssColour(255, [])).toBe('rgb(238 238 238)');
  expect(cssColour(RGB_COLOUR + 0x0a0b0c, [])).toBe('#0a0b0c');
});

test('a host cannot have a row drawn in another order', () => {
  const [part] = rowSegments({ text: 'user\u202etxt.exe', at }, []);
  expect(part?.text).toBe('user\u2060txt.exe');
});
