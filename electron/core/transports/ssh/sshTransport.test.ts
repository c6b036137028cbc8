import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { PromptAnswer } from '../../../../shared/model/prompt.ts';
import type { TransportSpec } from '../../../../shared/model/workspace.ts';
import type { Prompter, Question } from '../../sessions/prompter.ts';
import type { Connection, ExecChannel } from '../transport.ts';
import { createTransport } from '../transports.ts';
import { freePort, generateKey, startTestSshd, type TestSshd } from './testSshd.ts';

let sshd: TestSshd;
const lifetime = new DisposableStore();
let owned = new DisposableStore();
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  sshd = await startTestSshd();
});
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});
afterAll(async () => {
  lifetime.dispose();
  for (const stop of stops) await stop();
  await sshd.stop();
});

/** Answers from a list, in order; keeps what was asked. */
function scripted(answers: PromptAnswer[], interactive = true): Prompter & { asked: Question[] } {
  const asked: Question[] = [];
  return {
    asked,
    interactive,
    waiting: [],
    async ask(question) {
      asked.push(question);
      return answers.shift() ?? null;
    },
  };
}

type Ssh = Partial<Extract<TransportSpec, { kind: 'ssh'; host: string }>>;

function transport(
  prompter: Prompter,
  spec: Ssh = {},
  environment: Record<string, string> = {},
  clock: Clock = systemClock,
) {
  return createTransport(
    {
      id: 'web1' as HostId,
      tags: [],
      transport: {
        kind: 'ssh',
        host: '127.0.0.1',
        port: sshd.port,
        user: sshd.user,
        identityFile: sshd.identity,
        knownHostsFile: sshd.knownHosts,
        ...spec,
      },
    },
    {
      prompter,
      clock,
      homeDirectory: sshd.directory,
      environment,
      sshConfigFiles: { user: join(sshd.directory, 'ssh_config'), system: '/nonexistent' },
    },
  );
}

