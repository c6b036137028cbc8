import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Forward } from '../../../../shared/model/forward.ts';
import type { Transport } from '../transport.ts';
import { createSshTestBed, inShell, output, type SshTestBed } from './sshTestBed.ts';
import { freePort, listen, startTestSshd, type TestSshd } from './testSshd.ts';

let sshd: TestSshd;
let guarded: TestSshd;
const servers: Server[] = [];
const beds: SshTestBed[] = [];

beforeAll(async () => {
  sshd = await startTestSshd(['AcceptEnv FIRELINE_*', 'AcceptEnv TEST_*']);
  guarded = await startTestSshd(['AllowTcpForwarding no', 'AllowAgentForwarding no']);
});
afterEach(() => {
  for (const bed of beds.splice(0)) bed.close();
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  await sshd.stop();
  await guarded.stop();
});

function bedOf(server: TestSshd, environment?: Record<string, string>): SshTestBed {
  const bed = createSshTestBed(server, environment ? { environment } : {});
  beds.push(bed);
  return bed;
}

/** Answers every byte with itself, and ends when its client does. */
async function echoServer(): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  servers.push(server);
  return listen(server);
}

/** Sends bytes through a port, and gives back what came until the end. */
function through(at: number | string, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket =
      typeof at === 'number'
        ? connect({ host: '127.0.0.1', port: at, allowHalfOpen: true })
        : connect({ path: at, allowHalfOpen: true });
    const got: Buffer[] = [];
    socket.on('data', (data) => got.push(data));
    socket.on('end', () => resolve(Buffer.concat(got)));
    socket.on('error', reject);
    socket.end(bytes);
  });
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Resolves with the forwards once the condition holds of them. */
function until(
  transport: Transport,
  holds: (forwards: readonly Forward[]) => boolean,
): Promise<readonly Forward[]> {
  return new Promise((resolve) => {
    const look = () => {
      const forwards = transport.extras?.current.forwards ?? [];
      if (!holds(forwards)) return;
      listening?.dispose();
      resolve(forwards);
    };
    const listening = transport.extras?.onChange(look);
    look();
  });
}

async function open(bed: SshTestBed) {
  const transport = bed.transport();
  const result = await transport.connect(new AbortController().signal, () => {});
  if (!result.ok) throw new Error(result.error.reason);
  return { transport, connection: result.value };
}

