import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedSession, openSession, type SessionOptions } from './openSession.ts';
import { waitUntil } from './waitUntil.ts';

const opened: OpenedSession[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});
function open(host: LabHost, options: SessionOptions = {}): OpenedSession {
  const one = openSession(host, options);
  opened.push(one);
  return one;
}

describe.skipIf(!labIsWanted)('a session to a real sshd', () => {
  let lab: Lab;
  let host: LabHost;
  beforeAll(async () => {
    lab = await startLab({ hosts: 1, password: 'correct horse' });
    host = lab.host('web1');
  });
  afterAll(() => lab?.stop());

  it('logs in with a key and runs commands by their argument vector', async () => {
    const { session, reaches } = open(host);
    await reaches('good');
    const odd = 'a\'b"c $HOME `id` \\ \n*';
    const run = await session.run(['printf', '%s', odd], { purpose: 'test' });
    expect(run).toMatchObject({ ok: true, value: { exitCode: 0, stdout: odd } });
    expect(await session.run(['sh', '-c', 'echo no >&2; exit 3'], { purpose: 'test' })).toMatchObject({
      ok: true,
      value: { exitCode: 3, stderr: 'no\n' },
    });
  });

  it('has one connection, however much runs on it', async () => {
    const { session, reaches } = open(host);
    await reaches('good');
    await Promise.all([1, 2, 3, 4].map(() => session.run(['true'], { purpose: 'test' })));
    const log = (await host.exec('cat /var/log/auth.log')).stdout;
    const before = log.match(/Accepted publickey/g)?.length ?? 0;
    await Promise.all([1, 2, 3, 4].map(() => session.run(['true'], { purpose: 'test' })));
    expect((await host.exec('cat /var/log/auth.log')).stdout.match(/Accepted publickey/g)?.length ?? 0).toBe(
      before,
    );
  });

  it('comes back after the link drops, and says that what ran is lost', async () => {
    const { session, reaches, links } = open(host);
    await reaches('good');
    const running = session.run(['sleep', '600'], { purpose: 'test', timeoutMs: 600_000 });
    await waitUntil('the command', 5000, () =>
      host.processes().some((one) => one.name === 'sleep') ? true : undefined,
    );
    await host.dropLinks();
    const lost = await running;
    expect(lost.ok ? 'ran' : lost.error.kind).toBe('lost');
    await reaches('reconnecting');
    await reaches('good');
    expect(await session.run(['hostname'], { purpose: 'test' })).toMatchObject({
      value: { stdout: 'web1\n' },
    });
    expect(links.map((link) => link.kind)).toContain('reconnecting');
    await host.exec('kill $(pgrep -x sleep)');
  });

  it('goes on trying while sshd is down, and connects when it is back', async () => {
    const { session, reaches } = open(host);
    await reaches('good');
    await host.stopSshd();
    try {
      await host.dropLinks();
      const waiting = await reaches('reconnecting');
      expect(waiting.kind === 'reconnecting' && waiting.nextTryAt).toBeGreaterThan(0);
    } finally {
      await host.startSshd();
    }
    session.reconnect();
    await reaches('good');
  });

  it('says that the link stalls when nothing answers, and recovers with the same shell', async () => {
    const { session, reaches } = open(host);
    await reaches('good');
    const exec = await session.openExec(['cat'], 'test');
    if (!exec.ok) throw new Error(exec.error.reason);
    let text = '';
    exec.value.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    await host.stallLink();
    await reaches('stalled');
    exec.value.write('typed while it stalled\n');
    host.resumeLink();
    await reaches('good');
    await waitUntil('the echo', 5000, () => (text === 'typed while it stalled\n' ? true : undefined));
    exec.value.dispose();
  });

  it('refuses a host whose key has changed, before it authenticates', async () => {
    const wrong = join(lab.directory, 'changed_known_hosts');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(lab.directory, 'another')]);
    const another = readFileSync(join(lab.directory, 'another.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(wrong, `[${host.address}]:${host.port} ${another}\n`);
    const logins = async () => (await host.exec('grep -c Accepted /var/log/auth.log')).stdout;
    const before = await logins();
    const { reaches } = open(host, { knownHostsFile: wrong, interactive: true });
    const link = await reaches('refused', 'good');
    expect(link.kind).toBe('refused');
    expect(link.kind === 'refused' && link.reason).toContain('changed');
    expect(link.kind === 'refused' && link.advice).not.toBe('');
    expect(await logins()).toBe(before);
    expect(readFileSync(wrong, 'utf8')).toContain(another);
  });

  it('asks about an unknown key with the fingerprint that ssh-keygen shows, and files it', async () => {
    const file = join(lab.directory, 'new_known_hosts');
    writeFileSync(file, '');
    const { prompts, reaches } = open(host, { knownHostsFile: file, interactive: true });
    const prompt = await waitUntil('the question', 10_000, () => prompts.pending[0]);
    const shown = execFileSync('ssh-keygen', ['-l', '-f', host.knownHostsFile], { encoding: 'utf8' });
    expect(prompt.kind === 'hostKey' && prompt.fingerprint).toBe(shown.split(' ')[1]);
    prompts.answer(prompt.id, ['yes']);
    await reaches('good');
    expect(readFileSync(file, 'utf8').split(' ').slice(1).join(' ').trim()).toBe(
      readFileSync(host.knownHostsFile, 'utf8').split(' ').slice(1).join(' ').trim(),
    );
  });

  it('refuses an unknown key where nobody can answer', async () => {
    const file = join(lab.directory, 'empty_known_hosts');
    writeFileSync(file, '');
    const link = await open(host, { knownHostsFile: file }).reaches('refused', 'good');
    expect(link.kind).toBe('refused');
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('asks for a password where the key is not accepted, and again when it is wrong', async () => {
    const key = join(lab.directory, 'stranger');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const { session, prompts, reaches } = open(host, {
      identityFile: key,
      interactive: true,
      user: 'deploy',
    });
    const ask = () =>
      waitUntil('a password question', 15_000, () => prompts.pending.find((one) => one.kind === 'password'));
    const first = await ask();
    expect(first).toMatchObject({ host: 'web1', user: 'deploy', retry: false });
    prompts.answer(first.id, ['wrong']);
    const second = await ask();
    expect(second).toMatchObject({ retry: true });
    prompts.answer(second.id, ['correct horse']);
    await reaches('good');
    // Once a host, however many panes there are.
    const size = { columns: 80, rows: 24 };
    const shells = await Promise.all([1, 2, 3].map(() => session.openShell(size)));
    expect(shells.map((shell) => shell.ok)).toEqual([true, true, true]);
    expect(prompts.pending).toEqual([]);
  });
});

describe.skipIf(!labIsWanted)('a server that allows two channels', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ hosts: 1, sshdOptions: { MaxSessions: '2' } });
  });
  afterAll(() => lab?.stop());

  it('is found out, is never asked for more, and short work waits its turn', async () => {
    const { session, reaches } = open(lab.host('web1'));
    await reaches('good');
    expect(await session.probeChannels(10)).toBe(2);
    const size = { columns: 80, rows: 24 };
    const shells = [await session.openShell(size), await session.openShell(size)];
    expect(shells.map((one) => one.ok)).toEqual([true, true]);
    const third = await session.openShell(size);
    expect(third.ok ? 'open' : third.error.kind).toBe('full');
    expect(third.ok ? '' : third.error.reason).toContain('MaxSessions');

    const waiting = session.run(['hostname'], { purpose: 'test' });
    await waitUntil('a place in the queue', 5000, () => (session.channels.waiting === 1 ? true : undefined));
    const [shell] = shells;
    if (shell?.ok) shell.value.dispose();
    expect(await waiting).toMatchObject({ ok: true, value: { stdout: 'web1\n' } });
    // It learned from one refusal; the link is not blamed for it.
    expect(session.channels.limit).toBe(2);
    expect(session.link.kind).toBe('good');
  });

  it('has panes on another connection once the user agrees, and no longer than they need it', async () => {
    const host = lab.host('web1');
    const { session, reaches } = open(host);
    await reaches('good');
    const logins = async () => Number((await host.exec('grep -c Accepted /var/log/auth.log')).stdout);
    const before = await logins();
    const size = { columns: 80, rows: 24 };
    await session.openShell(size);
    await session.openShell(size);
    expect(await session.openShell(size)).toMatchObject({ ok: false, error: { kind: 'full' } });
    expect(await logins()).toBe(before);

    session.allowAnotherConnection();
    const third = await session.openShell(size);
    if (!third.ok) throw new Error(third.error.reason);
    expect(await logins()).toBe(before + 1);
    const fourth = await session.openShell(size);
    expect([fourth.ok, await logins()]).toEqual([true, before + 1]);
    // It was agreed to one more, not to as many as there are panes.
    expect(await session.openShell(size)).toMatchObject({ ok: false, error: { kind: 'full' } });
    let text = '';
    third.value.onOutput((bytes) => {
      text += Buffer.from(bytes).toString();
    });
    third.value.write('hostname; exit\n');
    const ended = new Promise((resolve) => third.value.onExit(resolve));
    await ended;
    expect(text).toContain('web1');
    if (fourth.ok) {
      const gone = new Promise((resolve) => fourth.value.onExit(resolve));
      fourth.value.write('exit\n');
      await gone;
    }
    const connections = () =>
      host.processes().filter((one) => /^sshd: (?!.*\[listener\])/.test(one.argv.join(' ')));
    await waitUntil('the end of the other connection', 10_000, () =>
      connections().length <= 1 ? true : undefined,
    );
    expect(session.link.kind).toBe('good');
  });
});
