import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Connection } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import { parseKey } from './keyFile.ts';
import { createSshByAddress, type SshByAddress, type SshSpec } from './sshByAddress.ts';
import { output, scripted } from './sshTestBed.ts';
import { generateKey, type TestSshd } from './testSshd.ts';

let bed: SshByAddress;

beforeAll(async () => {
  bed = await createSshByAddress();
});
afterEach(() => bed.clear());
afterAll(() => bed.stop());

describe('keys', () => {
  it('asks for a passphrase once for all hosts, again when it was wrong, and only if the server wants the key', async () => {
    const locked = generateKey(bed.sshd.directory, 'locked', 'ed25519', 'open sesame');
    const stranger = generateKey(bed.sshd.directory, 'stranger', 'ed25519', 'never asked');
    bed.sshd.authorize(`${locked}.pub`);
    bed.configure(`Host 127.0.0.1\n IdentityFile ${stranger}\n IdentityFile ${locked}\n`);
    const prompter = scripted([['wrong'], ['open sesame']]);
    const spec: SshSpec = { identityFile: stranger };
    const [first, second] = await Promise.all([bed.connect(prompter, spec), bed.connect(prompter, spec)]);
    expect(await output(first, 'echo a')).toBe('a\n0');
    expect(await output(second, 'echo b')).toBe('b\n0');
    expect(prompter.asked).toEqual([
      {
        kind: 'passphrase',
        host: 'web1',
        hop: `${bed.sshd.user}@127.0.0.1:${bed.sshd.port}`,
        keyPath: locked,
        retry: false,
      },
      {
        kind: 'passphrase',
        host: 'web1',
        hop: `${bed.sshd.user}@127.0.0.1:${bed.sshd.port}`,
        keyPath: locked,
        retry: true,
      },
    ]);
  });

  it('unlocks old PEM keys, whose public half shows nothing', async () => {
    const [path, publicKey] = pemKey(bed.sshd.directory, 'old');
    bed.sshd.authorize(publicKey);
    const prompter = scripted([['old']]);
    expect(await output(await bed.connect(prompter, { identityFile: path }), 'echo pem')).toBe('pem\n0');
    expect(prompter.asked).toHaveLength(1);
  });

  it.each([
    ['rsa', ['-algorithm', 'RSA'], ''],
    ['rsa', ['-algorithm', 'RSA'], 'secret'],
    ['ecdsa', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], ''],
    ['ecdsa', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'secret'],
    ['ed25519', ['-algorithm', 'ED25519'], ''],
    ['ed25519', ['-algorithm', 'ED25519'], 'secret'],
  ])('reads PKCS #8, as openssl writes it: %s %j "%s"', async (_type, kind, passphrase) => {
    const path = join(bed.sshd.directory, `pkcs8-${kind[1]}-${passphrase}`);
    execFileSync('openssl', ['genpkey', '-quiet', ...kind, '-out', `${path}.plain`], { stdio: 'ignore' });
    const key = createPrivateKey(readFileSync(`${path}.plain`));
    const locked = passphrase ? { cipher: 'aes-256-cbc', passphrase } : {};
    writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem', ...locked }), { mode: 0o600 });
    // ssh-keygen 9.2 does not read ed25519 in that form.
    const parsed = parseKey(readFileSync(`${path}.plain`));
    if (parsed instanceof Error) throw parsed;
    writeFileSync(`${path}.public`, `${parsed.type} ${parsed.getPublicSSH().toString('base64')}\n`);
    bed.sshd.authorize(`${path}.public`);
    const prompter = scripted(passphrase ? [['wrong'], [passphrase]] : []);
    expect(await output(await bed.connect(prompter, { identityFile: path }), 'echo in')).toBe('in\n0');
  });

  it('works out a passphrase without holding anything up', async () => {
    const slow = generateKey(bed.sshd.directory, 'slow', 'ed25519', 'secret');
    bed.sshd.authorize(`${slow}.pub`);
    let answered = false;
    let turns = 0;
    let connected = false;
    const prompter = scripted([]);
    prompter.ask = async () => {
      answered = true;
      return ['secret'];
    };
    const connecting = bed.connect(prompter, { identityFile: slow }).then(() => {
      connected = true;
    });
    // Turns of the event loop from the answer to the end: one would do where the thread is held.
    while (!connected) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (answered) turns++;
    }
    await connecting;
    expect(turns).toBeGreaterThan(10);
  });

  it('does not ask for the passphrase of a key whose cipher it cannot undo', async () => {
    const odd = generateKey(
      bed.sshd.directory,
      'odd',
      'ed25519',
      'secret',
      '-Z',
      'chacha20-poly1305@openssh.com',
    );
    bed.sshd.authorize(`${odd}.pub`);
    const prompter = scripted([['secret']]);
    const failure = await bed.refusal(prompter, { identityFile: odd });
    expect(failure.reason).toContain(
      'is locked with chacha20-poly1305@openssh.com, which cannot be undone here',
    );
    expect(prompter.asked).toEqual([]);
  });

  it('uses the agent, and says what it would have asked where nobody can answer', async () => {
    const locked = generateKey(bed.sshd.directory, 'silent', 'ed25519', 'secret');
    bed.sshd.authorize(`${locked}.pub`);
    expect(await bed.refusal(scripted([], false), { identityFile: locked })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`needs the passphrase of ${locked}, and nobody can be asked`),
    });
    const held = generateKey(bed.sshd.directory, 'held', 'rsa');
    bed.sshd.authorize(`${held}.pub`);
    const agent = execFileSync('ssh-agent', ['-s', '-a', join(bed.sshd.directory, 'agent')], {
      encoding: 'utf8',
    });
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      const environment = { SSH_AUTH_SOCK: join(bed.sshd.directory, 'agent') };
      execFileSync('ssh-add', ['-q', held], { env: { ...process.env, ...environment } });
      const connection = await bed.connect(
        scripted([], false),
        { identityFile: join(bed.sshd.directory, 'absent') },
        environment,
      );
      expect(await output(connection, 'echo agent')).toBe('agent\n0');
    } finally {
      process.kill(pid);
    }
  });

  it('says that an agent holds no key', async () => {
    const socket = join(bed.sshd.directory, 'empty-agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    bed.afterwards(() => void agent.kill());
    await expect.poll(() => existsSync(socket)).toBe(true);
    const failure = await bed.refusal(
      scripted([]),
      { identityFile: '/nonexistent' },
      { SSH_AUTH_SOCK: socket },
    );
    expect(failure.reason).toContain(`the agent at ${socket} holds no key, or is locked`);
  });

  it('says which keys were tried, and what the server takes', async () => {
    const stranger = generateKey(bed.sshd.directory, 'nobody', 'ed25519');
    const failure = await bed.refusal(scripted([]), { identityFile: stranger });
    expect(failure.kind).toBe('refused');
    expect(failure.reason).toContain(`tried ${stranger}; it takes publickey`);
  });
});

