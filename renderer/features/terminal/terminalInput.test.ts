import { describe, expect, it } from 'vitest';
import {
  binaryFrame,
  cursorKeysFor,
  inputFrame,
  isMouseReport,
  needsConfirmation,
  pasteText,
  tooLongForLineMode,
} from './terminalInput.ts';

describe('inputFrame', () => {
  it('lets Ctrl-C, Ctrl-\\ and Ctrl-Z overtake, and nothing else', () => {
    expect(inputFrame(7, '\x03').type).toBe('interrupt');
    expect(inputFrame(7, '\x1c').type).toBe('interrupt');
    expect(inputFrame(7, '\x1a').type).toBe('interrupt');
    expect(inputFrame(7, 'a\x03').type).toBe('input');
    expect(inputFrame(7, 'é')).toEqual({ type: 'input', wire: 7, bytes: new Uint8Array([0xc3, 0xa9]) });
  });

  it('keeps binary reports one byte a character', () => {
    expect(binaryFrame(1, '\x1b[M\xff')).toEqual({
      type: 'input',
      wire: 1,
      bytes: new Uint8Array([27, 91, 77, 255]),
    });
  });
});

describe('pasting', () => {
  it('drops what could break out of a bracketed paste', () => {
    expect(pasteText('ls\x1b[201~\nrm\x00 -rf\x9b\tx')).toBe('ls[201~\nrm -rf\tx');
  });
  it('asks about several lines only where they would run at once', () => {
    expect(needsConfirmation('a\nb', false)).toBe(true);
    expect(needsConfirmation('a\r\nb', false)).toBe(true);
    expect(needsConfirmation('a\n', false)).toBe(false);
    expect(needsConfirmation('a', false)).toBe(false);
    expect(needsConfirmation('a\nb', true)).toBe(false);
  });

  it('is asked for a line that a terminal in line mode would cut', () => {
    expect(needsConfirmation('x'.repeat(4095), false)).toBe(false);
    expect(needsConfirmation('x'.repeat(4096), false)).toBe(true);
    expect(needsConfirmation('x'.repeat(6000), true)).toBe(false);
    expect(tooLongForLineMode(`a\n${'é'.repeat(2048)}\nb`)).toBe(4096);
    expect(tooLongForLineMode('x'.repeat(4095))).toBe(0);
  });
});

describe('what a broadcast passes on', () => {
  it('keeps the mouse to its own terminal', () => {
    expect(isMouseReport('\x1b[<0;12;3M')).toBe(true);
    expect(isMouseReport('\x1b[M !!')).toBe(true);
    expect(isMouseReport('\x1b[A')).toBe(false);
  });
  it('gives each terminal the cursor keys that it asked for', () => {
    expect(cursorKeysFor('\x1bOA', false)).toBe('\x1b[A');
    expect(cursorKeysFor('\x1b[H', true)).toBe('\x1bOH');
    expect(cursorKeysFor('\x1b[1;5A', true)).toBe('\x1b[1;5A');
    expect(cursorKeysFor('ls', true)).toBe('ls');
  });
});
