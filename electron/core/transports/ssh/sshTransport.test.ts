import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSshByAddress, type SshByAddress, type SshSpec } from './sshByAddress.ts';
import { output, scripted } from './sshTestBed.ts';
import { freePort, listen } from './testSshd.ts';

let bed: SshByAddress;

beforeAll(async () => {
  bed = await createSshByAddress();
});
afterEach(() => bed.clear());
afterAll(() => bed.stop());

describe('ssh', () => {
  it('connects with a key, runs a command, measures a round trip and tells its phases', async () => {
    const phases: string[] = [];
    const result = await bed
      .transport(scripted([]))
      .connect(new AbortController().signal, (phase) => phases.push(phase));
    if (!result.ok) throw new Error(result.error.reason);
    bed.afterwards(() => result.value.dispose());
    expect(phases).toEqual(['authenticating']);
    expect(await output(result.value, 'echo one; exit 3')).toBe('one\n3');
    expect(await result.value.ping(new AbortController().signal)).toBeGreaterThan(0);
    await expect(result.value.ping(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  it('tells the end of a connection once, and every channel that it is lost', async () => {
    const connection = await bed.connect(scripted([]));
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
    const connection = await bed.connect(scripted([]));
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

  it('gives up at once when told to', async () => {
    const abort = new AbortController();
    const silent = createServer(() => {});
    const port = await listen(silent);
    const connecting = bed.transport(scripted([]), { port }).connect(abort.signal, () => {});
    abort.abort();
    expect(await connecting).toMatchObject({ ok: false, error: { reason: 'cancelled' } });
    silent.close();
  });
});

describe('failures of the wire are worth another try, in plain words', () => {
  it('says that nothing listens', async () => {
    const port = await freePort();
    expect(await bed.refusal(scripted([]), { port })).toEqual({
      kind: 'retry',
      cause: 'not_listening',
      reason: `nothing listens at 127.0.0.1:${port}: the connection was refused`,
      advice: expect.stringContaining('sshd'),
    });
  });

  it('writes an address of IPv6 so that its port can be told', async () => {
    const port = await freePort();
    expect(await bed.refusal(scripted([]), { host: '::1', port })).toMatchObject({
      reason: expect.stringContaining(`[::1]:${port}`),
    });
  });

  it('says that a name has no address', async () => {
    expect(await bed.refusal(scripted([]), { host: 'no-such-host.invalid' })).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(/no-such-host\.invalid/),
    });
  });

  it('says that a server accepts and is silent', async () => {
    const silent = createServer(() => {});
    const port = await listen(silent);
    bed.configure('Host 127.0.0.1\n ConnectTimeout 1\n');
    expect(await bed.refusal(scripted([]), { port })).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('said nothing for 1 s'),
    });
    silent.close();
  });

  it.each(['220 mail ESMTP', 'SSH-1.5-OpenSSH_2.3'])('says what another server says: %s', async (words) => {
    const other = createServer((socket) => void socket.on('error', () => {}).write(`${words}\r\n`));
    bed.configure('ConnectTimeout 1');
    const failure = await bed.refusal(scripted([]), { port: await listen(other) });
    expect(failure).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining(`says "${words}" and no more`),
    });
    expect(failure.cause).toBeUndefined();
    other.close();
  });

  it.each([
    ['Ciphers', 'aes256-cbc', 'Ciphers +aes256-cbc'],
    ['MACs', 'hmac-md5', 'command: { shell: [ssh, -tt, 127.0.0.1]'],
    ['KexAlgorithms', 'diffie-hellman-group14-sha1', 'KexAlgorithms +diffie-hellman-group14-sha1'],
    ['HostKeyAlgorithms', 'ssh-rsa', 'HostKeyAlgorithms +ssh-rsa'],
    ['Ciphers', 'chacha20-poly1305@openssh.com', 'Fireline can do none of them'],
  ])('says which %s a server takes, and what to do: %s', async (keyword, name, advice) => {
    const odd = await bed.another([
      `${keyword} ${name}`,
      ...(keyword === 'MACs' ? ['Ciphers aes128-ctr'] : []),
    ]);
    const failure = await bed.refusal(scripted([]), { port: odd.port, knownHostsFile: bed.unknownFile() });
    expect(failure).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`have none of the ${keyword} in common: the server takes ${name}`),
      advice: expect.stringContaining(advice),
    });
    // What is advised works.
    const [, line] = /ssh_config: (.*)$/.exec(failure.advice) ?? [];
    if (line === undefined) return;
    bed.configure(line);
    await bed.connect(scripted([['yes']]), {
      port: odd.port,
      identityFile: odd.identity,
      knownHostsFile: bed.unknownFile(),
    });
  });

  it('says that a server hangs up, or speaks something else', async () => {
    const rude = createServer((socket) => socket.end());
    expect(await bed.refusal(scripted([]), { port: await listen(rude) })).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('before its greeting'),
    });
    rude.close();
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(50)));
    expect(await bed.refusal(scripted([]), { port: await listen(web) })).toMatchObject({ kind: 'retry' });
    web.close();
  });
});

