import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../../shared/base/clock.ts';
import { type ChannelMessage, decodeMessage, PAYLOAD } from './codec.ts';
import { createReliableStream, type ReliableStream } from './reliableStream.ts';
import { createRetransmissionTimer } from './retransmissionTimer.ts';

test('a round trip of 140 ms gives the figures of the official client', () => {
  const timer = createRetransmissionTimer();
  timer.sample(140);
  expect([timer.smoothedRoundTripMs, timer.variationMs, timer.timeoutMs]).toEqual([105, 10, 145]);
});

function decoded(bytes: Uint8Array): ChannelMessage {
  const message = decodeMessage(bytes);
  if (!message.ok) throw new Error(message.error.reason);
  return message.value;
}

/** A client whose wire is a list. */
function lonelyClient() {
  const clock = new ManualClock(1_000_000);
  const sent: ChannelMessage[] = [];
  const delivered: string[] = [];
  const stream = createReliableStream({
    role: 'client',
    clock,
    deliver: (message) => delivered.push(Buffer.from(message.payload).toString()),
  });
  stream.attach((bytes) => sent.push(decoded(bytes)));
  const output = (sequence: number, text: string): ChannelMessage => ({
    messageType: 'output_stream_data',
    createdAt: 0,
    sequence: BigInt(sequence),
    flags: 0n,
    messageId: 'dd01e56b-ff48-483e-a508-b5f073f31b16',
    payloadType: PAYLOAD.output,
    payload: Buffer.from(text),
  });
  return { clock, sent, delivered, stream, output };
}

test('a duplicate from before is acknowledged again: its first acknowledgement may be lost', () => {
  const { stream, sent, delivered, output } = lonelyClient();
  stream.receive(output(0, 'a'));
  stream.receive(output(0, 'a'));
  expect(sent.map((m) => m.messageType)).toEqual(['acknowledge', 'acknowledge']);
  expect(delivered).toEqual(['a']);
});

test('what comes early is acknowledged, kept, and delivered in its turn', () => {
  const { stream, sent, delivered, output } = lonelyClient();
  stream.receive(output(2, 'c'));
  stream.receive(output(1, 'b'));
  expect(delivered).toEqual([]);
  stream.receive(output(0, 'a'));
  expect(delivered).toEqual(['a', 'b', 'c']);
  expect(sent).toHaveLength(3);
});

test('what is too far ahead is neither kept nor acknowledged', () => {
  const { stream, sent, output } = lonelyClient();
  stream.receive(output(10_001, 'z'));
  expect(sent).toEqual([]);
});

test('only the oldest is sent again, at the timeout and then ever more slowly', () => {
  const { clock, stream, sent } = lonelyClient();
  stream.send(PAYLOAD.output, Buffer.from('a'));
  stream.send(PAYLOAD.output, Buffer.from('b'));
  expect(sent.map((m) => m.sequence)).toEqual([0n, 1n]);
  clock.advance(199);
  expect(sent).toHaveLength(2);
  clock.advance(1);
  expect(sent.map((m) => m.sequence)).toEqual([0n, 1n, 0n]);
  clock.advance(399);
  expect(sent).toHaveLength(3);
  clock.advance(1);
  expect(sent).toHaveLength(4);
});

test('an acknowledgement that is no JSON, or of something never sent, changes nothing', () => {
  const { stream, output } = lonelyClient();
  stream.send(PAYLOAD.output, Buffer.from('a'));
  for (const text of [
    '',
    '{',
    '{"AcknowledgedMessageSequenceNumber":"0"}',
    '{"AcknowledgedMessageSequenceNumber":7}',
  ])
    stream.receive({ ...output(0, text), messageType: 'acknowledge' });
  expect(stream.waitingBytes).toBe(1);
  stream.receive({ ...output(0, '{"AcknowledgedMessageSequenceNumber":0}'), messageType: 'acknowledge' });
  expect(stream.waitingBytes).toBe(0);
});