describe('a server that wants more than one proof', () => {
  const twoKeys = () => bed.another(['AuthenticationMethods publickey,publickey']);
  const to = (server: TestSshd, identityFile: string): SshSpec => ({
    port: server.port,
    knownHostsFile: server.knownHosts,
    identityFile,
  });

  it.each([
    ['a plain one', 'ed25519', ''],
    ['one of several signature algorithms', 'rsa', ''],
    ['one with a passphrase', 'ed25519', 'secret'],
  ])('gets two keys, the second %s', async (_what, type, passphrase) => {
    const server = await twoKeys();
    const second = generateKey(server.directory, 'second', type, passphrase);
    server.authorize(`${second}.pub`);
    for (const order of [
      [server.identity, second],
      [second, server.identity],
    ]) {
      bed.configure(`Host 127.0.0.1\n${order.map((path) => ` IdentityFile ${path}\n`).join('')}`);
      const prompter = scripted(passphrase ? [[passphrase]] : []);
      const connection = await bed.connect(prompter, to(server, order[0] ?? ''));
      expect(await output(connection, 'echo both')).toBe('both\n0');
      expect(prompter.asked).toHaveLength(passphrase ? 1 : 0);
    }
  });

  it('gets a second key that shows nothing without its passphrase', async () => {
    const server = await twoKeys();
    const [path, publicKey] = pemKey(server.directory, 'old');
    server.authorize(publicKey);
    bed.configure(`Host 127.0.0.1\n IdentityFile ${server.identity}\n IdentityFile ${path}\n`);
    const connection = await bed.connect(scripted([['old']]), to(server, server.identity));
    expect(await output(connection, 'echo both')).toBe('both\n0');
  });

  it('is told what is missing where there is no second key', async () => {
    const server = await twoKeys();
    const failure = await bed.refusal(scripted([]), to(server, server.identity));
    expect(failure.reason).toContain(
      `accepted ${server.identity} and wants another proof as well: there was nothing else to try; it takes publickey`,
    );
  });

  it('gets a key, and then the answers of keyboard-interactive', async () => {
    const spec = await bed.serve((client) => {
      let keyed = false;
      client.on('authentication', (context) => {
        if (!keyed && context.method === 'publickey' && context.signature) {
          keyed = true;
          context.reject(['keyboard-interactive'], true);
        } else if (!keyed && context.method === 'publickey') {
          context.accept();
        } else if (keyed && context.method === 'keyboard-interactive') {
          context.prompt([{ prompt: 'Code: ', echo: true }], (answers) => {
            if (answers[0] === '123456') context.accept();
            else context.reject(['keyboard-interactive']);
          });
        } else {
          context.reject(keyed ? ['keyboard-interactive'] : ['publickey']);
        }
      });
    });
    const prompter = scripted([['yes'], ['000000'], ['123456']]);
    await bed.connect(prompter, spec);
    expect(prompter.asked.map((one) => one.kind)).toEqual([
      'hostKey',
      'keyboardInteractive',
      'keyboardInteractive',
    ]);
  });
});

