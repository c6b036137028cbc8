import { expect, test } from 'vitest';
import { readBinding, readKey } from './keyNotation.ts';

test.each([
  ['C-b', 'Ctrl+B'],
  ['Ctrl+b', 'Ctrl+B'],
  ['Ctrl-B', 'Ctrl+B'],
  ['M-Left', 'Alt+Left'],
  ['C-M-x', 'Ctrl+Alt+X'],
  ['S-Up', 'Shift+Up'],
  ['Shift+Ctrl+p', 'Ctrl+Shift+P'],
  ['PPage', 'PageUp'],
  ['escape', 'Esc'],
  ['f5', 'F5'],
  ['%', '%'],
  ['C-\\', 'Ctrl+\\'],
  ['C--', 'Ctrl+-'],
  ['m', 'm'],
  ['M', 'M'],
  ['`', '`'],
])('%s is %s', (written, key) => expect(readKey(written)).toBe(key));

test.each(['', 'Ctrl+', 'Hyper+x', 'F99', 'ab'])('%j is no key', (written) =>
  expect(readKey(written)).toBeUndefined(),
);

test('a binding may follow the prefix', () => {
  expect(readBinding('Prefix |')).toBe('Prefix |');
  expect(readBinding('prefix C-o')).toBe('Prefix Ctrl+O');
  expect(readBinding('C-Space')).toBe('Ctrl+Space');
  expect(readBinding('Prefix')).toBeUndefined();
});
