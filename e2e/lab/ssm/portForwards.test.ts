import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import { createSsmTransport } from '../../../electron/core/transports/ssm/ssmTransport.ts';
import type { Transport } from '../../../electron/core/transports/transport.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { doubleInstance } from './doubleAccount.ts';
import { type AwsDouble, type AwsDoubleOptions, startAwsDouble } from './startAwsDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const WAIT = { timeout: 15_000, interval: 10 };
let owned: DisposableStore;
let double: AwsDouble;
let server: Server;
let port: number;

beforeEach(async () => {
  owned = new DisposableStore();
  // Sends back what it gets.
  server = createServer({ allowHalfOpen: false }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  vi.unstubAllEnvs();
  owned.dispose();
  server.close();
});

async function forwarded(
  options: AwsDoubleOptions = {},
  target = port,
): Promise<{ transport: Transport; listen: number }> {
  double = owned.add(
    await startAwsDouble({
      ...options,
      account: {
        instances: [doubleInstance(INSTANCE)],
      },
    }),
  );
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
  const listen = await freePort();
  const transport = createSsmTransport(
    { kind: 'ssm', target: INSTANCE, forwards: [{ listen, host: '127.0.0.1', port: target }] },
    {
      aws: createAwsAccess({
        place: {},
        host: 'web1' as HostId,
        clock: systemClock,
        prompter: { interactive: false, waiting: [], ask: async () => null },
      }),
      clock: systemClock,
      diagnostic: () => {},
    },
  );
  const connection = await transport.connect(new AbortController().signal, () => {});
  if (!connection.ok) throw new Error(connection.error.reason);
  owned.add(connection.value);
  await expect.poll(() => transport.extras?.current.forwards[0]?.state.kind, WAIT).toBe('listening');
  return { transport, listen };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const free = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
  return free;
}

/** Sends, and resolves with the digest of as many bytes as came back. */
async function echo(listen: number, bytes: Buffer): Promise<string> {
  const socket = connect(listen, '127.0.0.1');
  const hash = createHash('sha256');
  let got = 0;
  const all = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${got} bytes`)));
    socket.on('data', (data: Buffer) => {
      got += data.length;
      hash.update(data);
      if (got >= bytes.length) resolve();
    });
  });
  socket.write(bytes);
  await all;
  socket.removeAllListeners('close');
  socket.destroy();
  return hash.digest('hex');
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('connections share one session, byte for byte, through a broken network', async () => {
  const { transport, listen } = await forwarded();
  const parts = [randomBytes(300_000), randomBytes(2_000_000), Buffer.from('\n')];
  const answers = Promise.all(parts.map((bytes) => echo(listen, bytes)));
  await expect.poll(() => double.agents.sessions.length, WAIT).toBe(2);
  double.agents.breakConnections();
  expect(await answers).toEqual(parts.map(digest));
  expect(double.agents.sessions.map((s) => s.documentName)).toEqual([
    'SSM-SessionManagerRunShell',
    'AWS-StartPortForwardingSessionToRemoteHost',
  ]);
  await expect
    .poll(() => transport.extras?.current.forwards[0], WAIT)
    .toMatchObject({ total: 3, open: 0, sentBytes: 2_300_001, receivedBytes: 2_300_001 });
});

test('an agent that cannot multiplex gets a session for each connection', async () => {
  const { listen } = await forwarded({ agentVersion: '3.0.196.0' });
  const bytes = randomBytes(100_000);
  expect(await echo(listen, bytes)).toBe(digest(bytes));
  expect(await echo(listen, bytes)).toBe(digest(bytes));
  expect(double.agents.sessions.filter((s) => s.documentName.includes('Port'))).toHaveLength(2);
});

test('a port that nobody listens at is told on the forward, which stands', async () => {
  const { transport, listen } = await forwarded({}, await freePort());
  await expect(echo(listen, Buffer.from('x'))).rejects.toThrow();
  await expect
    .poll(() => transport.extras?.current.forwards[0], WAIT)
    .toMatchObject({
      state: { kind: 'listening' },
      lastFailure: { reason: expect.stringContaining('nothing takes connections at 127.0.0.1:') },
    });
});
