import { unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Disposable } from '../../../shared/base/disposable.ts';
import type { ForwardEntry } from './forwardList.ts';

/** Where a forward listens on this machine. Without a host: the loopback addresses. */
export type ListenAt = { host?: string; port: number } | { path: string; unlink: boolean };

/** More at a time than a browser opens; a runaway client must not take every channel of the connection. */
const MOST_CONNECTIONS = 200;

/**
 * Listens here for one forward and carries what comes, each connection over what `open` gives for it. Its state is
 * told to the entry; `settled` resolves with it once it listens or failed.
 */
export function listenLocally(
  entry: ForwardEntry,
  at: ListenAt,
  open: (from: Socket) => Promise<Duplex>,
): Disposable & { settled: Promise<void> } {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  let disposed = false;

  function accept(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (sockets.size > MOST_CONNECTIONS) {
      socket.destroy();
      entry.missed(`more than ${MOST_CONNECTIONS} connections at a time`);
      return;
    }
    // What is sent meanwhile waits in the kernel.
    socket.pause();
    open(socket).then(
      (target) => {
        if (disposed || socket.destroyed) {
          socket.destroy();
          target.destroy();
          return;
        }
        socket.setNoDelay(true);
        entry.carry(socket, target);
      },
      (error: unknown) => {
        socket.destroy();
        if (!disposed) entry.missed(error instanceof Error ? error.message : String(error));
      },
    );
  }

  function listenOn(where: { host: string; port: number } | { path: string }): Promise<Error | undefined> {
    return new Promise((resolve) => {
      const server = createServer({ allowHalfOpen: true }, accept);
      servers.push(server);
      server.once('error', (error) => resolve(error));
      server.listen(where, () => resolve(undefined));
    });
  }

  async function listen(): Promise<Error | undefined> {
    if ('path' in at) {
      if (at.unlink) {
        try {
          unlinkSync(at.path);
        } catch {
          // It was not there.
        }
      }
      return listenOn({ path: at.path });
    }
    if (at.host !== undefined) return listenOn({ host: at.host, port: at.port });
    const failure = await listenOn({ host: '127.0.0.1', port: at.port });
    // A machine without IPv6 is no reason to complain.
    if (!failure) await listenOn({ host: '::1', port: at.port });
    return failure;
  }

  entry.set({ kind: 'opening' });
  const settled = listen().then((failure) => {
    if (disposed) return;
    entry.set(failure ? describeListenFailure(failure, entry.forward.listen) : { kind: 'listening' });
  });
  return {
    settled,
    dispose() {
      if (disposed) return;
      disposed = true;
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
      entry.set({ kind: 'waiting' });
    },
  };
}

function describeListenFailure(error: NodeJS.ErrnoException, listen: string) {
  const failed = (reason: string, advice: string) => ({ kind: 'failed' as const, reason, advice });
  switch (error.code) {
    case 'EADDRINUSE':
      return failed(
        `something listens at ${listen} already`,
        'Another ssh may carry the same forward: end it, or choose another port. ss -ltnp shows who it is.',
      );
    case 'EACCES':
      return failed(
        `this user may not listen at ${listen}`,
        'Ports below 1024 are for root: choose a higher one.',
      );
    case 'EADDRNOTAVAIL':
      return failed(
        `this machine has no address for ${listen}`,
        'Check the address that the forward is bound to.',
      );
    default:
      return failed(`${listen}: ${error.message}`, 'Check the forward in ssh_config.');
  }
}
