import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseUserSettings, readUserSettings } from './readUserSettings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('without a file there is nothing to say', () => {
  expect(readUserSettings(folder)).toEqual({ keys: {}, problems: [] });
});

test('prefix and keys are read, in tmux’s notation or ours', () => {
  writeFileSync(
    join(folder, 'settings.yaml'),
    'prefix: C-a # as screen has it\nkeys:\n  pane.splitRow: [Prefix |, "Prefix %"]\n  pane.zoom: M-z\n  pane.close: none\n  window.last: Prefix 7\n',
  );
  expect(readUserSettings(folder)).toEqual({
    prefix: 'Ctrl+A',
    keys: {
      'pane.splitRow': ['Prefix |', 'Prefix %'],
      'pane.zoom': ['Alt+Z'],
      'pane.close': [],
      'window.last': ['Prefix 7'],
    },
    problems: [],
  });
});

test('a fault is named by line and column, and the rest holds', () => {
  const { prefix, keys, problems } = parseUserSettings(
    'settings.yaml',
    'prefix: nothing\nkeys:\n  a: Prefix ?\n  b: [Hyper+x, F5]\ncolour: red\n',
  );
  expect(prefix).toBeUndefined();
  expect(keys).toEqual({ a: ['Prefix ?'], b: ['F5'] });
  expect(problems.map((p) => `${p.line}:${p.column}`)).toEqual(expect.arrayContaining(['1:9', '4:7', '5:1']));
});

test('an empty file, and one that is not YAML, change no key', () => {
  expect(parseUserSettings('f', '# nothing yet\n')).toEqual({ keys: {}, problems: [] });
  const broken = parseUserSettings('f', 'keys: [\n');
  expect(broken.keys).toEqual({});
  expect(broken.problems.length).toBeGreaterThan(0);
});
