import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UserSettings } from '../../../shared/model/userSettings.ts';
import { readBinding, readKey } from '../../../shared/panes/keyNotation.ts';
import { type Item, quote, YamlReader } from '../workspace/yamlReader.ts';

/**
 * `settings.yaml` of the data directory, read anew for every window; what is wrong in it is told and passed over:
 *
 *     prefix: C-a                       # tmux's notation, or Ctrl+A
 *     keys:
 *       pane.splitRow: [Prefix |, Prefix %]
 *       pane.close: none                # takes its keys away
 *
 * Which actions there are, the window knows.
 */
export function readUserSettings(dataDirectory: string): UserSettings {
  const file = join(dataDirectory, 'settings.yaml');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === 'ENOENT') return { keys: {}, problems: [] };
    const expected = 'a file that this user can read';
    return { keys: {}, problems: [{ file, line: 1, column: 1, message, expected, severity: 'warning' }] };
  }
  return parseUserSettings(file, text);
}

export function parseUserSettings(file: string, text: string): UserSettings {
  const reader = new YamlReader(file, text);
  const settings: UserSettings = { keys: {}, problems: reader.problems };
  const { root } = reader;
  if (!root?.node || ('value' in root.node && root.node.value === null)) return settings;
  const entries = reader.map(root, 'the settings', ['prefix', 'keys']);
  const prefixItem = entries?.get('prefix');
  const prefix = prefixItem && readOne(reader, prefixItem, 'prefix', readKey);
  if (prefix !== undefined) settings.prefix = prefix;
  const keysItem = entries?.get('keys');
  const keys = keysItem && reader.map(keysItem, 'keys');
  for (const [action, item] of keys ?? []) {
    const list = readKeys(reader, item, action);
    if (list) settings.keys[action] = list;
  }
  return settings;
}

function readKeys(reader: YamlReader, item: Item, action: string): string[] | undefined {
  if (item.node && 'items' in item.node) {
    const read = (reader.list(item, action) ?? []).map((one) => readOne(reader, one, action, readBinding));
    return read.filter((key) => key !== undefined);
  }
  if (item.node && 'value' in item.node && item.node.value === 'none') return [];
  const key = readOne(reader, item, action, readBinding);
  return key === undefined ? undefined : [key];
}

function readOne(
  reader: YamlReader,
  item: Item,
  what: string,
  read: (text: string) => string | undefined,
): string | undefined {
  // A digit is a key too.
  const digit = item.node && 'value' in item.node && typeof item.node.value === 'number';
  const text = digit ? String((item.node as { value: number }).value) : reader.text(item, what);
  if (text === undefined) return undefined;
  const key = read(text);
  if (key === undefined)
    reader.problem(item.offset, `${quote(text)} is no key.`, 'such as C-a, Ctrl+Alt+Left, F5 or "Prefix |"');
  return key;
}