async function connect(
  prompter: Prompter,
  spec: Ssh = {},
  environment: Record<string, string> = {},
): Promise<Connection> {
  const result = await transport(prompter, spec, environment).connect(new AbortController().signal, () => {});
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.reason}`);
  return owned.add(result.value);
}

async function refusal(prompter: Prompter, spec: Ssh = {}, environment: Record<string, string> = {}) {
  const result = await transport(prompter, spec, environment).connect(new AbortController().signal, () => {});
  if (result.ok) {
    result.value.dispose();
    throw new Error('it connected');
  }
  return result.error;
}

async function output(connection: Connection, command: string): Promise<string> {
  const opened = await connection.openExec(command);
  if (!opened.ok) throw new Error(opened.error.reason);
  return collect(opened.value);
}

function collect(channel: ExecChannel): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    channel.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    channel.onExit(({ code }) => resolve(`${text}${code}`));
    channel.end();
  });
}

describe('ssh', () => {
  it('connects with a key, runs a command, measures a round trip and tells its phases', async () => {
    const phases: string[] = [];
    const result = await transport(scripted([])).connect(new AbortController().signal, (phase) =>
      phases.push(phase),
    );
    if (!result.ok) throw new Error(result.error.reason);
    owned.add(result.value);
    expect(phases).toEqual(['authenticating']);
    expect(await output(result.value, 'echo one; exit 3')).toBe('one\n3');
    expect(await result.value.ping(new AbortController().signal)).toBeGreaterThan(0);
    await expect(result.value.ping(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  it('tells the end of a connection once, and every channel that it is lost', async () => {
    const connection = await connect(scripted([]));
    const opened = await connection.openExec('sleep 60');
    if (!opened.ok) throw new Error(opened.error.reason);
    const exit = new Promise((resolve) => opened.value.onExit(resolve));
    const closes: string[] = [];
    connection.onClose(({ reason }) => closes.push(reason));
    connection.dispose();
    expect(await exit).toEqual({ lost: true });
    expect(closes).toEqual(['closed here']);
    expect(await connection.openExec('true')).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });

  it('ends a command on the host when its channel is disposed', async () => {
    const connection = await connect(scripted([]));
    // In root's logins sshd passes no signals on: then a command ends at its next write, as this one does.
    const opened = await connection.openExec('while echo $$; do sleep 0.05; done');
    if (!opened.ok) throw new Error(opened.error.reason);
    const pid = await new Promise<string>((resolve) =>
      opened.value.onOutput((bytes) => resolve(String(Number.parseInt(Buffer.from(bytes).toString(), 10)))),
    );
    const exit = new Promise((resolve) => opened.value.onExit(resolve));
    opened.value.dispose();
    await exit;
    expect(await output(connection, `kill -0 ${pid} 2>/dev/null; echo $?`)).toBe('1\n0');
  });

  it('asks for a passphrase once for all hosts, again when it was wrong, and only if the server wants the key', async () => {
    const locked = generateKey(sshd.directory, 'locked', 'ed25519', 'open sesame');
    const stranger = generateKey(sshd.directory, 'stranger', 'ed25519', 'never asked');
    sshd.authorize(`${locked}.pub`);
    writeFileSync(
      join(sshd.directory, 'ssh_config'),
      `Host 127.0.0.1\n IdentityFile ${stranger}\n IdentityFile ${locked}\n`,
    );
    const prompter = scripted([['wrong'], ['open sesame']]);
    const spec: Ssh = { identityFile: stranger };
    const [first, second] = await Promise.all([connect(prompter, spec), connect(prompter, spec)]);
    expect(await output(first, 'echo a')).toBe('a\n0');
    expect(await output(second, 'echo b')).toBe('b\n0');
    expect(prompter.asked).toEqual([
      {
        kind: 'passphrase',
        host: 'web1',
        hop: `${sshd.user}@127.0.0.1:${sshd.port}`,
        keyPath: locked,
        retry: false,
      },
      {
        kind: 'passphrase',
        host: 'web1',
        hop: `${sshd.user}@127.0.0.1:${sshd.port}`,
        keyPath: locked,
        retry: true,
      },
    ]);
    writeFileSync(join(sshd.directory, 'ssh_config'), '');
  });

  it('unlocks old PEM keys, whose public half shows nothing', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const path = join(sshd.directory, 'pem');
    writeFileSync(
      path,
      pair.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'old' }),
      { mode: 0o600 },
    );
    const plain = join(sshd.directory, 'pem-plain');
    writeFileSync(plain, pair.privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    const authorized = join(sshd.directory, 'pem.pub');
    writeFileSync(authorized, execFileSync('ssh-keygen', ['-y', '-f', plain]));
    sshd.authorize(authorized);
    execFileSync('rm', [authorized]);
    const prompter = scripted([['old']]);
    expect(await output(await connect(prompter, { identityFile: path }), 'echo pem')).toBe('pem\n0');
    expect(prompter.asked).toHaveLength(1);
  });

  it('uses the agent, and says what it would have asked where nobody can answer', async () => {
    const locked = generateKey(sshd.directory, 'silent', 'ed25519', 'secret');
    sshd.authorize(`${locked}.pub`);
    expect(await refusal(scripted([], false), { identityFile: locked })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`needs the passphrase of ${locked}, and nobody can be asked`),
    });
    const held = generateKey(sshd.directory, 'held', 'rsa');
    sshd.authorize(`${held}.pub`);
    const agent = execFileSync('ssh-agent', ['-s', '-a', join(sshd.directory, 'agent')], {
      encoding: 'utf8',
    });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      const environment = { SSH_AUTH_SOCK: join(sshd.directory, 'agent') };
      execFileSync('ssh-add', ['-q', held], { env: { ...process.env, ...environment } });
      const connection = await connect(
        scripted([], false),
        { identityFile: join(sshd.directory, 'absent') },
        environment,
      );
      expect(await output(connection, 'echo agent')).toBe('agent\n0');
    } finally {
      process.kill(pid);
    }
  });

  it('says which keys were tried, and what the server takes', async () => {
    const stranger = generateKey(sshd.directory, 'nobody', 'ed25519');
    const failure = await refusal(scripted([]), { identityFile: stranger });
    expect(failure.kind).toBe('refused');
    expect(failure.reason).toContain(`tried ${stranger}; it takes publickey`);
  });

  it('gives up at once when told to', async () => {
    const abort = new AbortController();
    const silent = createServer(() => {});
    const port = await listen(silent);
    const connecting = transport(scripted([]), { port }).connect(abort.signal, () => {});
    abort.abort();
    expect(await connecting).toMatchObject({ ok: false, error: { reason: 'cancelled' } });
    silent.close();
  });
});

describe('host keys', () => {
  const unknownFile = () => join(sshd.directory, `known-${Math.random()}`);

  it('asks about an unknown key with its fingerprint, keeps it when accepted, and does not ask again', async () => {
    const knownHostsFile = unknownFile();
    const prompter = scripted([['yes']]);
    await connect(prompter, { knownHostsFile });
    const [, expected = ''] = execFileSync('ssh-keygen', ['-lf', join(sshd.directory, 'host_ed25519.pub')], {
      encoding: 'utf8',
    }).split(' ');
    expect(prompter.asked).toEqual([
      {
        kind: 'hostKey',
        host: 'web1',
        hop: `${sshd.user}@127.0.0.1:${sshd.port}`,
        address: `[127.0.0.1]:${sshd.port}`,
        keyType: 'ssh-ed25519',
        fingerprint: expected,
        knownHostsFile,
      },
    ]);
    expect(readFileSync(knownHostsFile, 'utf8')).toBe(sshd.knownHostsLine);
    await connect(prompter, { knownHostsFile });
    expect(prompter.asked).toHaveLength(1);
  });

  it('refuses a key that a person does not accept, or nobody can be asked about', async () => {
    expect(await refusal(scripted([null]), { knownHostsFile: unknownFile() })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('was not accepted'),
    });
    expect(await refusal(scripted([], false), { knownHostsFile: unknownFile() })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('nobody can be asked'),
    });
  });

  it('refuses a changed key and names the line and both fingerprints', async () => {
    const other = generateKey(sshd.directory, `other${Math.random()}`, 'ed25519');
    const knownHostsFile = unknownFile();
    writeFileSync(
      knownHostsFile,
      `# first line\n[127.0.0.1]:${sshd.port} ${readFileSync(`${other}.pub`, 'utf8')}`,
    );
    const prompter = scripted([['yes']]);
    const failure = await refusal(prompter, { knownHostsFile });
    expect(failure.kind).toBe('refused');
    expect(failure.reason).toContain(`${knownHostsFile}:2 has SHA256:`);
    expect(failure.reason.match(/SHA256:/g)).toHaveLength(2);
    expect(prompter.asked).toEqual([]);
  });

  it('refuses a revoked key', async () => {
    const knownHostsFile = unknownFile();
    writeFileSync(
      knownHostsFile,
      `${sshd.knownHostsLine}@revoked * ${sshd.knownHostsLine.split(' ').slice(1).join(' ')}`,
    );
    expect(await refusal(scripted([]), { knownHostsFile })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('revoked'),
    });
  });

  it('asks the server for the key type on file, whichever it would rather show', async () => {
    const knownHostsFile = unknownFile();
    writeFileSync(
      knownHostsFile,
      `[127.0.0.1]:${sshd.port} ${readFileSync(join(sshd.directory, 'host_rsa.pub'), 'utf8')}`,
    );
    expect(await output(await connect(scripted([], false), { knownHostsFile }), 'echo rsa')).toBe('rsa\n0');
  });

  it('asks, with a warning, about a host that is on file with a type that it does not show any more', async () => {
    const ecdsa = generateKey(sshd.directory, `ecdsa${Math.random()}`, 'ecdsa');
    const knownHostsFile = unknownFile();
    writeFileSync(knownHostsFile, `[127.0.0.1]:${sshd.port} ${readFileSync(`${ecdsa}.pub`, 'utf8')}`);
    const prompter = scripted([['yes']]);
    expect(await output(await connect(prompter, { knownHostsFile }), 'echo new')).toBe('new\n0');
    expect(prompter.asked).toMatchObject([
      {
        kind: 'hostKey',
        note: expect.stringContaining(`${knownHostsFile}:1 knows it by its ECDSA key only`),
      },
    ]);
    expect(readFileSync(knownHostsFile, 'utf8').split('\n')).toHaveLength(3);
  });

  it('refuses it where keys must be on file', async () => {
    const ecdsa = generateKey(sshd.directory, `ecdsa${Math.random()}`, 'ecdsa');
    const knownHostsFile = unknownFile();
    writeFileSync(knownHostsFile, `[127.0.0.1]:${sshd.port} ${readFileSync(`${ecdsa}.pub`, 'utf8')}`);
    expect(await refusal(scripted([], false), { knownHostsFile })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ECDSA key only'),
    });
  });
});

