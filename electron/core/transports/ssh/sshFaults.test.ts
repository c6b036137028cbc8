import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import type { HostId, LinkState } from '../../../../shared/model/host.ts';
import { createHostSession, type HostSession } from '../../sessions/hostSession.ts';
import type { Transport } from '../transport.ts';
import { createSshTestBed, inShell, knownAs, output, type SshTestBed } from './sshTestBed.ts';
import { generateKey, listen, startTestSshd, type TestSshd } from './testSshd.ts';

let sshd: TestSshd;
const beds: SshTestBed[] = [];
const servers: Server[] = [];
const sessions: HostSession[] = [];
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  sshd = await startTestSshd(['MaxStartups 100:100:200']);
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
  for (const bed of beds.splice(0)) bed.close();
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await sshd.stop();
});

function bedOf(server: TestSshd, options: Parameters<typeof createSshTestBed>[1] = {}): SshTestBed {
  const bed = createSshTestBed(server, options);
  beds.push(bed);
  return bed;
}

async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  return listen(server);
}

function sessionOf(transport: Transport): HostSession {
  const session = createHostSession({
    host: 'web1' as HostId,
    transport,
    clock: systemClock,
    random: () => 0,
  });
  sessions.push(session);
  return session;
}

function reaches(session: HostSession, kind: LinkState['kind']): Promise<LinkState> {
  return new Promise((resolve) => {
    const look = () => {
      if (session.link.kind !== kind) return;
      listening.dispose();
      resolve(session.link);
    };
    const listening = session.onLink(look);
    look();
  });
}

describe('a server that turns logins away', () => {
  it('is told apart from one that is down, and is tried again until it lets us in', async () => {
    const busy = await startTestSshd(['MaxStartups 1:100:1']);
    stops.push(() => busy.stop());
    // A login in progress that never goes on takes the only place.
    const holder = connect({ host: '127.0.0.1', port: busy.port });
    await new Promise((resolve) => holder.once('data', resolve));
    const bed = bedOf(busy);
    const session = sessionOf(bed.transport());
    session.start();
    const link = await reaches(session, 'reconnecting');
    expect(link.kind === 'reconnecting' && link.reason).toMatch(
      /sshd at .* turns new connections away: "Exceeded MaxStartups"\. .*MaxStartups in sshd_config allows more/,
    );
    holder.destroy();
    await reaches(session, 'good');
  });
});

describe('a server that talks too much', () => {
  const LINE = `${'x'.repeat(1_000)}\r\n`;

  it('is left after a bounded banner, however long it goes on', async () => {
    let sent = 0;
    const port = await serve((socket) => {
      const write = () => {
        while (sent < 10_000_000 && socket.writable) {
          sent += LINE.length;
          if (!socket.write(LINE)) return;
        }
        socket.end();
      };
      socket.on('drain', write);
      write();
    });
    const bed = bedOf(sshd);
    bed.configure(`Host web1\n Port ${port}`);
    expect(await bed.refusal()).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('more than 64 KiB without naming itself'),
    });
    expect(sent).toBeLessThan(10_000_000);
  });

  it('is left at a line that does not end', async () => {
    const port = await serve((socket) => {
      socket.write('y'.repeat(1_000_000));
    });
    const bed = bedOf(sshd);
    bed.configure(`Host web1\n Port ${port}`);
    const failure = await bed.refusal();
    expect(failure.kind).toBe('retry');
    expect(failure.reason.length).toBeLessThan(500);
  });

  it('may show a banner before the login, which is passed over, and is told when it is too long', async () => {
    const banner = join(sshd.directory, 'banner');
    const wordy = await startTestSshd([`Banner ${banner}`]);
    stops.push(() => wordy.stop());
    const bed = bedOf(wordy);
    writeFileSync(banner, 'Authorised users only.\n'.repeat(1_000));
    expect(await output(await bed.connect(), 'echo in')).toBe('in\n0');
    writeFileSync(banner, 'Authorised users only.\n'.repeat(9_000));
    expect(await bed.refusal()).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('its banner may be too long'),
    });
    // OpenSSH itself sends none of more than 1 MiB.
    writeFileSync(banner, 'x'.repeat(10_000_000));
    expect(await output(await bed.connect(), 'echo in')).toBe('in\n0');
  });
});

