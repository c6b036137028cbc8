import { describe, expect, it } from 'vitest';
import { isTerminalReply } from './terminalReply.ts';

describe('isTerminalReply', () => {
  it.each([
    '\x1b[?1;2c',
    '\x1b[>0;276;0c',
    '\x1b[12;40R',
    '\x1b[0n',
    '\x1b[?2026;2$y',
    '\x1bP1$r0m\x1b\\',
    '\x1b]11;rgb:00/00/00\x1b\\',
    '\x1b[I',
  ])('knows %j', (reply) => expect(isTerminalReply(reply)).toBe(true));
  it.each([
    'a',
    '\r',
    '\x03',
    '\x1b',
    '\x1b[A',
    '\x1b[3~',
    '\x1b[1;5C',
    '\x1bOP',
    '\x1b[200~x\x1b[201~',
    '\x1bb',
    // Alt and a key: readline's last argument, and what editors bind.
    '\x1b_',
    '\x1bP',
    '\x1b]',
  ])('takes %j for typing', (typed) => expect(isTerminalReply(typed)).toBe(false));
});
