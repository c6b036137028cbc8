import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import type { ProfilePlan, ProfileWay } from '../../shared/model/profile.ts';
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

/** One host, which is logged into by two accounts: what an account may profile is decided by the host. */
describe.skipIf(!labIsWanted)('profiles of what another account runs', () => {
  let lab: Lab;
  let host: LabHost;
  let opened: OpenedCore;
  const directory = mkdtempSync(join(tmpdir(), 'fireline-profiles-'));

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 });
    host = lab.host('web1');
    const [entry = ''] = /^ {2}- id: web1\n.*\n.*\n/m.exec(lab.workspaceYaml) ?? [];
    const both = ['root', 'deploy'].map((user) =>
      entry.replace('id: web1', `id: ${user}`).replace(/user: \w+/, `user: ${user}`),
    );
    const file = join(directory, 'workspace.yaml');
    writeFileSync(file, `version: 1\nname: accounts\nhosts:\n${both.join('')}`);
    opened = await openCore();
    await opened.core.openWorkspace(file, false);
    await waitUntil('both logins', 30_000, () =>
      opened.core.hosts.length === 2 &&
      opened.core.hosts.every((one) => isUp(one.link) && one.facts !== undefined)
        ? true
        : undefined,
    );
  });
  afterEach(() => stopNodeService(host));
  afterAll(async () => {
    await opened?.close();
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Once the sampler has seen them. */
  function planOf(login: 'root' | 'deploy', pids: readonly number[], way: ProfileWay): Promise<ProfilePlan> {
    const targets = {
      processes: host.processes().flatMap(({ pid, innerPid }) => {
        const startTicks = Number(processIdentity(pid)?.startTicks);
        return pids.includes(innerPid) ? [{ bootId: bootId(), pid: innerPid, startTicks }] : [];
      }),
    };
    return waitUntil('its sampler to see them', 15_000, async () => {
      const asked = { host: login as HostId, targets, seconds: 1, way };
      // Refused until its first sample.
      const plan = await opened.window.call('profile.plan', asked).catch(() => undefined);
      return plan?.processes.length === pids.length ? plan : undefined;
    });
  }
  const bootId = () => opened.core.hosts[0]?.facts?.bootId ?? '';

  async function profiled(plan: ProfilePlan): Promise<string> {
    expect(plan.refusal).toBeUndefined();
    const summary = await opened.window.call('profile.run', { plan: plan.id });
    expect(summary.processes.map(({ failure }) => failure)).toEqual(plan.processes.map(() => undefined));
    const { folded } = await opened.window.call('profile.read', { profile: summary.id });
    // 9229 is 240D; 0A is LISTEN.
    expect((await host.exec("grep -c ':240D .* 0A ' /proc/net/tcp")).stdout).toBe('0\n');
    return folded.join('\n');
  }

  it('root becomes the account that runs it, by whatever the host has for that', async () => {
    const { pids } = await startNodeService(host, 'burn', 2, { uid: DEPLOY, gid: DEPLOY });
    const plan = await planOf('root', pids, 'inspector');
    expect(plan.needs).toBe('Runs as deploy, who owns the processes.');
    expect(plan.command).toMatch(/^setpriv --reuid=1500 /);
    expect(await profiled(plan)).toMatch(/parseHtml/);
    // As of busybox, which can do other things only.
    await host.exec('mount --bind /bin/true /usr/bin/setpriv');
    try {
      const other = await planOf('root', pids, 'inspector');
      expect(other.command).toMatch(/^su -s \/bin\/sh /);
      expect(await profiled(other)).toMatch(/parseHtml/);
    } finally {
      await host.exec('umount /usr/bin/setpriv');
    }
    const perf = await planOf('root', pids, 'perf');
    expect(perf.needs).toBe('Runs as root.');
    expect(await profiled(perf)).toMatch(/node/);
  });

  it('another one goes through sudo, and is nobody else there than the owner', async () => {
    await allowSudo(host, 'no password');
    const { pids } = await startNodeService(host, 'burn', 1, { uid: WWW, gid: WWW });
    const plan = await planOf('deploy', pids, 'inspector');
    expect(plan.needs).toMatch(/^Runs as www-data, who owns the processes, through sudo/);
    expect(plan.command).toMatch(/^sudo -n -- setpriv --reuid=33 /);
    expect(await profiled(plan)).toMatch(/parseHtml/);
    const perf = await planOf('deploy', pids, 'perf');
    expect(perf.needs).toContain('sudo');
    expect(await profiled(perf)).toMatch(/node/);
  });

  it('a service with a group of its own is looked at as that group', async () => {
    await allowSudo(host, 'no password');
    // As `User=deploy`, `Group=www-data` in a unit: who is deploy alone may not read what it runs.
    const { pids } = await startNodeService(host, 'burn', 1, { uid: DEPLOY, gid: WWW });
    for (const login of ['deploy', 'root'] as const)
      expect(await profiled(await planOf(login, pids, 'inspector'))).toMatch(/parseHtml/);
  });

  it('without sudo it is refused before anything is run, and the refusal says what would help', async () => {
    await allowSudo(host, 'none');
    const { pids } = await startNodeService(host, 'burn', 1, { uid: WWW, gid: WWW });
    const plan = await planOf('deploy', pids, 'inspector');
    expect(plan.refusal).toBe(
      'The processes are www-data’s. Connect as that account, or allow sudo without a password.',
    );
    expect((await planOf('deploy', pids, 'perf')).refusal).toContain('allow sudo without a password');
  });
});
