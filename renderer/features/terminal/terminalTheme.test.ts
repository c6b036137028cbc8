import { expect, test } from 'vitest';
import { terminalPalette } from './terminalTheme.ts';

/** As in tokens.css. */
const background = '#0f1215';

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test.each([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15])(
  'colour %i can be read on the dark background',
  (index) => {
    expect(contrast(terminalPalette('dark')[index] ?? '', background)).toBeGreaterThanOrEqual(4.5);
  },
);

test.each([1, 4, 5])('white can be read on colour %i', (index) => {
  expect(contrast('#ffffff', terminalPalette('dark')[index] ?? '')).toBeGreaterThanOrEqual(4);
});

test.each([2, 3, 6, 7])('black can be read on colour %i', (index) => {
  const [black = ''] = terminalPalette('dark');
  expect(contrast(black, terminalPalette('dark')[index] ?? '')).toBeGreaterThanOrEqual(4.5);
});
