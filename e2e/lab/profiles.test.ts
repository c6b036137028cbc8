import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import type { ProfilePlan, ProfileWay } from '../../shared/model/profile.ts';
import type { Prompt, PromptAnswer } from '../../shared/model/prompt.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { processIdentity } from './processIdentity.ts';
import { startNodeService, stopNodeService } from './scenarios/nodeBurn.ts';
import { allowSudo } from './sudoers.ts';
import { waitUntil } from './waitUntil.ts';

const WWW = 33;
const DEPLOY = 1500;
const PASSWORD = `pw-${randomBytes(8).toString('hex')}`;

/** One host, which is logged into by two accounts: what an account may profile is decided by the host. */
describe.skipIf(!labIsWanted)('profiles of what another account runs', () => {
  let lab: Lab;
  let host: LabHost;
  let opened: OpenedCore;
  let asked: Prompt[] = [];
  /** What the person does when asked. */
  let answer: PromptAnswer = null;
  const directory = mkdtempSync(join(tmpdir(), 'fireline-profiles-'));

  beforeAll(async () => {
    lab = await startLab({ hosts: 1, password: PASSWORD });
    host = lab.host('web1');
    const [entry = ''] = /^ {2}- id: web1\n.*\n.*\n/m.exec(lab.workspaceYaml) ?? [];
    const both = ['root', 'deploy'].map((user) =>
      entry.replace('id: web1', `id: ${user}`).replace(/user: \w+/, `user: ${user}`),
    );
    const file = join(directory, 'workspace.yaml');
    writeFileSync(file, `version: 1\nname: accounts\nhosts:\n${both.join('')}`);
    opened = await openCore(undefined, { interactive: true });
    opened.window.on('prompt.asked', (prompt) => {
      asked.push(prompt);
      void opened.window.call('prompt.answer', { prompt: prompt.id, answer });
    });
    await opened.core.openWorkspace(file, false);
    await waitUntil('both logins', 30_000, () =>
      opened.core.hosts.length === 2 &&
      opened.core.hosts.every((one) => isUp(one.link) && one.facts !== undefined)
        ? true
        : undefined,
    );
  });
  afterEach(async () => {
    asked = [];
    answer = null;
    await nothingIsLeft();
    await stopNodeService(host);
    for (const one of spinners()) process.kill(one.pid, 'SIGKILL');
  });
  afterAll(async () => {
    await opened?.close();
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Once the sampler has seen them. */
  function planOf(
    login: 'root' | 'deploy',
    pids: readonly number[],
    way: ProfileWay,
    seconds = 1,
  ): Promise<ProfilePlan> {
    const targets = {
      processes: host.processes().flatMap(({ pid, innerPid }) => {
        const startTicks = Number(processIdentity(pid)?.startTicks);
        return pids.includes(innerPid) ? [{ bootId: bootId(), pid: innerPid, startTicks }] : [];
      }),
    };
    return waitUntil('its sampler to see them', 15_000, async () => {
      const asked = { host: login as HostId, targets, seconds, way };
      // Refused until its first sample.
      const plan = await opened.window.call('profile.plan', asked).catch(() => undefined);
      return plan?.processes.length === pids.length ? plan : undefined;
    });
  }
  const bootId = () => opened.core.hosts[0]?.facts?.bootId ?? '';

  /** Perl, whose symbols perf has read in no time. */
  async function spinning(): Promise<number> {
    await host.start([...'setpriv --reuid=33 --regid=33 --clear-groups perl -e'.split(' '), '1 while 1']);
    return (await waitUntil('perl', 5000, () => spinners()[0])).innerPid;
  }
  const spinners = () => host.processes().filter(({ argv }) => argv[0] === 'perl' && argv[2] === '1 while 1');
  /** What a profile has on the host while it runs. */
  const tools = () =>
    host
      .processes()
      .filter(
        ({ argv, state }) =>
          state !== 'Z' && /# profile pid|#END#|^perf |^sleep (?:2|30|56|85)$/.test(argv.join(' ')),
      )
      .map(({ argv }) => argv.join(' ').slice(0, 200));
  // Of ports, 9229 is 240D; 0A is LISTEN.
  const nothingIsLeft = async () => {
    await waitUntil('the end of what a profile has on the host', 15_000, () =>
      tools().length === 0 ? true : undefined,
    ).catch((late: Error) => {
      throw new Error(`${late.message}: there is\n${tools().join('\n')}`);
    });
    // Its own: the machine's ports are those of its other labs too.
    const left = await host.exec(`ls -d /tmp/tmp.*
for i in $(ls -l /proc/[0-9]*/fd | grep -o 'socket:.[0-9]*' | tr -dc '0-9\\n'); do grep ":240D .* 0A .* $i " /proc/net/tcp; done`);
    expect(left.stdout).toBe('');
  };

  /** Once it has begun on its host. */
  const sampled = ({ id }: ProfilePlan) =>
    new Promise<void>((resolve) => {
      const { dispose } = opened.window.on('profile', ({ plan, phase }) => {
        if (plan !== id || phase !== 'sampling') return;
        dispose();
        resolve();
      });
    });

  async function profiled(plan: ProfilePlan): Promise<string> {
    expect(plan.refusal).toBeUndefined();
    const summary = await opened.window.call('profile.run', { plan: plan.id });
    expect(summary.processes.map(({ failure }) => failure)).toEqual(plan.processes.map(() => undefined));
    const { folded } = await opened.window.call('profile.read', { profile: summary.id });
    return folded.join('\n');
  }

  it('root becomes the account that runs it, by whatever the host has for that', async () => {
    const { pids } = await startNodeService(host, 'burn', 2, { uid: DEPLOY, gid: DEPLOY });
    const [first = 0, second = 0] = pids;
    const plan = await planOf('root', [first], 'inspector');
    expect(plan.needs).toBe('Runs as deploy, who owns the processes.');
    expect(plan.command).toMatch(/^setpriv --reuid=1500 /);
    const begun = sampled(plan);
    const done = profiled(plan);
    await Promise.race([begun, done]);
    // As of busybox, which can do other things only.
    await host.exec('mount --bind /bin/true /usr/bin/setpriv');
    try {
      const other = await planOf('root', [second], 'inspector');
      expect(other.command).toMatch(/^su -s \/bin\/sh /);
      for (const folded of await Promise.all([done, profiled(other)])) expect(folded).toMatch(/parseHtml/);
    } finally {
      await host.exec('umount /usr/bin/setpriv');
    }
  });

  it('another one goes through sudo, and is nobody else there than the owner', async () => {
    await allowSudo(host, 'no password');
    const { pids } = await startNodeService(host, 'burn', 1, { uid: WWW, gid: WWW });
    const plan = await planOf('deploy', pids, 'inspector');
    expect(plan.needs).toMatch(/^Runs as www-data, who owns the processes. It goes through sudo/);
    expect(plan.command).toMatch(/^env LC_ALL=C sudo -n -- setpriv --reuid=33 /);
    expect(await profiled(plan)).toMatch(/parseHtml/);
    const perf = await planOf('deploy', [await spinning()], 'perf');
    expect(perf.needs).toContain('sudo');
    expect(await profiled(perf)).toMatch(/Perl_runops/);
  });

  it('a service with a group of its own is looked at as that group', async () => {
    await allowSudo(host, 'no password');
    // As `User=deploy`, `Group=www-data` in a unit: who is deploy alone may not read what it runs.
    const { pids } = await startNodeService(host, 'burn', 1, { uid: DEPLOY, gid: WWW });
    expect(await profiled(await planOf('deploy', pids, 'inspector'))).toMatch(/parseHtml/);
  });

  it('when the link is lost in the middle, what was begun ends by itself, is on record, and leaves nothing', async () => {
    await allowSudo(host, 'no password');
    const { pids } = await startNodeService(host, 'burn', 1, { uid: DEPLOY, gid: DEPLOY });
    const plans = [
      await planOf('root', pids, 'inspector', 30),
      await planOf('deploy', [await spinning()], 'perf', 30),
    ];
    const kept = await opened.window.call('profile.list', {});
    const running = plans.map(sampled);
    const ends = plans.map(({ id }) =>
      opened.window.call('profile.run', { plan: id }).then(
        () => 'it was taken',
        (error: Error) => error.message,
      ),
    );
    await Promise.all(running);
    expect(tools()).not.toEqual([]);
    await host.dropLinks();
    const dropped = 'The link dropped while it ran. On the host it ends by itself, and';
    expect(await Promise.all(ends)).toEqual([
      `root: ${dropped} closes the inspectors that it opened.`,
      `deploy: ${dropped} removes its samples.`,
    ]);
    for (const { host: login, way } of plans) {
      const event = await opened.event(way, (one) => one.kind === 'profile.failed' && one.host === login);
      expect(event.title).toContain(dropped);
      expect(event.evidence).toMatchObject([
        { type: 'output', command: plans.find((one) => one.way === way)?.command },
        { type: 'process' },
      ]);
    }
    expect(await opened.window.call('profile.list', {})).toEqual(kept);
    expect(await profiled(await planOf('root', pids, 'inspector'))).toMatch(/parseHtml/);
  });

  it('where nobody reads and nothing says that the link is gone, perf ends all the same', async () => {
    const { command } = await planOf('root', [await spinning()], 'perf');
    // Its input stays open, its output has no room left, and it may take two seconds in all.
    const bounded = command.replace(/ 1 99 \d+ /, ' 1 99 2 ');
    expect(bounded).not.toBe(command);
    await host.exec(`mkfifo /tmp/in /tmp/out; exec 3<>/tmp/in 4<>/tmp/out; head -c 65500 /dev/zero >/tmp/out
{ ${bounded}
} </tmp/in >/tmp/out; echo $? >/tmp/status`);
    expect((await host.exec('cat /tmp/status; rm /tmp/in /tmp/out /tmp/status')).stdout).toBe('1\n');
  });

  it('where sudo wants a password it is asked for, handed to sudo alone, and kept nowhere', async () => {
    await allowSudo(host, 'password');
    const { pids } = await startNodeService(host, 'burn', 1, { uid: WWW, gid: WWW });
    const perl = await spinning();
    answer = [PASSWORD];
    const plan = await planOf('deploy', pids, 'inspector');
    expect(plan.needs).toContain('whose password is asked for when it is confirmed, and stored nowhere');
    expect(await profiled(plan)).toMatch(/parseHtml/);
    const perf = await planOf('deploy', [perl], 'perf');
    expect(await profiled(perf)).toMatch(/Perl_runops/);
    expect(asked).toMatchObject(
      [plan, perf].map(({ title }) => ({ kind: 'sudoPassword', host: 'deploy', plan: title })),
    );

    for (const [rights, said, words] of [
      ['password', null, 'no password was given.'],
      ['password', ['wrong'], 'sudo did not accept the password.'],
      ['none', [PASSWORD], 'this account may not use sudo on this host.'],
    ] as const) {
      await allowSudo(host, rights);
      answer = said && [...said];
      const { id } = await planOf('deploy', pids, 'inspector');
      await expect(opened.window.call('profile.run', { plan: id })).rejects.toThrow(
        `deploy: Nothing was run: ${words}`,
      );
      await opened.event(words, (one) => one.kind === 'profile.failed' && one.title.includes(words));
    }
    // By the time that it comes sudo wants none: it is thrown away, and is no part of the program.
    await allowSudo(host, 'password');
    answer = [PASSWORD];
    const late = await planOf('deploy', pids, 'inspector');
    await allowSudo(host, 'no password');
    expect(await profiled(late)).toMatch(/parseHtml/);
    const kept = spawnSync('grep', ['-raoF', '-e', PASSWORD, opened.dataDirectory], { encoding: 'utf8' });
    expect(kept.stdout).toBe('');
    expect(JSON.stringify([opened.timeline(), opened.diagnostics])).not.toContain(PASSWORD);
  });

  it('without sudo it is refused before anything is run, and the refusal says what would help', async () => {
    await allowSudo(host, 'absent');
    const { pids } = await startNodeService(host, 'burn', 1, { uid: WWW, gid: WWW });
    const plan = await planOf('deploy', pids, 'inspector');
    expect(plan.refusal).toBe('The processes are www-data’s. Connect as that account, or allow sudo.');
    expect((await planOf('deploy', pids, 'perf')).refusal).toContain('allow sudo');
  });
});
