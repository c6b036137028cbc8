import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../shared/base/clock.ts';
import type { FrameChannel } from '../../shared/contract/wire.ts';
import { cookieFor, readOrCreateToken } from './accessToken.ts';
import { CHANNEL_PATH, startWebHost, type WebHost } from './webHost.ts';
import { CLOSED_TOO_FAR_BEHIND } from './webSocketChannel.ts';

let base = '';
let token = '';
let host: WebHost;
let clock: ManualClock;
let attached: FrameChannel[] = [];
let onAttached: (channel: FrameChannel) => void = () => {};
let diagnostics: string[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fireline-web-'));
  await mkdir(join(base, 'renderer', 'assets'), { recursive: true });
  await writeFile(join(base, 'renderer', 'index.html'), '<!doctype html><title>Fireline</title>');
  await writeFile(join(base, 'renderer', 'assets', 'main-abcdefgh.js'), 'export {};');
  await writeFile(join(base, 'secret.json'), 'SECRET');
  token = await readOrCreateToken(join(base, 'data'));
  attached = [];
  diagnostics = [];
  onAttached = () => {};
  clock = new ManualClock();
  host = await startWebHost({
    core: {
      attach(channel) {
        attached.push(channel);
        onAttached(channel);
      },
    },
    rendererDirectory: join(base, 'renderer'),
    token,
    port: 0,
    clock,
    diagnostic: (line) => diagnostics.push(line),
    maximumBehindBytes: 8 * 1024 * 1024,
  });
});

