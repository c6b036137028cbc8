import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../../shared/base/clock.ts';
import type { Core } from '../core/core.types.ts';
import { contentSecurityPolicy } from '../core/homes/contentSecurityPolicy.ts';
import { readRendererFile } from '../core/homes/rendererFile.ts';
import { type Refusal, type RequestGuard, requestGuard } from './requestGuard.ts';
import { webSocketChannel } from './webSocketChannel.ts';

export interface WebHostOptions {
  core: Pick<Core, 'attach'>;
  /** The built renderer. */
  rendererDirectory: string;
  token: string;
  /** 0: any free port. Rejects with EADDRINUSE when taken. */
  port: number;
  diagnostic: (line: string) => void;
  clock?: Clock;
  maximumBehindBytes?: number;
}

export interface WebHost {
  readonly port: number;
  /** With the token: for the person who started us. */
  readonly url: string;
  /** Closes windows and the listener; resolves when no socket is left. */
  close(): Promise<void>;
}

/** The window's WebSocket is here; everything else is a file of the renderer. */
export const CHANNEL_PATH = '/channel';
const MAXIMUM_FRAME_BYTES = 16 * 1024 * 1024;

/** Serves the renderer and one channel a window on 127.0.0.1, to whoever holds the token and to nobody else. */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 });
  const port = await listen(server, options.port);
  const guard = requestGuard(options.token, port);
  const windows = new WebSocketServer({
    noServer: true,
    // Loopback is faster than deflate, and terminals are the bulk of it.
    perMessageDeflate: false,
    maxPayload: MAXIMUM_FRAME_BYTES,
  });
  const clock = options.clock ?? systemClock;

  server.on('request', (request, response) => {
    answer(request, response, guard, options.rendererDirectory).catch((error: unknown) => {
      options.diagnostic(`${request.method ?? '?'} failed: ${String(error)}`);
      if (!response.headersSent) refuse(response, { status: 400, message: 'The request failed.\n' });
      else response.destroy();
    });
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  server.on('upgrade', (request, socket, head) => {
    // The socket is ours alone until the handshake is done: an unheard error would end the process.
    socket.on('error', () => socket.destroy());
    const refusal = refuseUpgrade(request, guard);
    if (refusal) {
      options.diagnostic(`refused a WebSocket: ${refusal.message.trim()}`);
      refuseSocket(socket, refusal);
      return;
    }
    windows.handleUpgrade(request, socket, head, (webSocket) => {
      options.core.attach(
        webSocketChannel(webSocket, {
          clock,
          diagnostic: options.diagnostic,
          ...(options.maximumBehindBytes === undefined
            ? {}
            : { maximumBehindBytes: options.maximumBehindBytes }),
        }),
      );
    });
  });

  return {
    port,
    url: `${guard.origin}/?token=${options.token}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const window of windows.clients) window.close(1001, 'Fireline is closing');
      // A window that does not answer the closing handshake must not keep us here.
      const deadline = clock.after(1_000, () => {
        for (const window of windows.clients) window.terminate();
        server.closeAllConnections();
      });
      server.closeIdleConnections();
      await closed;
      deadline.dispose();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  guard: RequestGuard,
  rendererDirectory: string,
): Promise<void> {
  const refusal = guard.source(request, 'http');
  if (refusal) return refuse(response, refusal);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(response, { status: 405, message: 'Only GET and HEAD.\n' });
  }
  const target = request.url ?? '/';
  const given = tokenIn(target);
  if (given !== undefined) {
    const wrong = guard.token(given);
    if (wrong) return refuse(response, wrong);
    response.writeHead(303, {
      ...securityHeaders(guard),
      'Cache-Control': 'no-store',
      // No `Secure`: this is plain HTTP on loopback. SameSite keeps other sites from using it, HttpOnly scripts from reading it.
      'Set-Cookie': `${guard.cookie.name}=${guard.cookie.value}; Path=/; HttpOnly; SameSite=Strict`,
      Location: '/',
    });
    response.end();
    return;
  }
  const noSession = guard.session(request);
  if (noSession) return refuse(response, noSession);
  const file = await readRendererFile(rendererDirectory, target);
  if (!file) {
    response.writeHead(404, { ...securityHeaders(guard), 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Nothing here.\n');
    return;
  }
  response.writeHead(200, {
    ...securityHeaders(guard),
    'Content-Type': file.mediaType,
    'Content-Length': file.content.length,
    'Cache-Control': file.cacheControl,
  });
  response.end(request.method === 'HEAD' ? undefined : file.content);
}

function refuseUpgrade(request: IncomingMessage, guard: RequestGuard): Refusal | undefined {
  const refusal = guard.source(request, 'webSocket') ?? guard.session(request);
  if (refusal) return refusal;
  return request.url === CHANNEL_PATH ? undefined : { status: 400, message: 'No channel here.\n' };
}

/** `?token=` of the root page; nowhere else, so that no other address can carry it. */
function tokenIn(target: string): string | undefined {
  const [path, query] = target.split('?', 2);
  return path === '/' ? (new URLSearchParams(query ?? '').get('token') ?? undefined) : undefined;
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    Connection: 'close',
  });
  response.end(refusal.message);
}

function refuseSocket(socket: Duplex, refusal: Refusal): void {
  const reason = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 405: 'Method Not Allowed' };
  socket.end(
    `HTTP/1.1 ${refusal.status} ${reason[refusal.status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(refusal.message)}\r\n\r\n${refusal.message}`,
  );
}

function securityHeaders(guard: RequestGuard): Record<string, string> {
  return {
    'Content-Security-Policy': contentSecurityPolicy([guard.origin.replace('http:', 'ws:')]),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=()',
  };
}
