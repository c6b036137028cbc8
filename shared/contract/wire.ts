/**
 * Frames of the one channel between a window and the core. Text frames hold one JSON object (rpc.ts); binary
 * frames hold a terminal's bytes and its acknowledgements, so that output is never base64 inside JSON:
 *
 *   byte 0      type: 1 output (core → window), 2 input (window → core), 3 acknowledgement (window → core),
 *               4 interrupt (window → core; input that overtakes whatever waits), 5 replay (core → window)
 *   bytes 1–4   the pane's `wire` number, unsigned, big-endian
 *   bytes 5–    1, 2, 4, 5: raw bytes · 3: count of bytes parsed, unsigned 32 bit, big-endian
 *
 * A window acknowledges output and replay alike, after xterm has parsed them.
 */
export type TerminalFrame =
  | { type: 'output' | 'input' | 'interrupt' | 'replay'; wire: number; bytes: Uint8Array }
  | { type: 'acknowledgement'; wire: number; count: number };

const TYPES = ['output', 'input', 'acknowledgement', 'interrupt', 'replay'] as const;
const HEADER_BYTES = 5;

export function encodedLength(frame: TerminalFrame): number {
  return HEADER_BYTES + (frame.type === 'acknowledgement' ? 4 : frame.bytes.length);
}

/** `encoded`: room for it, of its exact length, where the caller has some. */
export function encodeTerminalFrame(
  frame: TerminalFrame,
  encoded = new Uint8Array(encodedLength(frame)),
): Uint8Array {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  encoded[0] = TYPES.indexOf(frame.type) + 1;
  view.setUint32(1, frame.wire);
  if (frame.type === 'acknowledgement') view.setUint32(HEADER_BYTES, frame.count);
  else encoded.set(frame.bytes, HEADER_BYTES);
  return encoded;
}

/** `undefined` for anything that is not a frame of ours. The bytes are a view, not a copy. */
export function decodeTerminalFrame(data: Uint8Array): TerminalFrame | undefined {
  const type = TYPES[(data[0] ?? 0) - 1];
  if (!type || data.length < HEADER_BYTES) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const wire = view.getUint32(1);
  if (type === 'acknowledgement') {
    return data.length === HEADER_BYTES + 4 ? { type, wire, count: view.getUint32(HEADER_BYTES) } : undefined;
  }
  return { type, wire, bytes: data.subarray(HEADER_BYTES) };
}

/** One window's connection, whatever carries it (WebSocket, MessagePort). */
export interface FrameChannel {
  /** `sent`: the frame's memory is the caller's again. It may never come, when the channel closes. */
  send(frame: string | Uint8Array, sent?: () => void): void;
  /** Frames in order. One listener. */
  onFrame(listener: (frame: string | Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}