afterEach(async () => {
  const closed = host.close();
  clock.advance(2_000);
  await closed;
  await rm(base, { recursive: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A raw request: neither the path nor the headers are tidied on the way. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: host.port,
        path,
        method,
        headers: { Host: `127.0.0.1:${host.port}`, ...headers },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

const cookie = () => {
  const { name, value } = cookieFor(token, host.port);
  return `${name}=${value}`;
};

/** Opens the channel with these headers; resolves with the socket, or with the status of the refusal. */
function openChannel(headers: Record<string, string>, path = CHANNEL_PATH): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { headers, perMessageDeflate: true });
    onTestFinished(() => socket.terminate());
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (sent, response) => {
      sent.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}

const proper = () => ({ Cookie: cookie(), Origin: `http://127.0.0.1:${host.port}` });

async function openWindow(): Promise<{ socket: WebSocket; channel: FrameChannel }> {
  const socket = await openChannel(proper());
  const channel = attached.at(-1);
  if (typeof socket === 'number' || !channel) throw new Error(`refused with ${String(socket)}`);
  return { socket, channel };
}

describe('signing in', () => {
  it('exchanges the token for a cookie that scripts and other sites cannot use', async () => {
    const answer = await ask(`/?token=${token}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    const [set] = answer.headers['set-cookie'] ?? [];
    expect(set).toBe(`${cookie()}; Path=/; HttpOnly; SameSite=Strict`);
    expect(set).not.toContain(token);
    const page = await ask('/', { Cookie: set?.split(';')[0] ?? '' });
    expect(page.status).toBe(200);
    expect(page.body).toContain('<title>Fireline</title>');
  });

  it('refuses a wrong, an empty and an overlong token', async () => {
    for (const wrong of ['', 'x', `${token}x`, token.slice(0, -1), 'é'.repeat(500)]) {
      const answer = await ask(`/?token=${encodeURIComponent(wrong)}`);
      expect(answer.status).toBe(403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('takes the token at the root only', async () => {
    expect((await ask(`/index.html?token=${token}`)).status).toBe(401);
  });

  it('answers 401 and what to do, without a cookie or with one of another port', async () => {
    const other = cookieFor(token, host.port + 1);
    for (const headers of [
      {},
      { Cookie: `fireline-${host.port}=${other.value}` },
      { Cookie: `other=${token}` },
    ]) {
      const answer = await ask('/', headers);
      expect(answer.status).toBe(401);
      expect(answer.body).toContain('Open the address that Fireline printed');
    }
  });

  it('keeps the token in a file for its owner alone, from run to run', async () => {
    const path = join(base, 'data', 'web-token');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).trim()).toBe(token);
    expect(await readOrCreateToken(join(base, 'data'))).toBe(token);
  });

  it('replaces a token that others could have read, or that is none', async () => {
    const path = join(base, 'other', 'web-token');
    await mkdir(join(base, 'other'));
    await writeFile(path, token, { mode: 0o644 });
    const fresh = await readOrCreateToken(join(base, 'other'));
    expect(fresh).not.toBe(token);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, 'short');
    expect(await readOrCreateToken(join(base, 'other'))).toMatch(/^[\w-]{43}$/);
  });
});

describe('who may ask', () => {
  it('refuses any other Host, as a rebound name would send it', async () => {
    for (const name of [
      'evil.example',
      `evil.example:${host.port}`,
      `localhost:${host.port}`,
      '127.0.0.1',
      `127.0.0.1:${host.port}.evil.example`,
    ]) {
      const answer = await ask('/', { Host: name, Cookie: cookie() });
      expect(answer.status).toBe(403);
      expect(answer.body).not.toContain(token);
    }
  });

  it('refuses a request of another origin, even with the cookie', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      `http://localhost:${host.port}`,
      `https://127.0.0.1:${host.port}`,
    ]) {
      expect((await ask('/', { Origin: origin, Cookie: cookie() })).status).toBe(403);
    }
  });

  it('refuses everything but GET and HEAD', async () => {
    expect((await ask('/', { Cookie: cookie() }, 'POST')).status).toBe(405);
    expect((await ask('/', { Cookie: cookie() }, 'HEAD')).body).toBe('');
  });

  it('listens on loopback only', async () => {
    expect(host.url).toBe(`http://127.0.0.1:${host.port}/?token=${token}`);
  });
});

describe('files', () => {
  it('carry the headers that confine the page', async () => {
    const { headers } = await ask('/', { Cookie: cookie() });
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    expect(headers['content-security-policy']).toContain(`connect-src 'self' ws://127.0.0.1:${host.port};`);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['cache-control']).toBe('no-store');
  });

  it('are cached for good where their name carries a hash', async () => {
    const { headers } = await ask('/assets/main-abcdefgh.js', { Cookie: cookie() });
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toContain('immutable');
  });

  it.each([
    '/../secret.json',
    '/assets/../../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/..%5csecret.json',
    '//secret.json',
    'http://evil.example/secret.json',
  ])('do not lead out of the renderer: %s', async (path) => {
    const answer = await ask(path, { Cookie: cookie() });
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('SECRET');
  });
});

describe('the channel', () => {
  it.each([
    ['no Origin', () => ({ Cookie: cookie() }), 403],
    ['another Origin', () => ({ Cookie: cookie(), Origin: 'http://evil.example' }), 403],
    ['the Origin null', () => ({ Cookie: cookie(), Origin: 'null' }), 403],
    ['another Host', () => ({ ...proper(), Host: `evil.example:${host.port}` }), 403],
    ['no cookie', () => ({ Origin: `http://127.0.0.1:${host.port}` }), 401],
    ['the token for a cookie', () => ({ ...proper(), Cookie: `fireline-${host.port}=${token}` }), 401],
  ])('is refused with %s', async (_name, headers, status) => {
    expect(await openChannel(headers() as unknown as Record<string, string>)).toBe(status);
    expect(attached).toEqual([]);
  });

  it('is at one path only', async () => {
    expect(await openChannel(proper(), '/other')).toBe(400);
  });

  it('carries text and binary frames both ways, in order and uncompressed', async () => {
    const received: (string | number[])[] = [];
    onAttached = (channel) =>
      channel.onFrame((frame) => {
        received.push(typeof frame === 'string' ? frame : [...frame]);
        channel.send(frame);
      });
    const { socket } = await openWindow();
    expect(socket.extensions).toBe('');
    const back: string[] = [];
    const done = new Promise<void>((resolve) => {
      socket.on('message', (data, isBinary) => {
        back.push(isBinary ? `binary ${(data as Buffer).toString('hex')}` : `text ${String(data)}`);
        if (back.length === 3) resolve();
      });
    });
    socket.send('{"call":1}');
    socket.send(new Uint8Array([2, 0, 0, 0, 1, 255]));
    socket.send('ü');
    await done;
    expect(received).toEqual(['{"call":1}', [2, 0, 0, 0, 1, 255], 'ü']);
    expect(back).toEqual(['text {"call":1}', 'binary 0200000001ff', 'text ü']);
  });

  it('ends a window that sends more than 16 MiB at once, and serves the others on', async () => {
    const { socket } = await openWindow();
    socket.on('error', () => {});
    socket.send(Buffer.alloc(16 * 1024 * 1024 + 1));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
    const other = await openWindow();
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('closes a window that does not read, with a reason, instead of growing without bound', async () => {
    const { socket, channel } = await openWindow();
    socket.pause();
    const closed = new Promise<void>((resolve) => channel.onClose(resolve));
    const frame = new Uint8Array(1024 * 1024);
    for (let sent = 0; sent < 64 && diagnostics.length === 0; sent++) channel.send(frame);
    expect(diagnostics.join()).toMatch(/\d+ MB behind and not reading/);
    socket.resume();
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect(code).toBe(CLOSED_TOO_FAR_BEHIND);
    expect(reason.toString()).toContain('reload it');
    await closed;
  });

  it('drops a window that never reads its closing frame', async () => {
    const { socket, channel } = await openWindow();
    socket.on('error', () => {});
    socket.pause();
    const closed = new Promise<void>((resolve) => channel.onClose(resolve));
    for (let sent = 0; sent < 64 && diagnostics.length === 0; sent++)
      channel.send(new Uint8Array(1024 * 1024));
    clock.advance(5_000);
    await closed;
  });

  it('drops a window that leaves two pings unanswered', async () => {
    const socket = await openChannel(proper());
    if (typeof socket === 'number') throw new Error('refused');
    socket.pause();
    const closed = new Promise<void>((resolve) => attached[0]?.onClose(resolve));
    clock.advance(60_000);
    await closed;
    expect(diagnostics.join()).toContain('no answer to two pings');
  });

  it('tells the core when a window goes', async () => {
    const { socket, channel } = await openWindow();
    const closed = new Promise<void>((resolve) => channel.onClose(resolve));
    socket.close();
    await closed;
    channel.send('after the end');
  });

  it('tells windows why when the host closes', async () => {
    const { socket } = await openWindow();
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    await host.close();
    expect((await closed)[0]).toBe(1001);
  });
});

describe('starting', () => {
  it('rejects a port that is taken', async () => {
    await expect(
      startWebHost({
        core: { attach() {} },
        rendererDirectory: base,
        token,
        port: host.port,
        diagnostic() {},
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
