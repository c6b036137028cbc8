import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChannelMessage, decodeMessage, PAYLOAD } from '../../../electron/core/transports/ssm/codec.ts';
import { createReliableStream } from '../../../electron/core/transports/ssm/reliableStream.ts';
import { ManualClock } from '../../../shared/base/clock.ts';
import { createAgentStream } from './agentStream.ts';

function decoded(bytes: Uint8Array): ChannelMessage {
  const message = decodeMessage(bytes);
  if (!message.ok) throw new Error(message.error.reason);
  return message.value;
}

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
    clock,
    deliver: (m) => gotByClient.push(Buffer.from(m.payload)),
  });
  const agent = createAgentStream({
    clock,
    deliver: (m) => gotByAgent.push(Buffer.from(m.payload)),
  });
  let wire = 0;

  function connect(): void {
    const own = ++wire;
    const carry = (to: { receive(message: ChannelMessage): void }) => (bytes: Uint8Array) => {
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
  const busy = () => client.silentSince !== undefined || client.waitingBytes > 0 || agent.waitingMessages > 0;
  // Half an hour of the clock's own time is far more than any schedule needs.
  for (let second = 0; second < 1800 && busy(); second++) clock.advance(1000);
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
