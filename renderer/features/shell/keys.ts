/**
 * Keys as text, in tables and on the screen: `Mod+K` (⌘ on macOS, Ctrl elsewhere), `Ctrl+Shift+P`, `?`, `Esc`,
 * and `Prefix %` for what follows tmux's prefix. A printable character stands for itself, whatever makes it.
 */
export const ON_MAC = typeof navigator !== 'undefined' && /^Mac/.test(navigator.platform);

/** The prefix of panes, as in tmux. */
export const PREFIX = 'Ctrl+B';

const NAMES: Record<string, string> = {
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Escape: 'Esc',
  ' ': 'Space',
};

interface KeyLike {
  key: string;
  code?: string;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
}

/** One key press in the notation above, or `undefined` for a modifier alone. */
export function keyOf(event: KeyLike): string | undefined {
  if (['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'Dead', 'Unidentified', 'CapsLock'].includes(event.key))
    return undefined;
  const printable = [...event.key].length === 1 && event.key !== ' ';
  const commanded = event.ctrlKey || event.metaKey;
  // AltGr arrives as Ctrl+Alt: the character is what was meant.
  if (printable && event.ctrlKey && event.altKey && !/[a-z0-9]/i.test(event.key)) return event.key;
  const modifiers = [
    event.ctrlKey ? 'Ctrl' : '',
    event.metaKey ? 'Meta' : '',
    event.altKey ? 'Alt' : '',
    event.shiftKey && (!printable || commanded) ? 'Shift' : '',
  ].filter(Boolean);
  const name = NAMES[event.key] ?? (printable && modifiers.length > 0 ? event.key.toUpperCase() : event.key);
  return [...modifiers, name].join('+');
}

/** A table's key in the notation of this platform. */
export function resolveKey(key: string, mac: boolean = ON_MAC): string {
  return key.replace(/^Mod\+/, mac ? 'Meta+' : 'Ctrl+');
}

/** A key for people: `⌘K`, `Ctrl-K`, `Ctrl-b %`. */
export function showKey(key: string, mac: boolean = ON_MAC): string {
  const [first, ...rest] = key.split(' ');
  if (first === 'Prefix') return `Ctrl-b ${rest.map((k) => showKey(k, mac)).join(' ')}`;
  const resolved = resolveKey(key, mac);
  const arrows: Record<string, string> = { Left: '←', Right: '→', Up: '↑', Down: '↓' };
  const parts = resolved.split(/\+(?=.)/);
  const last = parts.pop() ?? '';
  const shown = arrows[last] ?? last;
  if (mac) {
    const symbols: Record<string, string> = { Meta: '⌘', Shift: '⇧', Alt: '⌥', Ctrl: '⌃' };
    return parts.map((p) => symbols[p] ?? `${p}-`).join('') + shown;
  }
  return [...parts, shown].join('-');
}