describe('passwords', () => {
  it('asks for a password, and again when it was wrong', async () => {
    const server = await passwordServer(['password'], 'hunter2');
    const prompter = scripted([['yes'], ['wrong'], ['hunter2']]);
    await bed.connect(prompter, server.spec);
    expect(prompter.asked.slice(1)).toMatchObject([
      { kind: 'password', user: bed.sshd.user, retry: false },
      { kind: 'password', user: bed.sshd.user, retry: true },
    ]);
  });

  it('shows the questions of keyboard-interactive, and stops when they are cancelled', async () => {
    const { spec, answers } = await passwordServer(['keyboard-interactive'], '123456');
    const prompter = scripted([['yes'], ['123456']]);
    await bed.connect(prompter, spec);
    expect(prompter.asked[1]).toMatchObject({
      kind: 'keyboardInteractive',
      name: 'Login',
      instructions: 'Use your token',
      questions: [{ text: 'Code: ', echo: true }],
    });
    expect(answers).toEqual(['123456']);
    expect(await bed.refusal(scripted([null]), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('cancelled'),
    });
    // Nothing that the server would count as a failed login.
    expect(answers).toEqual(['123456']);
    expect(await bed.refusal(scripted([], false), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('nobody can be asked'),
    });
  });
});

describe('a server that hangs up during the login', () => {
  it.each([
    ['password', 'before the question was answered', undefined],
    ['keyboard-interactive', 'before the question was answered', undefined],
    ['password', 'after the question was answered, saying "Your account has expired."', ['hunter2']],
    ['keyboard-interactive', 'after the question was answered, saying "Your account has expired."', ['1']],
  ] as const)('is not tried again, to ask for a %s again: %s', async (way, when, answer) => {
    let hangUp = () => {};
    const spec = await bed.serve((client) => {
      hangUp = () => client.end();
      const leave = () => {
        sayBanner(client, 'Your account\nhas expired.\r\n');
        client.end();
      };
      client.on('authentication', (context) => {
        if (context.method === 'password') leave();
        else if (context.method === 'keyboard-interactive') context.prompt(['Code: '], leave);
        else context.reject([way]);
      });
    });
    const prompter = scripted([]);
    prompter.ask = async (question) => {
      if (question.kind === 'hostKey') return ['yes'];
      if (answer) return [...answer];
      hangUp();
      return new Promise(() => {});
    };
    expect(await bed.refusal(prompter, { ...spec, identityFile: '/nonexistent' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`ended the connection ${when}`),
      advice: expect.stringContaining('Connect again to be asked again'),
    });
  });

  it('is tried again where nobody was asked, and what it said is told', async () => {
    const spec = await bed.serve((client) => {
      client.on('authentication', (context) => {
        if (context.method !== 'publickey') context.reject(['publickey']);
        else if (!context.signature) context.accept();
        else {
          sayBanner(client, 'System is going down.');
          client.end();
        }
      });
    });
    expect(await bed.refusal(scripted([['yes']]), spec)).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/ended the login, saying "System is going down\."$/),
    });
  });

  it('after too many answers does not blame keys', async () => {
    const server = await bed.another(['PasswordAuthentication yes', 'MaxAuthTries 2']);
    const spec: SshSpec = {
      port: server.port,
      knownHostsFile: server.knownHosts,
      identityFile: '/nonexistent',
    };
    expect(await bed.refusal(scripted([['a'], ['b'], ['c']]), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/refused the login of \w+: tried password \(2 times\)/),
    });
  });

  it('takes only what cannot be done here', async () => {
    const spec = await bed.serve((client) =>
      client.on('authentication', (context) => context.reject(['hostbased'])),
    );
    expect(await bed.refusal(scripted([['yes']]), spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('it takes hostbased'),
      advice: expect.stringContaining('Fireline does publickey, keyboard-interactive and password'),
    });
  });
});

