import { expect, test } from 'vitest';
import { ManualClock } from '../../../../shared/base/clock.ts';
import { type ChannelMessage, decodeMessage, PAYLOAD } from './codec.ts';
import { createReliableStream } from './reliableStream.ts';
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