describe('forwards', () => {
  it('carries bytes both ways through a local port, counts them, and ends with the connection', async () => {
    const [target, port] = [await echoServer(), await freePort()];
    const bed = bedOf(sshd);
    bed.configure(`LocalForward ${port} 127.0.0.1:${target}`);
    const { transport, connection } = await open(bed);
    await until(transport, ([one]) => one?.state.kind === 'listening');
    const bytes = randomBytes(3_000_000);
    const got = await Promise.all([through(port, bytes), through(port, Buffer.from('second'))]);
    expect([digest(got[0] ?? Buffer.alloc(0)), got[1]?.toString()]).toEqual([digest(bytes), 'second']);
    const [forward] = await until(transport, ([one]) => one?.open === 0 && one.total === 2);
    expect(forward).toMatchObject({
      kind: 'local',
      listen: `localhost:${port}`,
      target: `127.0.0.1:${target}`,
      sentBytes: 3_000_006,
      receivedBytes: 3_000_006,
    });
    connection.dispose();
    expect(transport.extras?.current.forwards[0]?.state).toEqual({ kind: 'waiting' });
    await expect(through(port, Buffer.from('x'))).rejects.toThrow('ECONNREFUSED');
  });

  it('carries bytes from a port of the host to one here, and through sockets', async () => {
    const [target, port] = [await echoServer(), await freePort()];
    const [here, there] = [join(sshd.directory, 'here.sock'), join(sshd.directory, 'there.sock')];
    const bed = bedOf(sshd);
    bed.configure(
      `RemoteForward ${port} 127.0.0.1:${target}\nLocalForward ${here} ${there}\nRemoteForward ${there} 127.0.0.1:${target}`,
    );
    const { transport, connection } = await open(bed);
    await until(transport, (all) => all.length === 3 && all.every((one) => one.state.kind === 'listening'));
    const bytes = randomBytes(1_000_000);
    expect(digest(await through(port, bytes))).toBe(digest(bytes));
    // Out through the local socket to the host, and from the host's socket back to here.
    expect(digest(await through(here, bytes))).toBe(digest(bytes));
    expect(
      (await until(transport, (all) => all.every((one) => one.total === 1 && one.open === 0))).map(
        (one) => one.receivedBytes,
      ),
    ).toEqual([1_000_000, 1_000_000, 1_000_000]);
    connection.dispose();
  });

  it('says of each forward why it does not stand, and connects all the same', async () => {
    const taken = await echoServer();
    const bed = bedOf(guarded);
    const remote = await freePort();
    const local = await freePort();
    bed.configure(
      `LocalForward 127.0.0.1:${taken} a:1\nRemoteForward ${remote} localhost:1\nDynamicForward 127.0.0.1:${taken}\nLocalForward ${local} 127.0.0.1:${taken}`,
    );
    const { transport, connection } = await open(bed);
    const forwards = await until(transport, (all) =>
      all.every((one) => one.state.kind === 'failed' || one.state.kind === 'listening'),
    );
    expect(
      forwards.map(({ kind, state }) => [kind, state.kind === 'failed' ? state.reason : state.kind]),
    ).toEqual([
      ['local', `something listens at 127.0.0.1:${taken} already`],
      ['remote', expect.stringContaining(`does not listen at localhost:${remote}`)],
      ['dynamic', expect.stringContaining('something listens at')],
      ['local', 'listening'],
    ]);
    // It listens, and the host turns each connection away.
    await through(local, Buffer.from('x')).catch(() => undefined);
    const missed = await until(transport, (all) => all[3]?.lastFailure !== undefined);
    expect(missed[3]?.lastFailure?.reason).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:${taken}: .*(prohibited|failed)`),
    );
    connection.dispose();
  });

  it('is a SOCKS proxy for programs here, and for programs on the host', async () => {
    const [target, here, there] = [await echoServer(), await freePort(), await freePort()];
    const bed = bedOf(sshd);
    bed.configure(`DynamicForward ${here}\nRemoteForward ${there}`);
    const { transport, connection } = await open(bed);
    await until(transport, (all) => all.length === 2 && all.every((one) => one.state.kind === 'listening'));
    const bytes = randomBytes(200_000);
    const port = Buffer.from([target >> 8, target & 0xff]);
    const hello = Buffer.from([5, 1, 0]);
    const byAddress = Buffer.concat([hello, Buffer.from([5, 1, 0, 1, 127, 0, 0, 1]), port, bytes]);
    const byName = Buffer.concat([
      hello,
      Buffer.from([5, 1, 0, 3, 9]),
      Buffer.from('localhost'),
      port,
      bytes,
    ]);
    const version4 = Buffer.concat([
      Buffer.from([4, 1]),
      port,
      Buffer.from([0, 0, 0, 1, 0]),
      Buffer.from('127.0.0.1\0'),
      bytes,
    ]);
    for (const at of [here, there]) {
      const answers = await Promise.all([byAddress, byName, version4].map((request) => through(at, request)));
      expect(
        answers.map((answer) => [
          answer[answer[0] === 5 ? 3 : 1],
          digest(answer.subarray(answer[0] === 5 ? 12 : 8)),
        ]),
      ).toEqual([
        [0, digest(bytes)],
        [0, digest(bytes)],
        [0x5a, digest(bytes)],
      ]);
    }
    // Refused, and not understood.
    const closed = await freePort();
    const refused = await through(
      here,
      Buffer.concat([hello, Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, closed >> 8, closed & 0xff])]),
    );
    expect([...refused.subarray(0, 4)]).toEqual([5, 0, 5, 5]);
    await through(here, Buffer.from('GET / HTTP/1.1\r\n\r\n')).catch(() => undefined);
    const [one] = await until(
      transport,
      ([first]) => first?.lastFailure?.reason === 'a client that does not speak SOCKS',
    );
    expect(one).toMatchObject({ kind: 'dynamic', listen: `localhost:${here}`, total: 3 });
    connection.dispose();
  });

  it('does not connect where ExitOnForwardFailure is on', async () => {
    const taken = await echoServer();
    const bed = bedOf(sshd);
    bed.configure(`LocalForward 127.0.0.1:${taken} a:1\nExitOnForwardFailure yes`);
    expect(await bed.refusal()).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ExitOnForwardFailure is on, and something listens'),
    });
  });

  it('moves to the connection that is left when the first of two ends', async () => {
    const [target, port] = [await echoServer(), await freePort()];
    const bed = bedOf(sshd);
    bed.configure(`LocalForward ${port} 127.0.0.1:${target}`);
    const { transport, connection } = await open(bed);
    const second = await transport.connect(new AbortController().signal, () => {});
    if (!second.ok) throw new Error(second.error.reason);
    await until(transport, ([one]) => one?.state.kind === 'listening');
    connection.dispose();
    await until(transport, ([one]) => one?.state.kind === 'listening');
    expect((await through(port, Buffer.from('still'))).toString()).toBe('still');
    second.value.dispose();
  });
});

describe('the environment', () => {
  it('arrives by SetEnv and SendEnv, as far as the server accepts it', async () => {
    const bed = bedOf(sshd, { TEST_LOCAL: 'from here', OTHER: 'not sent' });
    bed.configure('SendEnv TEST_* OTHER\nSetEnv FIRELINE_SET="set here" REFUSED=1');
    const text = await inShell(await bed.connect(), 'echo "<$TEST_LOCAL|$FIRELINE_SET|$REFUSED|$OTHER>"');
    expect(text).toContain('<from here|set here||>');
  });
});

describe('agent forwarding', () => {
  let agent: string;
  let pid: number;
  beforeAll(() => {
    agent = join(sshd.directory, 'agent');
    const said = execFileSync('ssh-agent', ['-s', '-a', agent], { encoding: 'utf8' });
    pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
    execFileSync('ssh-add', ['-q', sshd.identity], { env: { ...process.env, SSH_AUTH_SOCK: agent } });
  });
  afterAll(() => {
    process.kill(pid);
  });

  it('is off unless it is configured', async () => {
    const bed = bedOf(sshd, { SSH_AUTH_SOCK: agent });
    const { transport, connection } = await open(bed);
    expect(await inShell(connection, 'echo "<$SSH_AUTH_SOCK>"')).toContain('<>');
    expect(transport.extras?.current.agentForwarding).toBeUndefined();
    connection.dispose();
  });

  it('lets panes use the agent when it is configured, and counts the uses', async () => {
    const bed = bedOf(sshd, { SSH_AUTH_SOCK: agent });
    bed.configure('ForwardAgent yes');
    const { transport, connection } = await open(bed);
    expect(transport.extras?.current.agentForwarding).toEqual({ socket: agent, uses: 0 });
    expect(await inShell(connection, 'ssh-add -l; ssh-add -l')).toContain('(ED25519)');
    expect(transport.extras?.current.agentForwarding).toEqual({ socket: agent, uses: 2 });
    connection.dispose();
    expect(transport.extras?.current.agentForwarding).toBeUndefined();
  });

  it('forwards the socket that is named, and survives one that is dead', async () => {
    const bed = bedOf(sshd);
    bed.configure(`Host dead\n ForwardAgent ${sshd.directory}/nobody\nHost *\n ForwardAgent ${agent}`);
    expect(await inShell(await bed.connect('live'), 'ssh-add -l')).toContain('(ED25519)');
    const dead = await bed.connect('dead');
    expect(await inShell(dead, 'ssh-add -l')).not.toContain('(ED25519)');
    expect(await output(dead, 'echo alive')).toBe('alive\n0');
  });

  it('opens panes without it where the server forbids it, and says so', async () => {
    const bed = bedOf(guarded, { SSH_AUTH_SOCK: agent });
    bed.configure('ForwardAgent yes');
    const { transport, connection } = await open(bed);
    expect(await inShell(connection, 'echo "<$SSH_AUTH_SOCK>"')).toContain('<>');
    expect(transport.extras?.current).toMatchObject({
      notices: [expect.stringContaining('does not allow agent forwarding')],
    });
    expect(transport.extras?.current.agentForwarding).toBeUndefined();
    connection.dispose();
  });
});
