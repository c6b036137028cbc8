import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { createSmuxReader, createSmuxSession, encodeSmux, SMUX, type SmuxSession } from './smux.ts';

test('a frame is version, command, length and stream id, little-endian', () => {
  expect(encodeSmux(SMUX.synchronize, 3).toString('hex')).toBe('0100000003000000');
  expect(encodeSmux(SMUX.push, 5, Buffer.from('hi')).toString('hex')).toBe('01020200050000006869');
});

test('frames are found however the bytes are cut', () => {
  const bytes = Buffer.concat([
    encodeSmux(SMUX.synchronize, 3),
    encodeSmux(SMUX.push, 3, Buffer.from('hello')),
    encodeSmux(SMUX.finish, 3),
  ]);
  for (let cut = 1; cut <= bytes.length; cut++) {
    const reader = createSmuxReader();
    const commands: number[] = [];
    for (let at = 0; at < bytes.length; at += cut) {
      const frames = reader.push(bytes.subarray(at, at + cut));
      if (frames.ok) commands.push(...frames.value.map((f) => f.command));
    }
    expect(commands).toEqual([SMUX.synchronize, SMUX.push, SMUX.finish]);
  }
});

test.each([
  ['another version', '0200000003000000', 'a multiplexer of version 2, not 1'],
  ['an unknown command', '0109000003000000', "a multiplexer's command 9"],
])('%s ends the session with its reason', (_, hex, reason) => {
  expect(createSmuxReader().push(Buffer.from(hex, 'hex'))).toEqual({ ok: false, error: reason });
});

function pair(): { client: SmuxSession; accepted: Duplex[] } {
  const accepted: Duplex[] = [];
  const agent: SmuxSession = createSmuxSession({
    send: (bytes) => void client.receive(bytes),
    accept: (stream) => accepted.push(stream),
  });
  const client = createSmuxSession({ send: (bytes) => void agent.receive(bytes) });
  return { client, accepted };
}

test('two connections carry their own bytes, both ways', async () => {
  const { client, accepted } = pair();
  const [one, two] = [client.open(), client.open()];
  one.write('to one');
  two.write('to two');
  const [first, second] = accepted;
  expect(String((await once(first as Duplex, 'data'))[0])).toBe('to one');
  expect(String((await once(second as Duplex, 'data'))[0])).toBe('to two');
  second?.write('back');
  expect(String((await once(two, 'data'))[0])).toBe('back');
});

test('an end that closes ends the other, after its last byte', async () => {
  const { client, accepted } = pair();
  const stream = client.open();
  accepted[0]?.write('last');
  accepted[0]?.destroy();
  const got: string[] = [];
  stream.on('data', (data) => got.push(String(data)));
  await once(stream, 'end');
  expect(got).toEqual(['last']);
});

test('four unread megabytes hold the session back until half is read', () => {
  const told: boolean[] = [];
  const session = createSmuxSession({ send: () => {}, onFull: (full) => told.push(full) });
  const stream = session.open();
  const piece = Buffer.alloc(32_768);
  for (let sent = 0; sent < 4 * 1024 * 1024; sent += piece.length)
    session.receive(encodeSmux(SMUX.push, 3, piece));
  expect(told).toEqual([true]);
  stream.on('data', () => {});
  return expect.poll(() => told).toEqual([true, false]);
});

test('a stream of the other end is refused where none is expected', () => {
  const sent: Uint8Array[] = [];
  const session = createSmuxSession({ send: (bytes) => sent.push(bytes) });
  session.receive(encodeSmux(SMUX.synchronize, 2));
  expect(sent).toEqual([encodeSmux(SMUX.finish, 2)]);
});