describe('forty hosts behind one jump host', () => {
  it('share its connection, and at most ten shake hands through it at a time', async () => {
    const bastion = await startTestSshd();
    stops.push(() => bastion.stop());
    let arrived = 0;
    let connected = 0;
    let most = 0;
    const held: (() => void)[] = [];
    let onHeld = () => {};
    const port = await serve((socket) => {
      arrived++;
      most = Math.max(most, arrived - connected);
      // Nothing passes before the test says so: handshakes pile up as they do at a slow host.
      socket.pause();
      held.push(() => {
        const upstream = connect({ host: '127.0.0.1', port: sshd.port });
        upstream.on('error', () => socket.destroy());
        upstream.on('close', () => socket.destroy());
        socket.on('close', () => upstream.destroy());
        socket.pipe(upstream).pipe(socket);
      });
      onHeld();
    });
    const bed = bedOf(sshd);
    bed.configure(
      `Host bastion\n HostKeyAlias bastion\n Port ${bastion.port}\n IdentityFile ${bastion.identity}\n ProxyJump none\nHost *\n HostKeyAlias inner\n ProxyJump bastion\n Port ${port}\n UserKnownHostsFile ${sshd.directory}/known-both`,
    );
    writeFileSync(join(sshd.directory, 'known-both'), knownAs(bastion, 'bastion') + knownAs(sshd, 'inner'));
    const connecting = Array.from({ length: 40 }, async (_, index) => {
      const result = await bed.transport(`host${index}`).connect(new AbortController().signal, () => {});
      connected++;
      if (!result.ok) throw new Error(result.error.reason);
      return result.value;
    });
    await new Promise<void>((resolve) => {
      onHeld = () => held.length === 10 && resolve();
    });
    onHeld = () => held.shift()?.();
    for (const release of held.splice(0)) release();
    const connections = await Promise.all(connecting);
    expect([arrived, most]).toEqual([40, 10]);
    const [first] = connections;
    expect(first && (await output(first, 'echo through'))).toBe('through\n0');
    expect(bastion.log.filter((line) => line.startsWith('Accepted'))).toHaveLength(1);
    for (const connection of connections) connection.dispose();
  });

  it('are not held up by one that waits for a person', async () => {
    const bastion = await startTestSshd();
    stops.push(() => bastion.stop());
    const known = join(sshd.directory, 'known-some');
    writeFileSync(known, knownAs(bastion, 'bastion') + knownAs(sshd, 'known'));
    const bed = bedOf(sshd, { answers: [] });
    bed.configure(
      `Host bastion\n HostKeyAlias bastion\n Port ${bastion.port}\n IdentityFile ${bastion.identity}\n ProxyJump none\nHost known*\n HostKeyAlias known\nHost *\n ProxyJump bastion\n UserKnownHostsFile ${known}`,
    );
    let asked = 0;
    let onAsked = () => {};
    const abort = new AbortController();
    const waiting = {
      interactive: true,
      waiting: [],
      // Twelve people who do not answer.
      ask: (_question: unknown, signal: AbortSignal) =>
        new Promise<null>((resolve) => {
          asked++;
          onAsked();
          signal.addEventListener('abort', () => resolve(null), { once: true });
        }),
    };
    const stuck = Array.from({ length: 12 }, (_, index) =>
      bed.transport(`new${index}`, waiting).connect(abort.signal, () => {}),
    );
    await new Promise<void>((resolve) => {
      onAsked = () => asked === 12 && resolve();
    });
    const through = await bed.transport('known1', waiting).connect(new AbortController().signal, () => {});
    expect(through.ok).toBe(true);
    if (through.ok) through.value.dispose();
    abort.abort();
    expect((await Promise.all(stuck)).every((one) => !one.ok)).toBe(true);
  });
});

describe('what a person is asked', () => {
  it('is asked once a host, and not once a pane or a reconnect', async () => {
    const locked = generateKey(sshd.directory, 'locked-once', 'ed25519', 'sesame');
    sshd.authorize(`${locked}.pub`);
    const bed = bedOf(sshd, { answers: [['sesame']] });
    bed.configure(`Host web1\n IdentityFile ${locked}\n IdentitiesOnly yes`);
    const session = sessionOf(bed.transport());
    session.start();
    await reaches(session, 'good');
    const size = { columns: 80, rows: 24 };
    const shells = await Promise.all([1, 2, 3, 4].map(() => session.openShell(size)));
    expect(shells.map((shell) => shell.ok)).toEqual([true, true, true, true]);
    session.reconnect();
    await reaches(session, 'good');
    expect((await session.openShell(size)).ok).toBe(true);
    expect(bed.prompter.asked.map((question) => question.kind)).toEqual(['passphrase']);
  });

  it('is nothing under BatchMode', async () => {
    const locked = generateKey(sshd.directory, 'locked-batch', 'ed25519', 'sesame');
    sshd.authorize(`${locked}.pub`);
    const bed = bedOf(sshd, { answers: [['sesame']] });
    bed.configure(`Host web1\n IdentityFile ${locked}\n IdentitiesOnly yes\n BatchMode yes`, {
      withoutIdentity: true,
    });
    expect((await bed.refusal()).kind).toBe('refused');
    expect(bed.prompter.asked).toEqual([]);
  });

  it('names the certificate authority that cannot be checked, and what to do', async () => {
    const known = join(sshd.directory, 'known-ca');
    const authority = generateKey(sshd.directory, 'authority', 'ed25519');
    writeFileSync(known, `@cert-authority * ${readFileSync(`${authority}.pub`, 'utf8')}`);
    const bed = bedOf(sshd, { answers: [null] });
    bed.configure(`UserKnownHostsFile ${known}`);
    await bed.refusal();
    expect(bed.prompter.asked).toMatchObject([
      {
        kind: 'hostKey',
        note: expect.stringMatching(/known-ca:1 trusts a certificate authority.*compare the fingerprint/),
      },
    ]);
    const silent = bedOf(sshd);
    silent.configure(`UserKnownHostsFile ${known}\nStrictHostKeyChecking yes`);
    expect(await silent.refusal()).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('certificates of hosts cannot be checked here'),
    });
  });
});

