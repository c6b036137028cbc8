import { describe, expect, it } from 'vitest';
import { decodeTerminalFrame, encodeTerminalFrame, type TerminalFrame } from './wire.ts';

describe('terminal frames', () => {
  it.each<[TerminalFrame, number[]]>([
    [{ type: 'output', wire: 1, bytes: new Uint8Array([0x68, 0x69]) }, [1, 0, 0, 0, 1, 0x68, 0x69]],
    [{ type: 'input', wire: 0x01020304, bytes: new Uint8Array([0xff]) }, [2, 1, 2, 3, 4, 0xff]],
    [{ type: 'acknowledgement', wire: 7, count: 0xfffffffe }, [3, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xfe]],
    [{ type: 'interrupt', wire: 0xffffffff, bytes: new Uint8Array([3]) }, [4, 0xff, 0xff, 0xff, 0xff, 3]],
    [{ type: 'replay', wire: 0, bytes: new Uint8Array() }, [5, 0, 0, 0, 0]],
  ])('have the bytes of the format: %o', (frame, bytes) => {
    expect([...encodeTerminalFrame(frame)]).toEqual(bytes);
    expect(decodeTerminalFrame(new Uint8Array(bytes))).toEqual(frame);
  });

  it('are read from the middle of a larger buffer, without a copy', () => {
    const buffer = new Uint8Array([9, 9, 9, 1, 0, 0, 0, 2, 65, 66, 9]);
    const decoded = decodeTerminalFrame(buffer.subarray(3, 10));
    expect(decoded).toEqual({ type: 'output', wire: 2, bytes: new Uint8Array([65, 66]) });
    if (decoded?.type !== 'output') throw new Error('not output');
    expect(decoded.bytes.buffer).toBe(buffer.buffer);
  });

  it.each([
    ['nothing', []],
    ['type 0', [0, 0, 0, 0, 1, 65]],
    ['type 6', [6, 0, 0, 0, 1, 65]],
    ['type 255', [255, 0, 0, 0, 1, 65]],
    ['half a header', [1, 0, 0]],
    ['an acknowledgement that is short', [3, 0, 0, 0, 1, 0, 0, 1]],
    ['an acknowledgement that is long', [3, 0, 0, 0, 1, 0, 0, 0, 1, 0]],
  ])('are not made of %s', (_name, bytes) => {
    expect(decodeTerminalFrame(new Uint8Array(bytes))).toBeUndefined();
  });

  it('survive any bytes: what decodes encodes to the same, and nothing throws', () => {
    // A linear congruential generator (Numerical Recipes), so that a failure can be run again.
    let seed = 20260711;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    let decodedCount = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 12) }, (_, i) =>
        Math.floor(random() * (i === 0 ? 8 : 256)),
      );
      const decoded = decodeTerminalFrame(bytes);
      if (!decoded) continue;
      decodedCount++;
      expect([...encodeTerminalFrame(decoded)]).toEqual([...bytes]);
    }
    expect(decodedCount).toBeGreaterThan(500);
  });
});
