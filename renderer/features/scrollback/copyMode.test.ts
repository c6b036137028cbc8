import { describe, expect, it } from 'vitest';
import { type CopyContext, type CopyState, pressInCopyMode, selectionOf, startCopyMode } from './copyMode.ts';

const TEXT = ['first line', '', 'cd /srv/www && ls -l', 'x', 'last one here'];
const context = (texts: readonly string[] = TEXT, rows = 3, first = 0): CopyContext => ({
  first,
  end: first + texts.length,
  rows,
  textOf: (line) => texts[line - first],
});

/** Presses keys parted by spaces; the places as `line:column`. */
function press(keys: string, from: CopyState = startCopyMode(2, { line: 4, column: 0 }), of = context()) {
  let state = from;
  const effects: string[] = [];
  for (const key of keys.split(' ')) {
    const pressed = pressInCopyMode(state, key, of);
    state = pressed.state;
    if (pressed.effect) effects.push(pressed.effect);
  }
  return { state, effects, at: `${state.cursor.line}:${state.cursor.column}`, top: state.top };
}

describe('moving', () => {
  it('goes by characters and rows, and comes back to its column', () => {
    expect(press('l l l l l').at).toBe('4:5');
    expect(press('l l l l l k').at).toBe('3:1');
    expect(press('l l l l l k k').at).toBe('2:5');
    expect(press('h').at).toBe('4:0');
    expect(press('j').at).toBe('4:0');
  });

  it('goes by words, over punctuation and rows', () => {
    expect(press('k k w w w').at).toBe('2:7');
    expect(press('k k W W').at).toBe('2:12');
    expect(press('k k e').at).toBe('2:1');
    expect(press('b').at).toBe('3:0');
    expect(press('g w w').at).toBe('2:0');
  });

  it('goes to the ends of rows, of the screen and of everything', () => {
    expect(press('$').at).toBe('4:12');
    expect(press('$ 0').at).toBe('4:0');
    expect(press('g')).toMatchObject({ at: '0:0', top: 0 });
    expect(press('g G')).toMatchObject({ at: '4:0', top: 2 });
    expect(press('H').at).toBe('2:0');
    expect(press('M').at).toBe('3:0');
    expect(press('{').at).toBe('1:0');
  });

  it('repeats what a number precedes', () => {
    expect(press('3 k').at).toBe('1:0');
    expect(press('1 0 l').at).toBe('4:10');
    expect(press('2 Esc').effects).toEqual(['leave']);
  });

  it('keeps the cursor in view, whatever way it goes', () => {
    expect(press('k k k').top).toBe(1);
    expect(press('Ctrl+Y Ctrl+Y')).toMatchObject({ top: 0, at: '2:0' });
    const many = context(
      Array.from({ length: 100 }, (_, n) => `row ${n}`),
      10,
      1_000,
    );
    expect(press('PageUp', startCopyMode(1_090, { line: 1_099, column: 0 }), many)).toMatchObject({
      at: '1090:0',
      top: 1_081,
    });
    expect(press('Ctrl+U Ctrl+U', startCopyMode(1_000, { line: 1_003, column: 0 }), many)).toMatchObject({
      at: '1000:0',
      top: 1_000,
    });
  });
});

describe('selecting', () => {
  const at = (keys: string) => selectionOf(press(keys).state);
  it('takes the characters from where it began to the cursor, either way', () => {
    expect(at('k k v e')).toEqual({ from: { line: 2, column: 0 }, to: { line: 2, column: 2 } });
    expect(at('v k')).toEqual({ from: { line: 3, column: 0 }, to: { line: 4, column: 1 } });
  });
  it('takes whole rows', () => {
    expect(at('V k')).toMatchObject({ from: { line: 3, column: 0 }, to: { line: 4 } });
  });
  it('is put away before the mode is left', () => {
    expect(press('v l Esc')).toMatchObject({ effects: [], state: { anchor: undefined } });
    expect(press('v l Esc Esc').effects).toEqual(['leave']);
    expect(press('v l v').state.anchor).toBeUndefined();
  });
  it('changes ends', () => {
    expect(press('v l l o').at).toBe('4:0');
  });
});

describe('what is asked for', () => {
  it.each([
    ['y', 'copy'],
    ['Enter', 'copy'],
    ['/', 'searchDown'],
    ['?', 'searchUp'],
    ['n', 'next'],
    ['N', 'previous'],
    ['q', 'leave'],
  ])('%s: %s', (key, effect) => expect(press(key).effects).toEqual([effect]));
});
