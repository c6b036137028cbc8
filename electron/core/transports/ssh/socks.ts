import type { Duplex } from 'node:stream';

/** Where a SOCKS client wants to go, and how it is told. */
export interface SocksRequest {
  host: string;
  port: number;
  /** To be called once: with true, what follows is the connection's own bytes; with false, the stream ends. */
  answer(connected: boolean): void;
}

/**
 * Reads the request of a SOCKS 5 (RFC 1928, no authentication) or SOCKS 4a client that wants to connect. Throws for
 * anything else, and when the stream ends first.
 */
export async function readSocksRequest(stream: Duplex): Promise<SocksRequest> {
  const [version = 0] = await take(stream, 1);
  if (version === 5) return readVersion5(stream);
  if (version === 4) return readVersion4(stream);
  throw new Error('a client that does not speak SOCKS');
}

async function readVersion5(stream: Duplex): Promise<SocksRequest> {
  const [count = 0] = await take(stream, 1);
  const methods = await take(stream, count);
  const anyone = methods.includes(0);
  stream.write(Buffer.from([5, anyone ? 0 : 0xff]));
  if (!anyone) throw new Error('a SOCKS client that insists on a password');
  const [version, command, , kind] = await take(stream, 4);
  const reply = (code: number) => stream.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  if (version !== 5 || command !== 1) {
    reply(7);
    throw new Error('a SOCKS client that asks for more than a connection');
  }
  let host: string;
  if (kind === 1) host = (await take(stream, 4)).join('.');
  else if (kind === 3) host = (await take(stream, (await take(stream, 1))[0] ?? 0)).toString('latin1');
  else if (kind === 4) host = groups(await take(stream, 16));
  else {
    reply(8);
    throw new Error('a SOCKS client that names no address');
  }
  const port = (await take(stream, 2)).readUInt16BE(0);
  return { host, port, answer: (connected) => void reply(connected ? 0 : 5) };
}

async function readVersion4(stream: Duplex): Promise<SocksRequest> {
  const head = await take(stream, 7);
  await takeText(stream);
  const address = head.subarray(3, 7);
  // 0.0.0.x says that a name follows (SOCKS 4a).
  const named = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
  const host = named ? await takeText(stream) : address.join('.');
  const answer = (connected: boolean) =>
    void stream.write(Buffer.from([0, connected ? 0x5a : 0x5b, 0, 0, 0, 0, 0, 0]));
  if (head[0] !== 1) {
    answer(false);
    throw new Error('a SOCKS client that asks for more than a connection');
  }
  return { host, port: head.readUInt16BE(1), answer };
}

const groups = (bytes: Buffer) =>
  Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':');

/** Names in DNS have at most 255 characters. */
const LONGEST_TEXT = 255;

async function takeText(stream: Duplex): Promise<string> {
  let text = '';
  for (;;) {
    const [byte = 0] = await take(stream, 1);
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
    if (text.length > LONGEST_TEXT) throw new Error('a SOCKS client with a name that does not end');
  }
}

/** Exactly so many bytes; what follows them stays in the stream. */
function take(stream: Duplex, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (count === 0) {
      resolve(Buffer.alloc(0));
      return;
    }
    const done = () => {
      stream.off('readable', look);
      stream.off('end', gone);
      stream.off('close', gone);
    };
    const look = () => {
      const bytes: unknown = stream.read(count);
      if (!Buffer.isBuffer(bytes)) return;
      done();
      // At its end a stream gives what it has.
      if (bytes.length === count) resolve(bytes);
      else gone();
    };
    const gone = () => {
      done();
      reject(new Error('a SOCKS client that went away'));
    };
    stream.on('readable', look);
    stream.on('end', gone);
    stream.on('close', gone);
    look();
  });
}
