import { createHash } from 'node:crypto';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';

/**
 * One message of the Session Manager data channel, as amazon-ssm-agent and its client write it. All integers are
 * big-endian.
 *
 * | offset | size | field                                                                        |
 * |--------|------|------------------------------------------------------------------------------|
 * | 0      | 4    | header length, 116: what stands before the payload's length                  |
 * | 4      | 32   | message type, padded right with spaces                                       |
 * | 36     | 4    | schema version, 1                                                            |
 * | 40     | 8    | created, epoch milliseconds                                                  |
 * | 48     | 8    | sequence, signed                                                             |
 * | 56     | 8    | flags: bit 0 SYN, bit 1 FIN                                                  |
 * | 64     | 16   | message id: a UUID with its halves swapped                                   |
 * | 80     | 32   | SHA-256 of the payload as sent                                               |
 * | 112    | 4    | payload type                                                                 |
 * | 116    | 4    | payload length, then the payload to the end                                  |
 */
export interface ChannelMessage {
  messageType: string;
  /** Epoch milliseconds. */
  createdAt: number;
  sequence: bigint;
  flags: bigint;
  /** Lower-case UUID. */
  messageId: string;
  payloadType: number;
  payload: Uint8Array;
}

export const PAYLOAD = {
  output: 1,
  error: 2,
  size: 3,
  parameter: 4,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  encryptionChallengeRequest: 8,
  encryptionChallengeResponse: 9,
  flag: 10,
  standardError: 11,
  exitCode: 12,
} as const;

/** Values of a Flag payload, an unsigned 32-bit integer. */
export const FLAG = { disconnectToPort: 1, terminateSession: 2, connectToPortError: 3 } as const;

export const SYN = 1n;
export const FIN = 2n;

const HEADER = 116;
const TYPE_BYTES = 32;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Both ends send 1,024 bytes at a time; the service itself takes no message beyond 128 KiB. Twice that is garbage. */
const MOST_BYTES = 256 * 1024;

/** Throws on what no caller of ours may give: a message type over 32 characters, an id that is no UUID. */
export function encodeMessage(message: ChannelMessage): Buffer {
  const { messageType, messageId, payload } = message;
  if (messageType.length > TYPE_BYTES || !/^[\x21-\x7e]+$/.test(messageType))
    throw new Error(`not a message type: ${messageType}`);
  if (!UUID.test(messageId)) throw new Error(`not a message id: ${messageId}`);
  const bytes = Buffer.allocUnsafe(HEADER + 4 + payload.length);
  bytes.writeUInt32BE(HEADER, 0);
  bytes.write(messageType.padEnd(TYPE_BYTES, ' '), 4, 'latin1');
  bytes.writeUInt32BE(1, 36);
  bytes.writeBigUInt64BE(BigInt(Math.trunc(message.createdAt)), 40);
  bytes.writeBigInt64BE(message.sequence, 48);
  bytes.writeBigUInt64BE(message.flags, 56);
  const id = messageId.replaceAll('-', '');
  bytes.write(id.slice(16) + id.slice(0, 16), 64, 'hex');
  createHash('sha256').update(payload).digest().copy(bytes, 80);
  bytes.writeUInt32BE(message.payloadType, 112);
  bytes.writeUInt32BE(payload.length, 116);
  bytes.set(payload, HEADER + 4);
  return bytes;
}

/** What is wrong with bytes that are no message, for the diagnostics. */
export interface CodecError {
  reason: string;
}

/** The payload is a view into `bytes`. */
export function decodeMessage(bytes: Uint8Array): Result<ChannelMessage, CodecError> {
  if (bytes.length > MOST_BYTES) return bad(`${bytes.length} bytes, more than ${MOST_BYTES}`);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 4 + TYPE_BYTES) return bad(`${view.length} bytes, less than a message type`);
  const messageType = view
    .toString('latin1', 4, 4 + TYPE_BYTES)
    .replace(/[\0 ]+$/, '')
    .replace(/^[\0 ]+/, '');
  // The service sends these two without a proper header: their length may even say 0.
  if (messageType === 'start_publication' || messageType === 'pause_publication')
    return ok({
      messageType,
      createdAt: 0,
      sequence: 0n,
      flags: 0n,
      messageId: '00000000-0000-0000-0000-000000000000',
      payloadType: 0,
      payload: new Uint8Array(0),
    });
  const headerLength = view.readUInt32BE(0);
  // A longer header would be a later schema's; what we read stands at the same places.
  if (headerLength < HEADER) return bad(`a header of ${headerLength} bytes, less than ${HEADER}`);
  if (view.length < headerLength + 4) return bad(`${view.length} bytes, less than the header and the length`);
  const length = view.readUInt32BE(headerLength);
  const payload = view.subarray(headerLength + 4);
  if (length !== payload.length) return bad(`a payload of ${payload.length} bytes that says ${length}`);
  if (length > 0 && !createHash('sha256').update(payload).digest().equals(view.subarray(80, 112)))
    return bad(`a ${messageType} whose payload does not match its digest`);
  const createdAt = view.readBigUInt64BE(40);
  return ok({
    messageType,
    createdAt: Number(createdAt),
    sequence: view.readBigInt64BE(48),
    flags: view.readBigUInt64BE(56),
    messageId: uuidAt(view, 64),
    payloadType: view.readUInt32BE(112),
    payload,
  });
}

function uuidAt(view: Buffer, offset: number): string {
  const hex = view.toString('hex', offset + 8, offset + 16) + view.toString('hex', offset, offset + 8);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function bad(reason: string): Result<never, CodecError> {
  return fail({ reason });
}