describe('failures of the wire are worth another try, in plain words', () => {
  it('says that nothing listens', async () => {
    const port = await freePort();
    expect(await refusal(scripted([]), { port })).toEqual({
      kind: 'retry',
      cause: 'not_listening',
      reason: `nothing listens at 127.0.0.1:${port}: the connection was refused`,
      advice: expect.stringContaining('sshd'),
    });
  });

  it('writes an address of IPv6 so that its port can be told', async () => {
    const port = await freePort();
    expect(await refusal(scripted([]), { host: '::1', port })).toMatchObject({
      reason: expect.stringContaining(`[::1]:${port}`),
    });
  });

  it('says that a name has no address', async () => {
    expect(await refusal(scripted([]), { host: 'no-such-host.invalid' })).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/no-such-host\.invalid/),
    });
  });

  it('says that a server accepts and is silent', async () => {
    const silent = createServer(() => {});
    const port = await listen(silent);
    writeFileSync(join(sshd.directory, 'ssh_config'), 'Host 127.0.0.1\n ConnectTimeout 1\n');
    expect(await refusal(scripted([]), { port })).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('said nothing for 1 s'),
    });
    writeFileSync(join(sshd.directory, 'ssh_config'), '');
    silent.close();
  });

  it('says that a server hangs up, or speaks something else', async () => {
    const rude = createServer((socket) => socket.end());
    expect(await refusal(scripted([]), { port: await listen(rude) })).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('before its greeting'),
    });
    rude.close();
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(50)));
    expect(await refusal(scripted([]), { port: await listen(web) })).toMatchObject({ kind: 'retry' });
    web.close();
  });
});

