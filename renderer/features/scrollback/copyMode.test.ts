import { describe, expect, it } from 'vitest';
import {
  type CopyContext,
  type CopyState,
  moveTo,
  pressInCopyMode,
  selectionOf,
  selectRow,
  selectWord,
  startCopyMode,
} from './copyMode.ts';
import { plainText } from './plainText.ts';

const TEXT = ['first line', '', 'cd /srv/www && ls -l', 'x', 'last one here'];
const context = (texts: readonly string[] = TEXT, rows = 3, first = 0): CopyContext => ({
  first,
  end: first + texts.length,
  rows,
  columns: 40,
  textOf: (line) => texts[line - first]?.replace('→', ''),
  isWrapped: (line) => texts[line - first]?.startsWith('→') === true,
});
const startAt = (top: number, line: number, of = context()) =>
  moveTo(startCopyMode(top), { line, column: 0 }, of);

/** Presses keys parted by spaces; the places as `line:column`. */
function press(keys: string, from: CopyState = startAt(2, 4), of = context()) {
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
    expect(press('g G')).toMatchObject({ at: '4:12', top: 2 });
    expect(press('H').at).toBe('2:0');
    expect(press('M').at).toBe('3:0');
    expect(press('{').at).toBe('1:0');
  });

  it('goes over the ends of rows, as tmux does', () => {
    expect(press('h').at).toBe('3:1');
    expect(press('k $ l l').at).toBe('4:0');
    expect(press('g h').at).toBe('0:0');
  });

  it('stays at the ends of rows after $, until it is moved sideways', () => {
    const of = context(['a', 'long line', 'b', 'longer line'], 4);
    const at = (keys: string) => press(keys, startAt(0, 0, of), of).at;
    expect(at('$ j')).toBe('1:8');
    expect(at('$ j j j')).toBe('3:10');
    expect(at('j $ h j j')).toBe('3:7');
  });

  it('takes a line that the width broke for one', () => {
    const of = context(['x', '  one ', '→two ', '→three', 'y'], 5);
    const at = (keys: string) => press(keys, startAt(0, 0, of), of).at;
    expect(at('j j 0')).toBe('1:0');
    expect(at('j $')).toBe('3:4');
    expect(at('j j j ^')).toBe('1:2');
    expect(at('j j k $ j')).toBe('4:0');
  });

  it('goes out of the empty rows that it is in, and to the next', () => {
    const of = context(['', '', 'a', 'b', '', '', 'c d'], 7);
    const at = (keys: string) => press(keys, startAt(0, 0, of), of).at;
    expect(at('}')).toBe('4:0');
    expect(at('} }')).toBe('6:2');
    expect(at('G {')).toBe('5:0');
    expect(at('G { {')).toBe('1:0');
  });

  it('goes to the bracket that belongs to one, over rows', () => {
    const of = context(['if (a[0] == (b)) {', '  c(")")', '}', 'f(x'], 4);
    const at = (keys: string) => press(keys, startAt(0, 0, of), of).at;
    expect(at('%')).toBe('0:15');
    expect(at('% %')).toBe('0:3');
    expect(at('f [ %')).toBe('0:7');
    expect(at('$ %')).toBe('2:0');
    expect(at('$ % %')).toBe('0:17');
    // One that is never closed, and a row without any.
    expect(at('3 j %')).toBe('3:0');
    expect(press('%').at).toBe('4:0');
  });

  it('comes back to the place that was marked', () => {
    expect(press('l l X g Alt+X').at).toBe('4:2');
    expect(press('Alt+X').at).toBe('4:0');
  });

  it('repeats what a number precedes', () => {
    expect(press('3 k').at).toBe('1:0');
    expect(press('1 0 l').at).toBe('4:10');
    expect(press('2 Esc').effects).toEqual(['leave']);
  });

  it('ends at the end, whatever the number', () => {
    let read = 0;
    const of = {
      ...context(),
      textOf(line: number) {
        read++;
        return TEXT[line];
      },
    };
    expect(press('9 9 9 9 9 9 j', startAt(0, 0, of), of).at).toBe('4:0');
    expect(press('9 9 9 9 9 9 l', startAt(0, 0, of), of).at).toBe('4:13');
    expect(read).toBeLessThan(300);
  });

  it('keeps the cursor in view, whatever way it goes', () => {
    expect(press('k k k').top).toBe(1);
    expect(press('Ctrl+Y Ctrl+Y Ctrl+Y')).toMatchObject({ top: 0, at: '2:0' });
    expect(press('J')).toMatchObject({ top: 2, at: '4:0' });
    expect(press('g J')).toMatchObject({ top: 1, at: '1:0' });
    const many = context(
      Array.from({ length: 100 }, (_, n) => `row ${n}`),
      10,
      1_000,
    );
    expect(press('PageUp', startAt(1_090, 1_099, many), many)).toMatchObject({
      at: '1091:0',
      top: 1_082,
    });
    expect(press('Ctrl+U Ctrl+U', startAt(1_000, 1_003, many), many)).toMatchObject({
      at: '1000:0',
      top: 1_000,
    });
  });
});