describe('settings of ssh_config', () => {
  it('refuse a key that RevokedHostKeys lists, and every key when the list cannot be read', async () => {
    const revoked = join(sshd.directory, 'revoked');
    writeFileSync(revoked, `# gone\n${readFileSync(join(sshd.directory, 'host_ed25519.pub'), 'utf8')}`);
    const bed = bedOf(sshd);
    bed.configure(`Host listed\n RevokedHostKeys ${revoked}\nHost absent\n RevokedHostKeys ${revoked}.not`);
    expect(await bed.refusal('listed')).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('revokes'),
    });
    expect(await bed.refusal('absent')).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ENOENT'),
    });
  });

  it('choose the algorithms, and say when none is left', async () => {
    const bed = bedOf(sshd);
    bed.configure(
      'Host one\n Ciphers aes256-ctr\n MACs hmac-sha2-512\n KexAlgorithms ecdh-sha2-nistp384\n HostKeyAlgorithms ssh-ed25519\n Compression yes\nHost none\n Ciphers chacha20-poly1305@openssh.com',
    );
    expect(await output(await bed.connect('one'), 'echo chosen')).toBe('chosen\n0');
    expect(await bed.refusal('none')).toMatchObject({
      kind: 'refused',
      reason: 'ssh_config allows none only Ciphers that Fireline cannot do',
    });
  });

  it('choose the address to come from, and the family', async () => {
    const bed = bedOf(sshd);
    bed.configure(
      'Host web1\n BindAddress 127.0.0.77\n AddressFamily inet\nHost web6\n AddressFamily inet6\n HostName localhost',
    );
    expect(await output(await bed.connect(), 'echo ${SSH_CONNECTION%% *}')).toBe('127.0.0.77\n0');
    expect((await bed.refusal('web6')).kind).toBe('retry');
  });

  it('say what a ProxyCommand said when it fails', async () => {
    const bed = bedOf(sshd, {
      environment: { PATH: process.env['PATH'] ?? '', SHELL: '/bin/sh', TUNNEL: 'vpn' },
    });
    bed.configure('ProxyCommand sh -c "echo no $TUNNEL to %h >&2; exit 3"');
    expect(await bed.refusal()).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/^the ProxyCommand of .* ended with status 3: no vpn to 127\.0\.0\.1$/),
    });
  });

  it('tell a ProxyCommand that hangs from a host that does, and leave nothing of it', async () => {
    const bed = bedOf(sshd, { environment: { PATH: process.env['PATH'] ?? '', SHELL: '/bin/sh' } });
    bed.configure(`ConnectTimeout 1\nProxyCommand sh -c 'trap "" TERM; sleep ${nap(1)}; sleep ${nap(1)}'`);
    const failure = await bed.refusal();
    expect(failure).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/said nothing for 1 s, through its ProxyCommand$/),
    });
    expect(failure.cause).toBeUndefined();
    await expect.poll(() => running(`sleep ${nap(1)}`), { timeout: 10_000 }).toBe(0);
  });

  it('end the children of a ProxyCommand that ends by itself when the wire does', async () => {
    const bed = bedOf(sshd, { environment: { PATH: process.env['PATH'] ?? '', SHELL: '/bin/sh' } });
    const wire = `exec 3<>/dev/tcp/127.0.0.1/${sshd.port}; sleep ${nap(2)} & cat <&3 & cat >&3`;
    bed.configure(`ProxyCommand bash -c '${wire}'`);
    expect(await output(await bed.connect(), 'echo through')).toBe('through\n0');
    expect(running(`sleep ${nap(2)}`)).toBe(1);
    bed.close();
    await expect.poll(() => running(`sleep ${nap(2)}`), { timeout: 10_000 }).toBe(0);
  });

  it('run Match exec before a connection, and not before', async () => {
    const witness = join(sshd.directory, 'exec-ran');
    const bed = bedOf(sshd);
    bed.configure(`Match originalhost web1 exec "touch ${witness}"\n SetEnv COLORTERM=matched`);
    const transport = bed.transport();
    expect(() => readFileSync(witness)).toThrow();
    const result = await transport.connect(new AbortController().signal, () => {});
    if (!result.ok) throw new Error(result.error.reason);
    expect(readFileSync(witness).length).toBe(0);
    expect(await inShell(result.value, 'echo "<$COLORTERM>"')).toContain('<matched>');
    result.value.dispose();
  });
});

/** Seconds that no other process sleeps. */
const nap = (which: number) => `${100_000 + process.pid}.${which}`;

/** How many processes have this command line. */
function running(commandLine: string): number {
  const lines = execFileSync('ps', ['-eo', 'args=']).toString().split('\n');
  return lines.filter((line) => line === commandLine).length;
}