describe('channels', () => {
  it('says that a connection is full when the server refuses another', async () => {
    const small = await startTestSshd(['MaxSessions 2']);
    stops.push(() => small.stop());
    const connection = await connect(scripted([]), {
      port: small.port,
      identityFile: small.identity,
      knownHostsFile: small.knownHosts,
    });
    const channels = [
      await connection.openExec('cat'),
      await connection.openExec('cat'),
      await connection.openExec('cat'),
    ];
    expect(channels.map((channel) => (channel.ok ? 'open' : channel.error.kind))).toEqual([
      'open',
      'open',
      'full',
    ]);
  });

  it('stops a remote process that is not read, and loses nothing when it is read again', async () => {
    const connection = await connect(scripted([]));
    const opened = await connection.openExec('dd if=/dev/zero bs=65536 count=400 2>/dev/null');
    if (!opened.ok) throw new Error(opened.error.reason);
    const channel = opened.value;
    let received = 0;
    let whilePaused = 0;
    let paused = false;
    let resumed = false;
    const exit = new Promise((resolve) => channel.onExit(resolve));
    const first = new Promise<void>((resolve) => {
      channel.onOutput((bytes) => {
        received += bytes.length;
        if (paused && !resumed) whilePaused += bytes.length;
        if (received > 1_000_000 && !paused) {
          paused = true;
          channel.pause();
          resolve();
        }
      });
    });
    await first;
    // Round trips and commands pass while it stands still.
    for (let i = 0; i < 5; i++) await connection.ping(new AbortController().signal);
    const writer = `ps -eo args= | grep -c "^[d]d if=/dev/zero bs=65536 count=400"`;
    expect(await output(connection, writer)).not.toMatch(/^0/);
    expect(whilePaused).toBe(0);
    resumed = true;
    channel.resume();
    expect(await exit).toEqual({ code: 0, lost: false });
    expect(received).toBe(400 * 65_536);
  });

  it('gives a shell its terminal type, colours and size, and changes the size', async () => {
    const connection = await connect(scripted([]));
    const opened = await connection.openShell({ columns: 91, rows: 37 });
    if (!opened.ok) throw new Error(opened.error.reason);
    const shell = opened.value;
    let text = '';
    const seen = (what: string) =>
      new Promise<void>((resolve) => {
        const subscription = shell.onOutput((bytes) => {
          text += Buffer.from(bytes).toString();
          if (!text.includes(what)) return;
          subscription.dispose();
          resolve();
        });
      });
    const first = seen('<37 91 xterm-256color truecolor>');
    shell.write('echo "<$(stty size) $TERM $COLORTERM>"\n');
    await first;
    shell.resize({ columns: 120, rows: 50 });
    const second = seen('<50 120>');
    shell.write('echo "<$(stty size)>"\n');
    await second;
    const exit = new Promise((resolve) => shell.onExit(resolve));
    shell.write('exit 5\n');
    expect(await exit).toEqual({ code: 5, lost: false });
  });

  it('lets an interrupt overtake and discard what waits on our side', async () => {
    const connection = await connect(scripted([]));
    const opened = await connection.openShell({ columns: 80, rows: 24 });
    if (!opened.ok) throw new Error(opened.error.reason);
    const shell = opened.value;
    let text = '';
    let wanted = '';
    let found = () => {};
    shell.onOutput((bytes) => {
      text = (text + Buffer.from(bytes).toString()).slice(-100_000);
      if (wanted && text.includes(wanted)) found();
    });
    const see = (what: string) =>
      new Promise<void>((resolve) => {
        wanted = what;
        found = resolve;
        if (text.includes(what)) resolve();
      });
    const pasted = join(sshd.directory, 'pasted');
    shell.write(`stty -echo; echo re''ady; cat >${pasted}\n`);
    await see('ready');
    const paste = 'touch /nonexistent/pasted\n'.repeat(100_000);
    shell.write(paste);
    shell.interrupt(Buffer.from('\x03'));
    shell.write("\necho al''ive\n");
    await see('alive');
    // One piece was on its way already.
    expect(statSync(pasted).size).toBeLessThanOrEqual(16_384);
    expect(text).not.toContain('nonexistent');
  });
});

