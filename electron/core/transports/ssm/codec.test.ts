import { expect, test } from 'vitest';
import { type ChannelMessage, decodeMessage, encodeMessage, FIN, PAYLOAD, SYN } from './codec.ts';
import { acknowledgement } from './reliableStream.ts';

// Produced by the official client's own serialiser.
const UUID = 'dd01e56b-ff48-483e-a508-b5f073f31b16';
const DATE = 1_503_434_274_948;
const INPUT =
  '00000074696e7075745f73747265616d5f64617461202020202020202020202020202020000000010000015e0baa788400000000000000020000000000000002a508b5f073f31b16dd01e56bff48483e239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e500000001000000077061796c6f6164';
const SIZE =
  '00000074696e7075745f73747265616d5f64617461202020202020202020202020202020000000010000015e0baa788400000000000000000000000000000000a508b5f073f31b16dd01e56bff48483ed53ca1ea7dce87c11432052a8550ed2615cf715ca843c89710ed83325b691cba00000003000000157b22636f6c73223a38302c22726f7773223a32347d';
// As noted down it had one digit too many before the digest and one too few behind: the digest of the payload below decides.
const ACKNOWLEDGE_HEADER =
  '0000007461636b6e6f776c65646765202020202020202020202020202020202020202020000000010000015e0baa788400000000000000000000000000000003a508b5f073f31b16dd01e56bff48483e826149d35e09fb655b0de7148dac393b940c08944aeccbefab44cbd86c9be05000000000000000b0';

function message(over: Partial<ChannelMessage>): ChannelMessage {
  return {
    messageType: 'input_stream_data',
    createdAt: DATE,
    sequence: 0n,
    flags: 0n,
    messageId: UUID,
    payloadType: PAYLOAD.output,
    payload: new Uint8Array(0),
    ...over,
  };
}

const VECTORS: [string, ChannelMessage, string][] = [
  ['input', message({ sequence: 2n, flags: FIN, payload: Buffer.from('payload') }), INPUT],
  ['size', message({ payloadType: PAYLOAD.size, payload: Buffer.from('{"cols":80,"rows":24}') }), SIZE],
];

test.each(VECTORS)('the %s of the official client, byte for byte, there and back', (_, given, hex) => {
  expect(encodeMessage(given).toString('hex')).toBe(hex);
  const decoded = decodeMessage(Buffer.from(hex, 'hex'));
  expect(decoded.ok && { ...decoded.value, payload: Buffer.from(decoded.value.payload) }).toEqual(given);
});

test('the acknowledgement of the official client, byte for byte', () => {
  const acknowledged = message({ messageType: 'output_stream_data', sequence: 2n });
  const bytes = encodeMessage(acknowledgement(acknowledged, DATE, UUID));
  expect(bytes.subarray(0, 120).toString('hex')).toBe(ACKNOWLEDGE_HEADER);
  expect(bytes.subarray(120).toString()).toBe(
    `{"AcknowledgedMessageType":"output_stream_data","AcknowledgedMessageId":"${UUID}","AcknowledgedMessageSequenceNumber":2,"IsSequentialMessage":true}`,
  );
  expect(SYN | FIN).toBe(3n);
});

test.each([
  [-1n, 'ffffffffffffffff'],
  [9_007_199_254_740_993n, '0020000000000001'],
  [5_747_283n, '000000000057b253'],
  [92_837_273n, '0000000005889599'],
])('the sequence %s is written as %s', (sequence, hex) => {
  const bytes = encodeMessage(message({ sequence }));
  expect(bytes.subarray(48, 56).toString('hex')).toBe(hex);
  const decoded = decodeMessage(bytes);
  expect(decoded.ok && decoded.value.sequence).toBe(sequence);
});

test.each([
  [324, '00000144'],
  [520_392, '0007f0c8'],
])('the integer %s is written as %s', (payloadType, hex) => {
  expect(encodeMessage(message({ payloadType })).subarray(112, 116).toString('hex')).toBe(hex);
});

test('a type padded with NUL is read like one padded with spaces', () => {
  const bytes = encodeMessage(message({}));
  bytes.fill(0, 4 + 'input_stream_data'.length, 36);
  const decoded = decodeMessage(bytes);
  expect(decoded.ok && decoded.value.messageType).toBe('input_stream_data');
});

test.each(['start_publication', 'pause_publication'])(
  '%s is read whatever its header says',
  (messageType) => {
    const bytes = encodeMessage(message({ messageType }));
    bytes.writeUInt32BE(0, 0);
    const decoded = decodeMessage(bytes.subarray(0, 40));
    expect(decoded.ok && decoded.value.messageType).toBe(messageType);
  },
);

test('the digest is checked only where there is a payload', () => {
  const empty = encodeMessage(message({}));
  empty.fill(0, 80, 112);
  expect(decodeMessage(empty).ok).toBe(true);
  const full = encodeMessage(message({ payload: Buffer.from('payload') }));
  full.fill(0, 80, 112);
  expect(decodeMessage(full)).toEqual({
    ok: false,
    error: { reason: 'a input_stream_data whose payload does not match its digest' },
  });
});

test.each([
  ['nothing', (b: Buffer) => b.subarray(0, 0), '0 bytes, less than a message type'],
  ['half a header', (b: Buffer) => b.subarray(0, 60), '60 bytes, less than the header and the length'],
  ['a cut payload', (b: Buffer) => b.subarray(0, -1), 'a payload of 6 bytes that says 7'],
  ['trailing bytes', (b: Buffer) => Buffer.concat([b, Buffer.from([0])]), 'a payload of 8 bytes that says 7'],
  [
    'a header that is too short',
    (b: Buffer) => {
      b.writeUInt32BE(20, 0);
      return b;
    },
    'a header of 20 bytes, less than 116',
  ],
  ['a megabyte', () => Buffer.alloc(1 << 20), '1048576 bytes, more than 262144'],
])('%s is refused with its reason', (_, spoil, reason) => {
  const bytes = encodeMessage(message({ payload: Buffer.from('payload') }));
  expect(decodeMessage(spoil(bytes))).toEqual({ ok: false, error: { reason } });
});
