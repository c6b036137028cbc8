import { decodeMessage, encodeMessage, PAYLOAD } from '../../electron/core/transports/ssm/codec.ts';
import { createSessionProtocol } from '../../electron/core/transports/ssm/sessionProtocol.ts';
import { ManualClock } from '../../shared/base/clock.ts';
import type { BenchResult } from './bench.types.ts';

const MINUTES = Number(process.env['FUZZ_MINUTES'] ?? 5);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
/** Frames a session is fed before it starts over. */
const FRAMES = 2000;
const MOST_HEAP_GROWTH = 64 * 1024 * 1024;

/**
 * Frames of a lawful conversation, each changed by chance, fed to a client for five minutes. It must not throw, its
 * memory must not grow, and each session must end in order: taking what is right, refusing what is not.
 */
export async function run(): Promise<BenchResult> {
  const random = randomFrom(SEED);
  const until = performance.now() + MINUTES * 60_000;
  const counts = { sessions: 0, frames: 0, refused: 0, faults: 0, delivered: 0 };
  globalThis.gc?.();
  let settled = 0;
  while (performance.now() < until) {
    oneSession(random, counts);
    counts.sessions++;
    if (counts.sessions === 20) settled = process.memoryUsage().heapUsed;
    // A breath, so that promises of handshakes settle and garbage is taken away.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const grown = process.memoryUsage().heapUsed - settled;
  if (grown > MOST_HEAP_GROWTH) throw new Error(`the heap grew by ${grown} bytes`);
  return {
    bench: 'ssmFuzz',
    results: [
      {
        case: `${MINUTES} minutes, seed ${SEED}`,
        ratio: 1,
        ours: { ...counts, heapGrowth: grown },
        peer: {},
      },
    ],
  };
}

type Counts = { frames: number; refused: number; faults: number; delivered: number };

function oneSession(random: () => number, counts: Counts): void {
  const clock = new ManualClock(0);
  const protocol = createSessionProtocol({
    sessionId: 's',
    target: 'i-0123456789abcdef0',
    clock,
    keys: { generate: async () => ({ plain: new Uint8Array(64), sealed: new Uint8Array(16) }) },
    events: {
      output: (data) => {
        counts.delivered += data.length;
      },
      errorOutput: () => {},
      exitCode: () => {},
      flag: () => {},
      progress: () => {},
      ready: () => {},
      closed: () => {},
      fault: () => {
        counts.faults++;
      },
      garbage: () => {
        counts.refused++;
      },
    },
  });
  const sent: Uint8Array[] = [];
  protocol.attach((bytes) => {
    // What it sends must be a message itself.
    if (!decodeMessage(bytes).ok) throw new Error('the client sent what is no message');
    sent.push(bytes);
    if (sent.length > 64) sent.shift();
  });
  let sequence = 0n;
  for (let frame = 0; frame < FRAMES; frame++) {
    counts.frames++;
    protocol.receive(mutate(lawful(random, sequence++, sent), random));
    if (random() < 0.05) protocol.write(Buffer.alloc(Math.floor(random() * 5000)));
    if (random() < 0.02) protocol.resize(Math.floor(random() * 300), Math.floor(random() * 100));
    if (random() < 0.02) clock.advance(Math.floor(random() * 2000));
  }
  protocol.dispose();
  if (clock.pending > 0) throw new Error('a timer outlived its session');
}

function lawful(random: () => number, sequence: bigint, sent: readonly Uint8Array[]): Buffer {
  const kinds = [
    [PAYLOAD.output, 'x'.repeat(Math.floor(random() * 1024))],
    [
      PAYLOAD.handshakeRequest,
      '{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k"}}]}',
    ],
    [PAYLOAD.encryptionChallengeRequest, '{"Challenge":"AAAA"}'],
    [PAYLOAD.handshakeComplete, '{"HandshakeTimeToComplete":1,"CustomerMessage":""}'],
    [PAYLOAD.exitCode, 'EXIT_CODE: 7'],
    [PAYLOAD.flag, '\0\0\0\u0003'],
  ] as const;
  const [payloadType, text] = kinds[random() < 0.8 ? 0 : Math.floor(random() * kinds.length)] ?? kinds[0];
  const acknowledged = sent[Math.floor(random() * sent.length)];
  const own = acknowledged && random() < 0.3 ? decodeMessage(acknowledged) : undefined;
  return encodeMessage({
    messageType: own ? 'acknowledge' : random() < 0.002 ? 'channel_closed' : 'output_stream_data',
    createdAt: 0,
    sequence,
    flags: 0n,
    messageId: 'dd01e56b-ff48-483e-a508-b5f073f31b16',
    payloadType: own ? 0 : payloadType,
    payload: Buffer.from(
      own?.ok ? `{"AcknowledgedMessageSequenceNumber":${own.value.sequence}}` : text,
      own ? 'utf8' : 'latin1',
    ),
  });
}

/** Nothing, a few bits, a cut, an insertion, or a number made extreme. */
function mutate(frame: Buffer, random: () => number): Uint8Array {
  const kind = random();
  if (kind < 0.4) return frame;
  const at = Math.floor(random() * frame.length);
  if (kind < 0.6) {
    for (let bit = 0; bit < 1 + random() * 8; bit++) {
      const place = Math.floor(random() * frame.length);
      frame[place] = (frame[place] ?? 0) ^ (1 << Math.floor(random() * 8));
    }
    return frame;
  }
  if (kind < 0.75) return frame.subarray(0, at);
  if (kind < 0.85)
    return Buffer.concat([
      frame.subarray(0, at),
      Buffer.alloc(Math.floor(random() * 64), 0xff),
      frame.subarray(at),
    ]);
  const field = [0, 36, 48, 52, 112, 116][Math.floor(random() * 6)] ?? 0;
  frame.writeUInt32BE(
    [0, 1, 0x7fffffff, 0xffffffff][Math.floor(random() * 4)] ?? 0,
    Math.min(field, frame.length - 4),
  );
  return frame;
}

/** Mulberry32, seeded: a failure can be played again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