describe('jump hosts', () => {
  it('reaches a host through others, checks each one, and shares the connection to the first', async () => {
    const bastion = await startTestSshd();
    const middle = await startTestSshd();
    stops.push(
      () => bastion.stop(),
      () => middle.stop(),
    );
    const all = join(sshd.directory, 'known-all');
    writeFileSync(all, [bastion, middle, sshd].map((one) => one.knownHostsLine).join(''));
    writeFileSync(
      join(sshd.directory, 'ssh_config'),
      [
        `Host front\n HostName 127.0.0.1\n Port ${bastion.port}\n IdentityFile ${bastion.identity}`,
        `Host *\n User ${sshd.user}\n UserKnownHostsFile ${all}\n IdentityFile ${middle.identity}`,
        '',
      ].join('\n'),
    );
    const prompter = scripted([], false);
    const spec: Ssh = { jump: ['front', `127.0.0.1:${middle.port}`], knownHostsFile: all };
    const [one, two] = await Promise.all([connect(prompter, spec), connect(prompter, spec)]);
    const via = 'echo $SSH_CONNECTION | cut -d" " -f4';
    expect(await output(one, via)).toBe(`${sshd.port}\n0`);
    expect(await output(two, via)).toBe(`${sshd.port}\n0`);
    one.dispose();
    expect(await output(two, 'echo still')).toBe('still\n0');

    writeFileSync(all, [bastion, sshd].map((known) => known.knownHostsLine).join(''));
    two.dispose();
    expect(await refusal(prompter, spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`the host key of [127.0.0.1]:${middle.port} is not known`),
    });
  });

  it('finds circles before anything waits', async () => {
    writeFileSync(join(sshd.directory, 'ssh_config'), 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n');
    expect(await refusal(scripted([]), { jump: ['a'] })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('circle'),
    });
    writeFileSync(join(sshd.directory, 'ssh_config'), '');
  });

  it('goes through a ProxyCommand', async () => {
    writeFileSync(join(sshd.directory, 'ssh_config'), 'Host 127.0.0.1\n ProxyCommand busybox nc %h %p\n');
    expect(await output(await connect(scripted([])), 'echo proxied')).toBe('proxied\n0');
    writeFileSync(join(sshd.directory, 'ssh_config'), '');
  });
});

describe('passwords', () => {
  it('asks for a password, and again when it was wrong', async () => {
    const server = await passwordServer(['password'], 'hunter2');
    const prompter = scripted([['yes'], ['wrong'], ['hunter2']]);
    await connect(prompter, {
      port: server.port,
      knownHostsFile: join(sshd.directory, `p${server.port}`),
      identityFile: '/nonexistent',
    });
    expect(prompter.asked.slice(1)).toMatchObject([
      { kind: 'password', user: sshd.user, retry: false },
      { kind: 'password', user: sshd.user, retry: true },
    ]);
  });

  it('shows the questions of keyboard-interactive, and stops when they are cancelled', async () => {
    const server = await passwordServer(['keyboard-interactive'], '123456');
    const spec: Ssh = {
      port: server.port,
      knownHostsFile: join(sshd.directory, `p${server.port}`),
      identityFile: '/nonexistent',
    };
    const prompter = scripted([['yes'], ['123456']]);
    await connect(prompter, spec);
    expect(prompter.asked[1]).toMatchObject({
      kind: 'keyboardInteractive',
      name: 'Login',
      instructions: 'Use your token',
      questions: [{ text: 'Code: ', echo: true }],
    });
    expect(server.answers).toEqual(['123456']);
    expect(await refusal(scripted([null]), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('cancelled'),
    });
    // Nothing that the server would count as a failed login.
    expect(server.answers).toEqual(['123456']);
    expect(await refusal(scripted([], false), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('nobody can be asked'),
    });
  });
});

