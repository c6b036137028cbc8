/**
 * Keys as text: `Ctrl+Shift+P`, `Alt+1`, `?`, `Esc`. People may write tmux's notation as well (`C-b`, `M-Left`, `PPage`);
 * what comes out has one form: modifiers in the order Ctrl, Meta, Alt, Shift, a letter beside a modifier in upper case.
 * `undefined` for what is no key.
 */
export function readKey(text: string): string | undefined {
  let rest = text.trim();
  const held = new Set<string>();
  for (;;) {
    const found = /^(ctrl|control|meta|cmd|mod|alt|option|shift|[CMS])[-+](?=.)/i.exec(rest);
    const modifier =
      found && MODIFIERS[found[1]?.length === 1 ? (found[1] ?? '') : (found[1] ?? '').toLowerCase()];
    if (!found || !modifier) break;
    held.add(modifier);
    rest = rest.slice(found[0].length);
  }
  const printable = [...rest].length === 1 && rest > ' ';
  const name = printable
    ? rest
    : (NAMES[rest.toLowerCase()] ?? (/^f([1-9]|1\d|2[0-4])$/i.test(rest) ? rest.toUpperCase() : undefined));
  if (name === undefined) return undefined;
  // A character stands for itself, however it is made.
  const shifted = held.has('Shift') && printable && held.size === 1;
  if (shifted) return name.toUpperCase();
  const modifiers = ORDER.filter((one) => held.has(one));
  return [...modifiers, printable && modifiers.length > 0 ? name.toUpperCase() : name].join('+');
}

/** A key of the tables: `Prefix KEY`, or a key alone. */
export function readBinding(text: string): string | undefined {
  const after = /^prefix\s+(\S+)$/i.exec(text.trim())?.[1];
  const key = readKey(after ?? text);
  return key === undefined ? undefined : after === undefined ? key : `Prefix ${key}`;
}

const ORDER = ['Mod', 'Ctrl', 'Meta', 'Alt', 'Shift'];
const MODIFIERS: Record<string, string> = {
  C: 'Ctrl',
  M: 'Alt',
  S: 'Shift',
  ctrl: 'Ctrl',
  control: 'Ctrl',
  meta: 'Meta',
  cmd: 'Meta',
  mod: 'Mod',
  alt: 'Alt',
  option: 'Alt',
  shift: 'Shift',
};
const NAMES: Record<string, string> = {
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  space: 'Space',
  enter: 'Enter',
  esc: 'Esc',
  escape: 'Esc',
  tab: 'Tab',
  btab: 'Shift+Tab',
  bspace: 'Backspace',
  backspace: 'Backspace',
  home: 'Home',
  end: 'End',
  ic: 'Insert',
  insert: 'Insert',
  dc: 'Delete',
  delete: 'Delete',
  ppage: 'PageUp',
  pageup: 'PageUp',
  pgup: 'PageUp',
  npage: 'PageDown',
  pagedown: 'PageDown',
  pgdn: 'PageDown',
};
