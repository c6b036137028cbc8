import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../../shared/base/clock.ts';
import { type Disposable, toDisposable } from '../../../../shared/base/disposable.ts';
import { type ChannelMessage, encodeMessage, FIN, SYN } from './codec.ts';
import { createRetransmissionTimer } from './retransmissionTimer.ts';

/**
 * The client's end of the data channel's two numbered streams, `input_stream_data` out and `output_stream_data` in: what is given to `send` arrives once and in order, through
 * loss, duplication, reordering and new WebSockets. It knows nothing of what the payloads mean.
 */
export interface ReliableStream extends Disposable {
  /** A wire is up: everything that is not acknowledged is sent again, in order. */
  attach(transmit: (bytes: Uint8Array) => void): void;
  detach(): void;
  /** A decoded message of the wire, whatever its type. */
  receive(message: ChannelMessage): void;
  /** One message. Never dropped: while `waitingBytes` is beyond what the caller wants to hold, it should wait for `onProgress`. */
  send(payloadType: number, payload: Uint8Array): void;
  /** Given, and not acknowledged yet. */
  readonly waitingBytes: number;
  /** Since when (monotonic) something waits for an acknowledgement without any arriving; absent when nothing does. */
  readonly silentSince: number | undefined;
}

export interface ReliableStreamOptions {
  clock: Clock;
  /** In order, each once. The payload is only valid during the call. */
  deliver(message: ChannelMessage): void;
  /** Something was acknowledged. */
  onProgress?(): void;
}

/** Both official ends cut data into messages of no more. */
export const CHUNK_BYTES = 1024;
/** In flight at once: a megabyte, which 60 ms of round trip turn into 17 MB/s. */
const WINDOW_MESSAGES = 1024;
/** Ahead of the one that is missing; what is beyond is not acknowledged, and so comes again. */
const REORDER_MESSAGES = 10_000;
const REORDER_BYTES = 16 * 1024 * 1024;
const MOST_RESEND_MS = 1000;

interface Outgoing {
  sequence: bigint;
  bytes: Uint8Array;
  payloadBytes: number;
  /** Monotonic; absent while it waits for the window or a wire. */
  sentAt?: number;
  resends: number;
}