test('round trips of fractions of a millisecond do not make the timer spin', () => {
  const { clock, stream, sent, output } = lonelyClient();
  for (let at = 0; at < 40; at++) {
    stream.send(PAYLOAD.output, Buffer.from('a'));
    clock.advance(0.1 * at + 1 / 3);
    stream.receive({
      ...output(0, `{"AcknowledgedMessageSequenceNumber":${at}}`),
      messageType: 'acknowledge',
    });
    stream.send(PAYLOAD.output, Buffer.from('b'));
    clock.advance(1234.567 / 3);
    at++;
    stream.receive({
      ...output(0, `{"AcknowledgedMessageSequenceNumber":${at}}`),
      messageType: 'acknowledge',
    });
  }
  expect(sent.length).toBeGreaterThan(40);
});

/** What happens to each frame that is put on the wire, and when the wire itself breaks. */
interface Schedule {
  seed: number;
  loss: number;
  duplication: number;
  reordering: number;
  delayMs: number;
  breaksEveryMs: number;
  toAgent: Uint8Array[];
  toClient: Uint8Array[];
}

const chunk = fc.uint8Array({ maxLength: 2500 });

const schedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.integer(),
  loss: fc.constantFrom(0, 0.05, 0.3),
  duplication: fc.constantFrom(0, 0.2),
  reordering: fc.constantFrom(0, 0.3),
  delayMs: fc.constantFrom(0, 1, 40, 300),
  breaksEveryMs: fc.constantFrom(Number.POSITIVE_INFINITY, 700, 3000),
  toAgent: fc.array(chunk, { maxLength: 6 }),
  toClient: fc.array(chunk, { maxLength: 6 }),
});

test('whatever the network does, both ends get each other’s bytes, once and in order', () => {
  // Another seed by SSM_SEED; a failure prints its own path.
  fc.assert(
    fc.property(schedule, (given) => {
      const { gotByAgent, gotByClient } = play(given);
      expect(Buffer.compare(gotByAgent, Buffer.concat(given.toAgent))).toBe(0);
      expect(Buffer.compare(gotByClient, Buffer.concat(given.toClient))).toBe(0);
    }),
    { numRuns: 10_000, seed: Number(process.env['SSM_SEED'] ?? 1) },
  );
});

function play(given: Schedule): { gotByAgent: Buffer; gotByClient: Buffer } {
  const clock = new ManualClock(0);
  const random = randomFrom(given.seed);
  const gotByAgent: Buffer[] = [];
  const gotByClient: Buffer[] = [];
  const client = createReliableStream({
    role: 'client',
    clock,
    deliver: (m) => gotByClient.push(Buffer.from(m.payload)),
  });
  const agent = createReliableStream({
    role: 'agent',
    clock,
    deliver: (m) => gotByAgent.push(Buffer.from(m.payload)),
  });
  let wire = 0;

  function connect(): void {
    const own = ++wire;
    const carry = (to: ReliableStream) => (bytes: Uint8Array) => {
      const copies = random() < given.loss ? 0 : random() < given.duplication ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        const extra = random() < given.reordering ? Math.floor(random() * 200) : 0;
        clock.after(given.delayMs + extra, () => {
          // What is under way when a wire breaks is gone with it.
          if (own === wire) to.receive(decoded(bytes));
        });
      }
    };
    client.attach(carry(agent));
    agent.attach(carry(client));
  }
  function disconnect(): void {
    wire++;
    client.detach();
    agent.detach();
    clock.after(Math.floor(random() * 500), connect);
  }

  connect();
  for (const bytes of given.toAgent) client.send(PAYLOAD.output, bytes);
  for (const bytes of given.toClient) agent.send(PAYLOAD.output, bytes);
  if (Number.isFinite(given.breaksEveryMs)) clock.every(given.breaksEveryMs, disconnect);
  const busy = (end: ReliableStream) => end.waitingBytes > 0 || end.silentSince !== undefined;
  // Half an hour of the clock's own time is far more than any schedule needs.
  for (let second = 0; second < 1800 && (busy(client) || busy(agent)); second++) clock.advance(1000);
  client.dispose();
  agent.dispose();
  return { gotByAgent: Buffer.concat(gotByAgent), gotByClient: Buffer.concat(gotByClient) };
}

/** Mulberry32: small, seeded, good enough to drive a network. */
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
