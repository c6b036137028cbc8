import type { TerminalFrame } from '../../../shared/contract/wire.ts';

/** Ctrl-C, Ctrl-\, Ctrl-Z: what stops a flood must not wait behind it. */
const OVERTAKING = new Set(['\x03', '\x1c', '\x1a']);

const encoder = new TextEncoder();

/** The frame that carries what was typed. */
export function inputFrame(wire: number, data: string): TerminalFrame {
  return { type: OVERTAKING.has(data) ? 'interrupt' : 'input', wire, bytes: encoder.encode(data) };
}

/** Mouse reports and the like: each character is one byte. */
export function binaryFrame(wire: number, data: string): TerminalFrame {
  return { type: 'input', wire, bytes: Uint8Array.from(data, (c) => c.charCodeAt(0) & 0xff) };
}

/** What a program that asked for the mouse is told (X10 and SGR encodings): about this terminal's cells alone. */
export function isMouseReport(data: string): boolean {
  return /^\x1b\[(?:M|<[\d;]+[mM])/.test(data);
}

/** A cursor key as another terminal would have sent it: shells and full-screen programs ask for different ones. */
export function cursorKeysFor(data: string, application: boolean): string {
  return data.replace(/^\x1b[[O]([ABCDHF])$/, application ? '\x1bO$1' : '\x1b[$1');
}

/** Text for a paste: without the control characters that could end a bracketed paste or act by themselves. */
export function pasteText(clipboard: string): string {
  return clipboard.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '');
}

/**
 * More than one line would run as it arrives, where the shell does not bracket pastes; and one that is longer than a
 * line-mode terminal takes would be cut there without a word.
 */
export function needsConfirmation(text: string, bracketed: boolean): boolean {
  return !bracketed && (/[\r\n]./s.test(text.replace(/\r\n/g, '\n')) || tooLongForLineMode(text) > 0);
}

/** N_TTY_BUF_SIZE of the kernel (drivers/tty/n_tty.c): the line feed is the 4,096th byte. */
const LINE_MODE_BYTES = 4095;

/** Bytes of the longest line, where a terminal in line mode would cut it; else 0. */
export function tooLongForLineMode(text: string): number {
  const encoder = new TextEncoder();
  const longest = Math.max(0, ...text.split(/\r\n?|\n/).map((line) => encoder.encode(line).length));
  return longest > LINE_MODE_BYTES ? longest : 0;
}