export function createReliableStream(options: ReliableStreamOptions): ReliableStream {
  const { clock } = options;
  const timer = createRetransmissionTimer();
  let transmit: ((bytes: Uint8Array) => void) | undefined;

  // Outgoing: a Map keeps the order of insertion, and an acknowledgement finds its own in any order.
  const unacknowledged = new Map<bigint, Outgoing>();
  let unsent: Outgoing[] = [];
  let nextSequence = 0n;
  let waitingBytes = 0;
  let lastProgress = 0;
  let resend: Disposable = toDisposable(() => {});
  let resendAt = Number.POSITIVE_INFINITY;

  // Incoming.
  let expected = 0n;
  const early = new Map<bigint, ChannelMessage>();
  let earlyBytes = 0;
  let disposed = false;

  function put(outgoing: Outgoing): void {
    outgoing.sentAt = clock.monotonic();
    transmit?.(outgoing.bytes);
  }

  function fillWindow(): void {
    if (!transmit) return;
    let at = 0;
    while (at < unsent.length && unacknowledged.size < WINDOW_MESSAGES) {
      const next = unsent[at++];
      if (!next) break;
      if (unacknowledged.size === 0) lastProgress = clock.monotonic();
      unacknowledged.set(next.sequence, next);
      put(next);
    }
    if (at > 0) unsent = at === unsent.length ? [] : unsent.slice(at);
    watchHead();
  }

  /** Only the oldest is sent again: what comes after it may well have arrived, and be acknowledged meanwhile. */
  function watchHead(): void {
    const head = headOf(unacknowledged);
    if (!head || !transmit) {
      resend.dispose();
      resendAt = Number.POSITIVE_INFINITY;
      return;
    }
    const wait = Math.min(MOST_RESEND_MS, timer.timeoutMs * 2 ** Math.min(head.resends, 10));
    const due = (head.sentAt ?? 0) + wait;
    // A timer that is early looks again: with a thousand acknowledgements a second none is moved for each.
    if (resendAt <= due) return;
    resend.dispose();
    resendAt = due;
    resend = clock.after(Math.max(0, due - clock.monotonic()), () => {
      resendAt = Number.POSITIVE_INFINITY;
      const first = headOf(unacknowledged);
      if (!first || !transmit) return;
      const patience = Math.min(MOST_RESEND_MS, timer.timeoutMs * 2 ** Math.min(first.resends, 10));
      // Within a millisecond: sums of fractions may fall short of what was waited for.
      if (clock.monotonic() - (first.sentAt ?? 0) >= patience - 1) {
        first.resends++;
        put(first);
      }
      watchHead();
    });
  }

  function acknowledge(message: ChannelMessage): void {
    transmit?.(encodeMessage(acknowledgement(message, clock.now(), randomUUID())));
  }

  function takeAcknowledgement(message: ChannelMessage): void {
    // Not by JSON's numbers: they end at 2^53.
    const text = Buffer.from(message.payload).toString('utf8');
    const sequence = /"AcknowledgedMessageSequenceNumber"\s*:\s*(\d{1,19})\b/.exec(text)?.[1];
    if (sequence === undefined) return;
    const outgoing = unacknowledged.get(BigInt(sequence));
    if (!outgoing) return;
    unacknowledged.delete(outgoing.sequence);
    waitingBytes -= outgoing.payloadBytes;
    lastProgress = clock.monotonic();
    if (outgoing.resends === 0 && outgoing.sentAt !== undefined) timer.sample(lastProgress - outgoing.sentAt);
    fillWindow();
    options.onProgress?.();
  }

  function takeData(message: ChannelMessage): void {
    if (message.sequence < expected) {
      // Its acknowledgement was lost: without another it would be sent for ever.
      acknowledge(message);
      return;
    }
    if (message.sequence > expected) {
      if (early.has(message.sequence)) acknowledge(message);
      else if (
        message.sequence - expected <= REORDER_MESSAGES &&
        earlyBytes + message.payload.length <= REORDER_BYTES
      ) {
        early.set(message.sequence, { ...message, payload: Uint8Array.from(message.payload) });
        earlyBytes += message.payload.length;
        acknowledge(message);
      }
      return;
    }
    let next: ChannelMessage | undefined = message;
    acknowledge(message);
    while (next && !disposed) {
      expected++;
      options.deliver(next);
      next = early.get(expected);
      if (next) {
        early.delete(expected);
        earlyBytes -= next.payload.length;
      }
    }
  }

  return {
    attach(to) {
      transmit = to;
      lastProgress = clock.monotonic();
      for (const outgoing of unacknowledged.values()) {
        // Its first answer may have been lost with the old wire: it tells nothing of the round trip.
        outgoing.resends = 1;
        put(outgoing);
      }
      fillWindow();
    },
    detach() {
      transmit = undefined;
      watchHead();
    },
    receive(message) {
      if (disposed) return;
      if (message.messageType === 'output_stream_data') takeData(message);
      else if (message.messageType === 'acknowledge') takeAcknowledgement(message);
    },
    send(payloadType, payload) {
      if (disposed) return;
      const sequence = nextSequence++;
      waitingBytes += payload.length;
      unsent.push({
        sequence,
        payloadBytes: payload.length,
        resends: 0,
        bytes: encodeMessage({
          messageType: 'input_stream_data',
          createdAt: clock.now(),
          sequence,
          flags: 0n,
          messageId: randomUUID(),
          payloadType,
          payload,
        }),
      });
      fillWindow();
    },
    get waitingBytes() {
      return waitingBytes;
    },
    get silentSince() {
      return unacknowledged.size === 0 ? undefined : lastProgress;
    },
    dispose() {
      disposed = true;
      transmit = undefined;
      resend.dispose();
      unacknowledged.clear();
      unsent = [];
      early.clear();
    },
  };
}

/** Sequence 0, payload type 0, SYN and FIN; the other end finds what it is about by the sequence in the payload. */
export function acknowledgement(
  message: Pick<ChannelMessage, 'messageType' | 'messageId' | 'sequence'>,
  createdAt: number,
  messageId: string,
): ChannelMessage {
  const about = `{"AcknowledgedMessageType":"${message.messageType}","AcknowledgedMessageId":"${message.messageId}","AcknowledgedMessageSequenceNumber":${message.sequence},"IsSequentialMessage":true}`;
  return {
    messageType: 'acknowledge',
    createdAt,
    sequence: 0n,
    flags: SYN | FIN,
    messageId,
    payloadType: 0,
    payload: Buffer.from(about),
  };
}

function headOf(outgoing: ReadonlyMap<bigint, Outgoing>): Outgoing | undefined {
  for (const first of outgoing.values()) return first;
  return undefined;
}