/** What keys select and `y` copies, from the first row on. */
function copied(keys: string, ...texts: string[]): string {
  const of = context(texts, 10);
  const selection = selectionOf(press(keys, startAt(0, 0, of), of).state, of.textOf);
  if (!selection) return '';
  const lines = texts.map((text) =>
    text.startsWith('→') ? { text: text.slice(1), at: 0, wrapped: true as const } : { text, at: 0 },
  );
  return plainText(lines.slice(selection.first, selection.last + 1), selection);
}

describe('jumping', () => {
  const line = 'GET /a/b.html HTTP/1.1';
  const jump = (keys: string, ...texts: string[]) => {
    const of = context(texts.length > 0 ? texts : [line], 10);
    return press(keys, startAt(0, 0, of), of).at;
  };

  it('goes to a character of the line, or to before it, and back', () => {
    expect(jump('f /')).toBe('0:4');
    expect(jump('t /')).toBe('0:3');
    expect(jump('$ F /')).toBe('0:18');
    expect(jump('$ T /')).toBe('0:19');
    expect(jump('f Space')).toBe('0:3');
    expect(jump('f F')).toBe('0:0');
  });

  it('goes on with ; and back with , also past what it stands before', () => {
    expect(jump('f / ;')).toBe('0:6');
    expect(jump('f / ; ; ,')).toBe('0:6');
    expect(jump('t / ; ;')).toBe('0:17');
    expect(jump('$ T / ;')).toBe('0:7');
    expect(jump(';')).toBe('0:0');
  });

  it('is repeated by a number, which may itself be the character', () => {
    expect(jump('3 f /')).toBe('0:18');
    expect(jump('f 1')).toBe('0:19');
    expect(jump('2 f 1')).toBe('0:21');
  });

  it('stays in its line, but goes on where the width broke that', () => {
    expect(jump('f x', 'abc', 'x')).toBe('0:0');
    expect(jump('f x', 'abc', '→dex', 'x')).toBe('1:2');
    expect(jump('j $ F a', 'abc', '→dex')).toBe('0:0');
    expect(jump('t d', 'abc', '→dex')).toBe('0:2');
  });

  it('is called off by Escape, which then does nothing else', () => {
    const called = press('v f Esc l');
    expect(called.effects).toEqual([]);
    expect(called.state).toMatchObject({ jumping: undefined, anchor: { line: 4, column: 0 } });
    expect(called.at).toBe('4:1');
  });

  it('finds characters that are several code units', () => {
    expect(jump('f 漢', 'a👍🏽漢')).toBe('0:5');
    expect(jump('f b', 'a👍🏽b')).toBe('0:5');
  });
});

describe('characters of two cells', () => {
  it('are one step, and rows are left and entered in the same cell', () => {
    const of = context(['a👍🏽b', '123456', '漢字漢字'], 10);
    const at = (keys: string) => press(keys, startAt(0, 0, of), of).at;
    expect(at('l l')).toBe('0:5');
    expect(at('l l h')).toBe('0:1');
    expect(at('l l j')).toBe('1:3');
    expect(at('l l j j')).toBe('2:1');
    expect(at('j l l l k')).toBe('0:5');
    expect(at('$')).toBe('0:5');
  });

  it('are copied whole', () => {
    expect(copied('l v y', 'a👍🏽b')).toBe('👍🏽');
    expect(copied('W v e', 'a 👍🏽 b')).toBe('👍🏽');
  });
});

