import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { createCommandTransport } from './commandTransport.ts';
import { createLocalTransport } from './localTransport.ts';
import type { Connection, ExecChannel, Transport } from './transport.ts';

let owned = new DisposableStore();
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});

const context = {
  clock: systemClock,
  homeDirectory: tmpdir(),
  environment: { PATH: process.env['PATH'], SHELL: '/bin/sh', TMUX: 'not for the shell' },
};

async function connect(transport: Transport): Promise<Connection> {
  const result = await transport.connect(new AbortController().signal, () => {});
  if (!result.ok) throw new Error(result.error.reason);
  return owned.add(result.value);
}

async function exec(connection: Connection, command: string): Promise<ExecChannel> {
  const opened = await connection.openExec(command);
  if (!opened.ok) throw new Error(opened.error.reason);
  return opened.value;
}

function result(
  channel: ExecChannel,
): Promise<{ text: string; errors: string; code?: number; signal?: string }> {
  return new Promise((resolve) => {
    let text = '';
    let errors = '';
    channel.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    channel.onErrorOutput((bytes) => {
      errors += Buffer.from(bytes).toString();
    });
    channel.onExit(({ code, signal }) =>
      resolve({
        text,
        errors,
        ...(code === undefined ? {} : { code }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  });
}

/** True while a process runs; a zombie that nobody has reaped yet does not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('this machine', () => {
  it('runs commands with input, both outputs and a status', async () => {
    const channel = await exec(await connect(createLocalTransport(context)), 'cat; echo bad >&2; exit 4');
    const done = result(channel);
    channel.write('given');
    channel.end();
    expect(await done).toEqual({ text: 'given', errors: 'bad\n', code: 4 });
  });

  it('gives a shell a terminal of its size, without what this one inherited', async () => {
    const connection = await connect(createLocalTransport(context));
    const opened = await connection.openShell({ columns: 93, rows: 31 });
    if (!opened.ok) throw new Error(opened.error.reason);
    let text = '';
    opened.value.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    const exit = new Promise((resolve) => opened.value.onExit(resolve));
    opened.value.write('echo "<$(stty size) $TERM $COLORTERM ${TMUX-none}>"; exit 6\n');
    expect(await exit).toEqual({ code: 6, lost: false });
    expect(text).toContain('<31 93 xterm-256color truecolor none>');
  });

  it('delivers what a pause held back when the shell ends meanwhile', async () => {
    const connection = await connect(createLocalTransport(context));
    const opened = await connection.openShell({ columns: 80, rows: 24 });
    if (!opened.ok) throw new Error(opened.error.reason);
    const shell = opened.value;
    let text = '';
    shell.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    const exit = new Promise((resolve) => shell.onExit(resolve));
    shell.write("seq 1 300; echo la''st; exit\n");
    shell.pause();
    await exit;
    expect(text).toContain('last');
  });

  /** A shell whose program starts to read its terminal only when `go` is called. */
  async function deafProgram(connection: Connection, program: string) {
    const directory = mkdtempSync(join(tmpdir(), 'fireline-input-'));
    owned.addStop(() => rmSync(directory, { recursive: true }));
    const go = join(directory, 'go');
    const opened = await connection.openShell({ columns: 80, rows: 24 });
    if (!opened.ok) throw new Error(opened.error.reason);
    let text = '';
    opened.value.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    opened.value.write(`stty raw -echo; echo rea''dy; until [ -e ${go} ]; do sleep 0.02; done; ${program}\n`);
    await expect.poll(() => text).toContain('ready');
    return {
      shell: opened.value,
      text: () => text,
      go: async () => result(await exec(connection, `touch ${go}`)),
    };
  }

  it('waits for nobody: input that a program does not read yet holds nothing up, and all of it arrives', async () => {
    const paste = randomBytes(500_000);
    const connection = await connect(createLocalTransport(context));
    const deaf = await deafProgram(connection, `head -c ${paste.length} | sha256sum`);
    deaf.shell.write(paste);
    await deaf.go();
    const sum = createHash('sha256').update(paste).digest('hex');
    await expect.poll(deaf.text, { timeout: 10_000 }).toContain(sum);
  });

  it('drops the input that waits when an interrupt comes', async () => {
    const deaf = await deafProgram(await connect(createLocalTransport(context)), 'cat');
    deaf.shell.write('#'.repeat(500_000));
    deaf.shell.interrupt(Buffer.from('\x03'));
    deaf.shell.write('next');
    await deaf.go();
    await expect.poll(deaf.text, { timeout: 10_000 }).toContain('#\x03next');
    expect(deaf.text().length).toBeLessThan(300_000);
  });

  it('ends what a channel started, with its children, when it is disposed', async () => {
    const connection = await connect(createLocalTransport(context));
    const channel = await exec(connection, 'sleep 600 & echo $!; wait');
    const child = await new Promise<number>((resolve) =>
      channel.onOutput((bytes) => resolve(Number(Buffer.from(bytes).toString()))),
    );
    expect(runs(child)).toBe(true);
    const exit = new Promise((resolve) => channel.onExit(resolve));
    connection.dispose();
    await exit;
    // The group was signalled at once; its members end each in their own time.
    await expect.poll(() => runs(child)).toBe(false);
  });
});

describe('a command transport', () => {
  it('appends one command line to its prefix, and opens its shell in a terminal', async () => {
    const connection = await connect(
      createCommandTransport(
        {
          kind: 'command',
          shell: ['/bin/sh', '-c', 'echo "in $(tty)"; exit 2'],
          exec: ['env', 'MARK=yes', 'sh', '-c'],
        },
        context,
      ),
    );
    const channel = await exec(connection, 'echo "$MARK $((1 + 1))"');
    expect(await result(channel)).toMatchObject({ text: 'yes 2\n', code: 0 });
    const opened = await connection.openShell({ columns: 80, rows: 24 });
    if (!opened.ok) throw new Error(opened.error.reason);
    let text = '';
    opened.value.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    expect(await new Promise((resolve) => opened.value.onExit(resolve))).toEqual({ code: 2, lost: false });
    expect(text).toContain('in /dev/pts/');
  });

  it('says what the command said when it does not work, and when there is no such program', async () => {
    const signal = new AbortController().signal;
    const broken = createCommandTransport(
      { kind: 'command', shell: ['sh'], exec: ['sh', '-c', 'echo no pod >&2; exit 1'] },
      context,
    );
    expect(await broken.connect(signal, () => {})).toMatchObject({
      ok: false,
      error: { kind: 'retry', reason: expect.stringMatching(/status 1: no pod/) },
    });
    const absent = createCommandTransport(
      { kind: 'command', shell: ['sh'], exec: ['/nonexistent/kubectl'] },
      context,
    );
    expect(await absent.connect(signal, () => {})).toMatchObject({
      ok: false,
      error: { kind: 'refused', reason: expect.stringContaining('ENOENT') },
    });
  });
});
