import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, TcpConnectionDetails, UNIXConnectionDetails } from 'ssh2';
import type { Disposable } from '../../../../shared/base/disposable.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { ForwardEntry, ForwardList } from '../forwardList.ts';
import { listenLocally } from '../localListener.ts';
import type { ForwardEnd, ForwardSpec } from './config/forwardSpec.ts';
import { readSocksRequest } from './socks.ts';
import type { SshTarget } from './sshTarget.ts';

/**
 * Opens the forwards of a target over its connection. They end with what is returned; their states and traffic stand
 * in the list. `settled` resolves when each of them listens or failed.
 */
export function openForwards(
  client: Client,
  target: SshTarget,
  list: ForwardList,
): Disposable & { settled: Promise<void> } {
  const owned = new DisposableStore();
  const entries: ForwardEntry[] = [];
  const settling: Promise<void>[] = [];
  const remotes = remoteConnections(client, owned);
  for (const { kind, spec } of target.forwards) {
    const entry = list.entry({
      kind,
      listen: words(spec.listen, kind === 'remote' ? 'localhost' : target.gatewayPorts ? '*' : 'localhost'),
      ...(spec.connect ? { target: words(spec.connect) } : {}),
    });
    entries.push(entry);
    if (kind === 'remote') settling.push(openRemote(client, entry, spec.listen, spec.connect, remotes));
    else settling.push(openLocal(client, target, entry, spec, owned));
  }
  list.retain(entries);
  return {
    settled: Promise.all(settling).then(() => {}),
    dispose() {
      owned.dispose();
      for (const entry of entries) if (entry.forward.state.kind !== 'failed') entry.set({ kind: 'waiting' });
    },
  };
}

function openLocal(
  client: Client,
  target: SshTarget,
  entry: ForwardEntry,
  spec: ForwardSpec,
  owned: DisposableStore,
): Promise<void> {
  const { listen } = spec;
  const at =
    'path' in listen
      ? { path: listen.path, unlink: target.streamLocalBindUnlink }
      : { port: listen.port, ...bindHost(listen.host, target.gatewayPorts) };
  const { connect: end } = spec;
  const listener = owned.add(
    listenLocally(entry, at, async (from) => {
      if (end) return openChannel(client, end, from);
      const request = await readSocksRequest(from);
      try {
        const channel = await openChannel(client, request, from);
        request.answer(true);
        return channel;
      } catch (error) {
        request.answer(false);
        throw error;
      }
    }),
  );
  return listener.settled;
}

/** A connection from the host to where a forward goes. */
function openChannel(client: Client, to: ForwardEnd, from: Socket): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, stream: Duplex) => {
      if (error)
        reject(new Error(`${words(to)}: ${error.message.replace('(SSH) Channel open failure: ', '')}`));
      else resolve(stream);
    };
    if ('path' in to) client.openssh_forwardOutStreamLocal(to.path, done);
    else
      client.forwardOut(
        from.remoteAddress ?? '127.0.0.1',
        from.remotePort ?? 0,
        to.host ?? 'localhost',
        to.port,
        done,
      );
  });
}

/** ssh binds to every address for `*` and for an empty one; without one, GatewayPorts decides. */
function bindHost(host: string | undefined, gatewayPorts: boolean): { host?: string } {
  if (host === '*' || host === '') return { host: '::' };
  if (host === 'localhost') return {};
  if (host !== undefined) return { host };
  return gatewayPorts ? { host: '::' } : {};
}

type Incoming = (accept: () => Duplex, reject: () => void) => void;

/** What the server brings, by the port or path that it listens at for us; anything else is turned away. */
function remoteConnections(client: Client, owned: DisposableStore) {
  const takers = new Map<string, Incoming>();
  const onTcp = (details: TcpConnectionDetails, accept: () => Duplex, reject: () => void) => {
    const taker = takers.get(`${details.destIP}:${details.destPort}`) ?? takers.get(`:${details.destPort}`);
    if (taker) taker(accept, reject);
    else reject();
  };
  const onUnix = (details: UNIXConnectionDetails, accept: () => Duplex, reject: () => void) => {
    const taker = takers.get(details.socketPath);
    if (taker) taker(accept, reject);
    else reject();
  };
  client.on('tcp connection', onTcp);
  client.on('unix connection', onUnix);
  owned.addStop(() => {
    client.off('tcp connection', onTcp);
    client.off('unix connection', onUnix);
  });
  return takers;
}

function openRemote(
  client: Client,
  entry: ForwardEntry,
  listen: ForwardEnd,
  to: ForwardEnd | undefined,
  takers: Map<string, Incoming>,
): Promise<void> {
  const take: Incoming = (accept, reject) => {
    if (to) {
      connectHere(to).then(
        (socket) => entry.carry(accept(), socket),
        (error: Error) => {
          entry.missed(error.message);
          reject();
        },
      );
      return;
    }
    // Whoever comes says where to only once it is let in.
    const stream = accept();
    stream.on('error', () => {});
    readSocksRequest(stream)
      .then(async (request) => {
        const socket = await connectHere(request).catch((error: unknown) => {
          request.answer(false);
          throw error;
        });
        request.answer(true);
        entry.carry(stream, socket);
      })
      .catch((error: Error) => {
        entry.missed(error.message);
        stream.end();
      });
  };
  entry.set({ kind: 'opening' });
  return new Promise((resolve) => {
    const settle = (error: Error | undefined) => {
      entry.set(
        error
          ? {
              kind: 'failed',
              reason: `the host does not listen at ${entry.forward.listen}: ${error.message}`,
              advice:
                'The port may be taken there, or its sshd forbids it (AllowTcpForwarding, PermitListen, GatewayPorts).',
            }
          : { kind: 'listening' },
      );
      resolve();
    };
    try {
      if ('path' in listen) {
        takers.set(listen.path, take);
        client.openssh_forwardInStreamLocal(listen.path, (error) => settle(error ?? undefined));
        return;
      }
      const address = listen.host === undefined ? 'localhost' : listen.host === '*' ? '' : listen.host;
      client.forwardIn(address, listen.port, (error, port) => {
        if (!error) {
          takers.set(`${address}:${port}`, take);
          // A server may name the address that it bound, in its own words.
          if (!takers.has(`:${port}`)) takers.set(`:${port}`, take);
        }
        settle(error);
      });
    } catch (error) {
      settle(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function connectHere(to: ForwardEnd): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket =
      'path' in to ? connect({ path: to.path }) : connect({ host: to.host ?? 'localhost', port: to.port });
    const failed = (error: Error) => reject(new Error(`${words(to)}: ${error.message}`));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

const words = (end: ForwardEnd, standard = 'localhost'): string => {
  if ('path' in end) return end.path;
  const host = end.host === undefined || end.host === '' ? standard : end.host;
  return `${host.includes(':') ? `[${host}]` : host}:${end.port}`;
};
