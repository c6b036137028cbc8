import { describe, expect, it } from 'vitest';
import { isOursInTerminal, keyOf, prefixBytes, resolveKey, showKey, showPrefix } from './keys.ts';

const press = (
  key: string,
  modifiers: Partial<Record<'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey', boolean>> = {},
) => keyOf({ key, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...modifiers });

describe('keyOf', () => {
  it('lets a printable character stand for itself, however it is made', () => {
    expect(press('%', { shiftKey: true })).toBe('%');
    expect(press('"', { shiftKey: true })).toBe('"');
    expect(press('{', { ctrlKey: true, altKey: true })).toBe('{');
    expect(press('x')).toBe('x');
  });

  it('names the modifiers in one order', () => {
    expect(press('p', { ctrlKey: true, shiftKey: true })).toBe('Ctrl+Shift+P');
    expect(press('k', { metaKey: true })).toBe('Meta+K');
    expect(press('ArrowLeft', { altKey: true })).toBe('Alt+Left');
    expect(press(' ')).toBe('Space');
    expect(press('Escape')).toBe('Esc');
  });

  it('says nothing for a modifier alone', () => {
    expect(press('Shift', { shiftKey: true })).toBeUndefined();
    expect(press('Control', { ctrlKey: true })).toBeUndefined();
  });
});

describe('showKey', () => {
  it('speaks the platform’s language', () => {
    expect(showKey('Mod+K', false)).toBe('Ctrl-K');
    expect(showKey('Mod+K', true)).toBe('⌘K');
    expect(showKey('Prefix %', false)).toBe('Ctrl-b %');
    expect(showKey('Prefix Ctrl+Left', false)).toBe('Ctrl-b Ctrl-←');
    expect(showKey('Ctrl+Shift+P', true)).toBe('⌃⇧P');
    expect(resolveKey('Mod+K', true)).toBe('Meta+K');
  });
});

describe('another prefix', () => {
  it('is shown as tmux shows it, and is sent when it is given twice', () => {
    expect(showPrefix('Ctrl+A')).toBe('Ctrl-a');
    expect(showPrefix('Ctrl+Space')).toBe('Ctrl-Space');
    expect(prefixBytes('Ctrl+A')).toBe('\x01');
    expect(prefixBytes('Ctrl+\\')).toBe('\x1c');
    expect(prefixBytes('Ctrl+Space')).toBe('\0');
    expect(prefixBytes('Alt+X')).toBe('\x1bx');
    expect(prefixBytes('`')).toBe('`');
    expect(prefixBytes('F12')).toBeUndefined();
  });
});

describe('isOursInTerminal', () => {
  it('leaves the shell what it knows', () => {
    const keys = ['Mod+K', 'Ctrl+Shift+P', 'Ctrl+0', '?'];
    expect(keys.filter((key) => isOursInTerminal(key, false))).toEqual(['Ctrl+Shift+P', 'Ctrl+0']);
    expect(keys.filter((key) => isOursInTerminal(key, true))).toEqual(['Mod+K', 'Ctrl+Shift+P', 'Ctrl+0']);
  });
});