describe('selecting', () => {
  const texts = ['first line', '', 'cd /srv', 'x', 'last one'];

  it('takes the characters from where it began to the cursor, either way', () => {
    expect(copied('j j v e', ...texts)).toBe('cd');
    expect(copied('G 0 v k', ...texts)).toBe('x\nl');
  });
  it('takes whole rows', () => {
    expect(copied('G V k', ...texts)).toBe('x\nlast one');
  });
  it('joins rows that the width broke', () => {
    expect(copied('V j', 'one ', '→two')).toBe('one two');
  });
  it('is put away before the mode is left', () => {
    expect(press('v l Esc')).toMatchObject({ effects: [], state: { anchor: undefined } });
    expect(press('v l Esc Esc').effects).toEqual(['leave']);
  });
  it('takes a word at two clicks, and a row at three or where there is no word', () => {
    const of = context(['see https://a.example/x?y=1, now', 'two'], 4);
    const taken = (state: CopyState) => {
      const selection = selectionOf(state, of.textOf);
      return selection && plainText([{ text: of.textOf(0) ?? '', at: 0 }], selection);
    };
    const at = (column: number) => ({ line: 0, column });
    expect(taken(selectWord(startAt(0, 0, of), at(10), of))).toBe('https://a.example/x?y=1');
    expect(taken(selectWord(startAt(0, 0, of), at(3), of))).toBe('see https://a.example/x?y=1, now');
    expect(taken(selectRow(startAt(0, 0, of), at(10), of))).toBe('see https://a.example/x?y=1, now');
  });
  it('changes ends', () => {
    expect(press('v l l o').at).toBe('4:0');
  });
  it('changes its shape', () => {
    const shape = (keys: string) => {
      const { anchor, shape } = press(keys).state;
      return anchor && shape;
    };
    expect(shape('v')).toBe('characters');
    expect(shape('v v')).toBe('rectangle');
    expect(shape('v v v')).toBe('characters');
    expect(shape('Space v')).toBe('rectangle');
    expect(shape('Ctrl+V')).toBe('rectangle');
    expect(shape('V Ctrl+V')).toBe('rectangle');
    expect(shape('V V')).toBeUndefined();
  });
});

describe('a rectangle', () => {
  const table = [
    'PID  COMMAND  USER',
    '1    init     root',
    '',
    '20',
    '4711 漢字漢字 root',
    '5    👍🏽x      app',
  ];

  it('is copied as its columns, line by line', () => {
    expect(copied('5 l Ctrl+V 6 l j', ...table)).toBe('COMMAND\ninit');
    expect(copied('f U Ctrl+V 3 l j', ...table)).toBe('USER\nroot');
  });

  it('is the same from whichever corner', () => {
    expect(copied('j 5 l 6 l v v k 6 h', ...table)).toBe('COMMAND\ninit');
  });

  it('passes over short rows, and counts cells where characters have two', () => {
    expect(copied('f U Ctrl+V 3 l 5 j', ...table)).toBe('USER\nroot\n\n\nroot\napp');
    expect(copied('5 l Ctrl+V 6 l 5 j', ...table)).toBe('COMMAND\ninit\n\n\n漢字漢字\n👍🏽x');
  });

  it('takes a character that begins in it, and not one that only ends in it', () => {
    expect(copied('l Ctrl+V l j j', 'abcd', '漢字', 'efgh')).toBe('bc\n字\nfg');
  });

  it('reaches behind a short last row, to the width of the terminal', () => {
    expect(copied('Ctrl+V 9 l j', '0123456789abc', 'x')).toBe('0123456789\nx');
    expect(copied('Ctrl+V j 9 l', '0123456789abc', 'x')).toBe('0123456789\nx');
    const of = context(['', 'x'], 10);
    expect(press('Ctrl+V 9 9 l', startAt(0, 0, of), of).at).toBe('0:39');
    expect(press('Ctrl+V 9 9 l Esc', startAt(0, 0, of), of).at).toBe('0:0');
  });

  it('does not join the rows of a line', () => {
    expect(copied('Ctrl+V j', 'ab', '→cd')).toBe('a\nc');
  });
});

describe('what is asked for', () => {
  it.each([
    ['y', 'copy'],
    ['Enter', 'copy'],
    ['D', 'copyToEnd'],
    ['A', 'append'],
    ['*', 'wordDown'],
    ['#', 'wordUp'],
    ['/', 'searchDown'],
    ['?', 'searchUp'],
    ['n', 'next'],
    ['N', 'previous'],
    ['q', 'leave'],
  ])('%s: %s', (key, effect) => expect(press(key).effects).toEqual([effect]));
});