describe('channels', () => {
  it('says that a connection is full when the server refuses another', async () => {
    const small = await bed.another(['MaxSessions 2']);
    const connection = await bed.connect(scripted([]), {
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
    const connection = await bed.connect(scripted([]));
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

  it('loses nothing while the server changes its keys all the time, and asks for its host key once', async () => {
    const fickle = await bed.another(['RekeyLimit 100K']);
    const prompter = scripted([['yes']]);
    // Not on file, so that the key cannot be recognised by it.
    const connection = await bed.connect(prompter, {
      port: fickle.port,
      identityFile: fickle.identity,
      knownHostsFile: '/dev/null',
    });
    const bytes = 4_000_000;
    const flood = await connection.openExec(`head -c ${bytes} /dev/zero | tr '\\0' x`);
    const echo = await connection.openExec('cat');
    if (!flood.ok || !echo.ok) throw new Error('it does not open');
    let received = 0;
    let wrong = 0;
    let echoed = 0;
    let typed = 0;
    flood.value.onOutput((data) => {
      received += data.length;
      wrong += data.filter((byte) => byte !== 0x78).length;
      // Beside it something is sent that grants no window.
      echo.value.write('k');
      typed++;
    });
    echo.value.onOutput((data) => {
      echoed += data.length;
    });
    const ends = [flood.value, echo.value].map((one) => new Promise((resolve) => one.onExit(resolve)));
    expect(await ends[0]).toEqual({ code: 0, lost: false });
    echo.value.end();
    expect(await ends[1]).toEqual({ code: 0, lost: false });
    expect({ received, wrong, echoed }).toEqual({ received: bytes, wrong: 0, echoed: typed });
    expect(prompter.asked).toHaveLength(1);
  });

  it('gives a shell its terminal type, colours and size, and changes the size', async () => {
    const connection = await bed.connect(scripted([]));
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
    const connection = await bed.connect(scripted([]));
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
    const pasted = join(bed.sshd.directory, 'pasted');
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
    const bastion = await bed.another();
    const middle = await bed.another();
    const all = join(bed.sshd.directory, 'known-all');
    writeFileSync(all, [bastion, middle, bed.sshd].map((one) => one.knownHostsLine).join(''));
    bed.configure(
      [
        `Host front\n HostName 127.0.0.1\n Port ${bastion.port}\n IdentityFile ${bastion.identity}`,
        `Host *\n User ${bed.sshd.user}\n UserKnownHostsFile ${all}\n IdentityFile ${middle.identity}`,
        '',
      ].join('\n'),
    );
    const prompter = scripted([], false);
    const spec: SshSpec = { jump: ['front', `127.0.0.1:${middle.port}`], knownHostsFile: all };
    const [one, two] = await Promise.all([bed.connect(prompter, spec), bed.connect(prompter, spec)]);
    const via = 'echo $SSH_CONNECTION | cut -d" " -f4';
    expect(await output(one, via)).toBe(`${bed.sshd.port}\n0`);
    expect(await output(two, via)).toBe(`${bed.sshd.port}\n0`);
    one.dispose();
    expect(await output(two, 'echo still')).toBe('still\n0');

    writeFileSync(all, [bastion, bed.sshd].map((known) => known.knownHostsLine).join(''));
    two.dispose();
    expect(await bed.refusal(prompter, spec)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(`the host key of [127.0.0.1]:${middle.port} is not known`),
    });
  });

  it('finds circles before anything waits', async () => {
    bed.configure('Host a\n ProxyJump b\nHost b\n ProxyJump a\n');
    expect(await bed.refusal(scripted([]), { jump: ['a'] })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('circle'),
    });
  });

  it('goes through a ProxyCommand', async () => {
    bed.configure('Host 127.0.0.1\n ProxyCommand busybox nc %h %p\n');
    expect(await output(await bed.connect(scripted([])), 'echo proxied')).toBe('proxied\n0');
  });
});

describe('a host that cannot start a process', () => {
  it('gets back the channel of each command and shell that it refuses', async () => {
    let open = 0;
    const waiting: (() => void)[] = [];
    const spec = await bed.serve((client) => {
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
    });
    const connection = await bed.connect(scripted([['yes']]), spec);
    for (let n = 0; n < 12; n++) {
      expect(await connection.openExec('true')).toMatchObject({ ok: false, error: { kind: 'refused' } });
      expect(await connection.openShell({ columns: 80, rows: 24 })).toMatchObject({ ok: false });
    }
    while (open > 0) await new Promise<void>((resolve) => waiting.push(resolve));
  });
});