describe('what would wait for ever', () => {
  it('is refused where a server wants a new password first', async () => {
    const spec = await bed.serve((client) => {
      client.on('authentication', (context) => {
        if (context.method === 'password') context.requestChange('Expired.\u0007 New password:', () => {});
        else context.reject(['password']);
      });
    });
    const withoutKey = { ...spec, identityFile: '/nonexistent' };
    expect(await bed.refusal(scripted([['yes'], ['old']]), withoutKey)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/has expired: .* asks for a new one \("Expired\. {2}New password:"\)/),
      advice: expect.stringContaining('Change it with ssh'),
    });
  });

  it('is passed over where the agent hangs, and the keys on file are tried', async () => {
    const socket = join(bed.sshd.directory, 'hung-agent');
    const held: Socket[] = [];
    const agent = createServer((one) => held.push(one));
    await new Promise<void>((resolve) => agent.listen(socket, resolve));
    bed.afterwards(() => {
      for (const one of held) one.destroy();
      agent.close();
    });
    // The five seconds that an agent has are over at once.
    const clock: Clock = {
      ...systemClock,
      after: (ms, run) => systemClock.after(ms === 5_000 ? 0 : ms, run),
    };
    const connection = await bed.connect(scripted([]), {}, { SSH_AUTH_SOCK: socket }, clock);
    expect(await output(connection, 'echo in')).toBe('in\n0');
    expect(held).toHaveLength(1);
  });
});

/** As sshd hands on what PAM says of an account (RFC 4252, 5.4); ssh2's server has words for the beginning only. */
function sayBanner(client: Connection, words: string): void {
  const { _packetRW: packets, _cipher: cipher } = (client as unknown as { _protocol: ServerInside })
    ._protocol;
  const packet = packets.write.alloc(9 + words.length);
  const at = packets.write.allocStart;
  packet[at] = 53;
  packet.writeUInt32BE(words.length, at + 1);
  packet.write(words, at + 5, 'latin1');
  packet.writeUInt32BE(0, at + 5 + words.length);
  cipher.encrypt(packets.write.finalize(packet));
}

interface ServerInside {
  _packetRW: {
    write: { allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  _cipher: { encrypt(packet: Buffer): void };
}

/** A key in the old form, whose public half is in the second file alone. */
function pemKey(directory: string, passphrase: string): [path: string, publicKey: string] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const path = join(directory, 'pem');
  const plain = `${path}-plain`;
  const publicKey = `${path}-public`;
  const locked = { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase } as const;
  writeFileSync(path, privateKey.export(locked), { mode: 0o600 });
  writeFileSync(plain, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(publicKey, execFileSync('ssh-keygen', ['-y', '-f', plain]));
  return [path, publicKey];
}

async function passwordServer(
  methods: ('password' | 'keyboard-interactive')[],
  secret: string,
): Promise<{ spec: SshSpec; answers: string[] }> {
  const given: string[] = [];
  const spec = await bed.serve((client) => {
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
  });
  return { spec: { ...spec, identityFile: '/nonexistent' }, answers: given };
}