describe('a host that cannot start a process', () => {
  it('gets back the channel of each command and shell that it refuses', async () => {
    let open = 0;
    const waiting: (() => void)[] = [];
    const server = new ssh2.Server(
      { hostKeys: [readFileSync(join(sshd.directory, 'host_ed25519'))] },
      (client) => {
        client.on('error', () => {});
        client.on('authentication', (context) => context.accept());
        client.on('session', (accept) => {
          const session = accept();
          open++;
          // sshd answers so when fork(2) fails, and keeps the channel.
          session.on('pty', (ok) => ok?.());
          session.on('env', (ok) => ok?.());
          session.on('exec', (_accept, reject) => reject?.());
          session.on('shell', (_accept, reject) => reject?.());
          session.on('close', () => {
            open--;
            for (const run of waiting.splice(0)) run();
          });
        });
      },
    );
    lifetime.addStop(() => server.close());
    const port = await listen(server);
    const connection = await connect(scripted([['yes']]), {
      port,
      knownHostsFile: join(sshd.directory, `p${port}`),
    });
    for (let n = 0; n < 12; n++) {
      expect(await connection.openExec('true')).toMatchObject({ ok: false, error: { kind: 'refused' } });
      expect(await connection.openShell({ columns: 80, rows: 24 })).toMatchObject({ ok: false });
    }
    while (open > 0) await new Promise<void>((resolve) => waiting.push(resolve));
  });
});

describe('what would wait for ever', () => {
  it('is refused where a server wants a new password first', async () => {
    const server = new ssh2.Server(
      { hostKeys: [readFileSync(join(sshd.directory, 'host_ed25519'))] },
      (client) => {
        client.on('error', () => {});
        client.on('authentication', (context) => {
          if (context.method === 'password') context.requestChange('Expired.\u0007 New password:', () => {});
          else context.reject(['password']);
        });
      },
    );
    lifetime.addStop(() => server.close());
    const port = await listen(server);
    const spec: Ssh = {
      port,
      knownHostsFile: join(sshd.directory, `p${port}`),
      identityFile: '/nonexistent',
    };
    expect(await refusal(scripted([['yes'], ['old']]), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/has expired: .* asks for a new one \("Expired\. {2}New password:"\)/),
      advice: expect.stringContaining('Change it with ssh'),
    });
  });

  it('is passed over where the agent hangs, and the keys on file are tried', async () => {
    const socket = join(sshd.directory, 'hung-agent');
    const held: Socket[] = [];
    const agent = createServer((one) => held.push(one));
    await new Promise<void>((resolve) => agent.listen(socket, resolve));
    lifetime.addStop(() => {
      for (const one of held) one.destroy();
      agent.close();
    });
    // The five seconds that an agent has are over at once.
    const clock: Clock = {
      ...systemClock,
      after: (ms, run) => systemClock.after(ms === 5_000 ? 0 : ms, run),
    };
    const result = await transport(scripted([]), {}, { SSH_AUTH_SOCK: socket }, clock).connect(
      new AbortController().signal,
      () => {},
    );
    if (!result.ok) throw new Error(result.error.reason);
    expect(await output(owned.add(result.value), 'echo in')).toBe('in\n0');
    expect(held).toHaveLength(1);
  });
});

function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function passwordServer(
  methods: ('password' | 'keyboard-interactive')[],
  secret: string,
): Promise<{ port: number; answers: string[] }> {
  const given: string[] = [];
  const server = new ssh2.Server(
    { hostKeys: [readFileSync(join(sshd.directory, 'host_ed25519'))] },
    (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method === 'password' && methods.includes('password')) {
          if (context.password === secret) context.accept();
          else context.reject(methods);
        } else if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive')) {
          context.prompt([{ prompt: 'Code: ', echo: true }], 'Login', 'Use your token', (answers) => {
            given.push(...answers);
            if (answers[0] === secret) context.accept();
            else context.reject(methods);
          });
        } else {
          context.reject(methods);
        }
      });
    },
  );
  lifetime.addStop(() => server.close());
  return { port: await listen(server), answers: given };
}
