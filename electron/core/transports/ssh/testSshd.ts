import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A real OpenSSH server on 127.0.0.1 for one test file, with its own keys, configuration and folder. */
export interface TestSshd {
  readonly port: number;
  readonly directory: string;
  readonly user: string;
  /** A key that it accepts, without a passphrase. */
  readonly identity: string;
  /** `[127.0.0.1]:PORT ssh-ed25519 …`, as a client files it. */
  readonly knownHostsLine: string;
  /** The known_hosts file of the tests, holding that line. */
  readonly knownHosts: string;
  /** What the server logged so far. */
  readonly log: readonly string[];
  authorize(publicKeyFile: string): void;
  stop(): Promise<void>;
}

export async function startTestSshd(settings: readonly string[] = []): Promise<TestSshd> {
  const directory = mkdtempSync(join(tmpdir(), 'fireline-sshd-'));
  const port = await freePort();
  const hostKey = generateKey(directory, 'host_ed25519', 'ed25519');
  const rsaHostKey = generateKey(directory, 'host_rsa', 'rsa');
  const identity = generateKey(directory, 'identity', 'ed25519');
  const authorized = join(directory, 'authorized_keys');
  writeFileSync(authorized, readFileSync(`${identity}.pub`));
  const configuration = join(directory, 'sshd_config');
  writeFileSync(
    configuration,
    [
      ...settings,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${rsaHostKey}`,
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'AcceptEnv COLORTERM',
      'PrintMotd no',
      'PrintLastLog no',
      // The start-up files of whoever runs the tests may do anything, and take their time.
      `SetEnv HOME=${directory}`,
      '',
    ].join('\n'),
  );
  // sshd separates its privileges into this folder, which Debian makes at boot.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', configuration], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: daemon.stderr }).on('line', (line) => {
      said.push(line);
      if (line.startsWith('Server listening')) resolve();
    });
    daemon.once('error', reject);
    daemon.once('exit', () => reject(new Error(`sshd did not start:\n${said.join('\n')}`)));
  });
  const [type, key] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ');
  const knownHostsLine = `[127.0.0.1]:${port} ${type} ${key}\n`;
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, knownHostsLine);
  return {
    port,
    directory,
    user: userInfo().username,
    identity,
    knownHostsLine,
    knownHosts,
    log: said,
    authorize: (file) => writeFileSync(authorized, readFileSync(file), { flag: 'a' }),
    async stop() {
      const ended = new Promise((resolve) => daemon.once('exit', resolve));
      // Its sessions outlive a daemon that is merely told to stop.
      for (const pid of [...descendants(daemon.pid ?? 0), daemon.pid ?? 0]) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended already.
        }
      }
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Makes a key pair and returns the private one's path. */
export function generateKey(
  directory: string,
  name: string,
  type: string,
  passphrase = '',
  ...more: string[]
): string {
  const path = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', path, ...more]);
  return path;
}

/** A wire that can be cut or go silent, between a client and a port. */
export async function startRelay(to: number): Promise<{
  port: number;
  cut(): void;
  freeze(): void;
  thaw(): void;
  received(): number;
  stop(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  let received = 0;
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (data) => {
      received += data.length;
    });
    client.pipe(upstream).pipe(client);
  });
  return {
    port: await listen(server),
    cut: () => sockets.forEach((socket) => void socket.destroy()),
    freeze: () => sockets.forEach((socket) => void socket.pause()),
    thaw: () => sockets.forEach((socket) => void socket.resume()),
    received: () => received,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Has a server listen on 127.0.0.1, at the port that it gives back. */
export function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The processes below one, deepest first. */
function descendants(pid: number): number[] {
  let children: number[] = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    // It has ended.
  }
  return children.flatMap((child) => [...descendants(child), child]);
}
