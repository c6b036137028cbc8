import { randomUUID } from 'node:crypto';
import { type ChannelMessage, encodeMessage, SYN } from '../../../electron/core/transports/ssm/codec.ts';
import type { Clock } from '../../../shared/base/clock.ts';

/**
 * The agent's end of the numbered streams, written for the double from the protocol's description and sharing nothing
 * with the client's end but the codec: what both got wrong together would pass every test of one against the other.
 *
 * As the agent does: every 100 ms the oldest message without an acknowledgement is sent again, if it is older than a
 * fixed time; what comes early is kept and acknowledged. Unlike the agent it acknowledges duplicates again, and drops
 * nothing when much waits: those are its known faults, and the client is tested against them elsewhere.
 */
export interface AgentStream {
  attach(transmit: (bytes: Uint8Array) => void): void;
  detach(): void;
  receive(message: ChannelMessage): void;
  send(payloadType: number, payload: Uint8Array): void;
  readonly waitingBytes: number;
  /** Messages may be empty: bytes alone do not tell whether all have arrived. */
  readonly waitingMessages: number;
  dispose(): void;
}

const TICK_MS = 100;
const OLD_MS = 200;
const MOST_EARLY = 10_000;

export function createAgentStream(options: {
  clock: Clock;
  deliver(message: ChannelMessage): void;
  onProgress?(): void;
}): AgentStream {
  const { clock } = options;
  let wire: ((bytes: Uint8Array) => void) | undefined;
  let taken = 0;
  let given = 0;
  let waitingBytes = 0;
  const early: ChannelMessage[] = [];
  /** By number, the oldest first. */
  const waiting = new Map<number, { size: number; frame: Uint8Array; at: number }>();

  const tick = clock.every(TICK_MS, () => {
    const [oldest] = waiting.values();
    if (!wire || !oldest || clock.monotonic() - oldest.at < OLD_MS) return;
    oldest.at = clock.monotonic();
    wire(oldest.frame);
  });

  function confirm(message: ChannelMessage): void {
    const about = {
      AcknowledgedMessageType: message.messageType,
      AcknowledgedMessageId: message.messageId,
      AcknowledgedMessageSequenceNumber: Number(message.sequence),
      IsSequentialMessage: true,
    };
    wire?.(
      encodeMessage({
        messageType: 'acknowledge',
        createdAt: clock.now(),
        sequence: 0n,
        flags: 3n,
        messageId: randomUUID(),
        payloadType: 0,
        payload: Buffer.from(JSON.stringify(about)),
      }),
    );
  }

  function takeInput(message: ChannelMessage): void {
    const number = Number(message.sequence);
    if (number - taken > MOST_EARLY) return;
    confirm(message);
    if (number < taken) return;
    if (number > taken) {
      if (!early.some((one) => one.sequence === message.sequence))
        early.push({ ...message, payload: Buffer.from(message.payload) });
      return;
    }
    taken++;
    options.deliver(message);
    for (;;) {
      const at = early.findIndex((one) => Number(one.sequence) === taken);
      const [next] = at < 0 ? [] : early.splice(at, 1);
      if (!next) return;
      taken++;
      options.deliver(next);
    }
  }

  function takeConfirmation(message: ChannelMessage): void {
    let number: unknown;
    try {
      number = JSON.parse(Buffer.from(message.payload).toString()).AcknowledgedMessageSequenceNumber;
    } catch {
      return;
    }
    const done = typeof number === 'number' ? waiting.get(number) : undefined;
    if (!done) return;
    waiting.delete(number as number);
    waitingBytes -= done.size;
    options.onProgress?.();
  }

  return {
    attach(transmit) {
      wire = transmit;
      for (const one of waiting.values()) {
        one.at = clock.monotonic();
        transmit(one.frame);
      }
    },
    detach() {
      wire = undefined;
    },
    receive(message) {
      if (message.messageType === 'input_stream_data') takeInput(message);
      else if (message.messageType === 'acknowledge') takeConfirmation(message);
    },
    send(payloadType, payload) {
      const number = given++;
      const frame = encodeMessage({
        messageType: 'output_stream_data',
        createdAt: clock.now(),
        sequence: BigInt(number),
        flags: number === 0 ? SYN : 0n,
        messageId: randomUUID(),
        payloadType,
        payload,
      });
      waiting.set(number, { size: payload.length, frame, at: clock.monotonic() });
      waitingBytes += payload.length;
      wire?.(frame);
    },
    get waitingBytes() {
      return waitingBytes;
    },
    get waitingMessages() {
      return waiting.size;
    },
    dispose() {
      wire = undefined;
      tick.dispose();
    },
  };
}
