import { prefixKey } from '../../stores/settings.ts';

/**
 * Keys as text, in tables and on the screen: `Mod+K` (⌘ on macOS, Ctrl elsewhere), `Ctrl+Shift+P`, `?`, `Esc`,
 * and `Prefix %` for what follows tmux's prefix. A printable character stands for itself, whatever makes it.
 */
export const ON_MAC = typeof navigator !== 'undefined' && /^Mac/.test(navigator.platform);

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
  if (first === 'Prefix') return [showPrefix(), ...rest.map((k) => showKey(k, mac))].join(' ');
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

/** No terminal sends anything for these, and every browser and terminal takes them for the size of the text. */
const TEXT_SIZE = new Set(['Ctrl+=', 'Ctrl++', 'Ctrl+-', 'Ctrl+0']);

/** In a terminal only what no shell could want: ⌘ on macOS, Ctrl-Shift elsewhere. Ctrl-K is the shell's. */
export function isOursInTerminal(key: string, mac: boolean = ON_MAC): boolean {
  const resolved = resolveKey(key, mac);
  return (
    resolved.startsWith('Ctrl+Shift+') || (mac && resolved.startsWith('Meta+')) || TEXT_SIZE.has(resolved)
  );
}

/** As tmux's pages write it: `Ctrl-b`. */
export function showPrefix(prefix: string = prefixKey()): string {
  return prefix.replace(/[A-Z]$/, (letter) => letter.toLowerCase()).replaceAll(/\+(?=.)/g, '-');
}

/** What the prefix itself would have sent; `undefined` where no shell could be sent it. */
export function prefixBytes(prefix: string = prefixKey()): string | undefined {
  const control = /^Ctrl\+([A-Z@[\\\]^_])$/.exec(prefix)?.[1];
  if (control) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
  if (prefix === 'Ctrl+Space') return '\0';
  const alt = /^Alt\+(.)$/.exec(prefix)?.[1];
  if (alt) return `\x1b${alt.toLowerCase()}`;
  return [...prefix].length === 1 ? prefix : undefined;
}
