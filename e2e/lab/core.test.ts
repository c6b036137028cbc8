import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fired } from '../../electron/core/detectors/testDetections.ts';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import { metricIndex } from '../../shared/model/metric.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { waitUntil } from './waitUntil.ts';

describe.skipIf(!labIsWanted)('the core on three real hosts', () => {
  let lab: Lab;
  let opened: OpenedCore;
  beforeAll(async () => {
    lab = await startLab({ hosts: 3 });
    opened = await openCore();
    expect(await opened.core.openWorkspace(lab.workspaceFile, false)).toEqual({ opened: true, problems: [] });
    await waitUntil('all hosts sampled', 30_000, () =>
      opened.core.hosts.length === 3 &&
      opened.core.hosts.every(
        (host) => isUp(host.link) && host.sampler.kind === 'running' && host.facts !== undefined,
      )
        ? true
        : undefined,
    );
  });
  afterAll(async () => {
    await opened?.close();
    await lab?.stop();
  });

  it('knows each by its own name, boot and limits', async () => {
    const facts = opened.core.hosts.map((host) => host.facts);
    expect(facts.map((one) => one?.hostname)).toEqual(['web1', 'web2', 'web3']);
    expect(new Set(facts.map((one) => one?.bootId)).size).toBe(3);
    const newest = await waitUntil('a sample of web1 on record', 10_000, async () => {
      const now = Date.now();
      const series = { host: 'web1', from: now - 60_000, to: now, points: 100 };
      return (await opened.window.call('series.read', series)).at(-1);
    });
    expect(newest.values[metricIndex('system.memory.limit')]).toBe(lab.host('web1').memoryLimitBytes);
  });

  it('keeps what people collect without the secrets that its command lines name', async () => {
    const kept = await opened.window.call('evidence.keep', {
      title: 'ps',
      outputs: [{ command: 'ps', text: '812 app --api-key=hunter2 --port 80' }],
    });
    expect(kept.evidence).toMatchObject([{ text: '812 app --api-key=… --port 80' }]);
    const onRecord = await opened.window.call('timeline.read', { limit: 100 });
    expect(onRecord.find((one) => one.id === kept.id)).toEqual(kept);
  });

  it('tells a real OOM kill on the host that had it: victim, pids, memory, lines', async () => {
    const oom = await lab.host('web2').oom({ seconds: 3 });
    const event = await opened.event(
      'the OOM kill of web2',
      (one) => one.kind === 'process.oom_killed' && one.host === 'web2' && one.detail['onThisHost'] === true,
    );
    await oom.killed();
    // From the kernel's own stamp of the kill.
    fired('process.oom_killed', Math.max(0, event.seenAt - event.at));
    expect(event.severity).toBe('critical');
    expect(event.detail).toMatchObject({
      process: 'ruby',
      pid: oom.outerPid,
      hostPid: oom.innerPid,
      pidNamespace: 'machine',
      scope: 'cgroup',
      inferred: false,
    });
    expect(Number(event.detail['residentBytes'])).toBeGreaterThan(lab.host('web2').memoryLimitBytes * 0.7);
    const lines = event.evidence.filter((one) => one.type === 'line').map((one) => one.text);
    expect(lines.join('\n')).toContain(`Killed process ${oom.outerPid} (ruby)`);
    expect(
      event.evidence.some((one) => one.type === 'samples' && one.metric === 'system.memory.usage.used'),
    ).toBe(true);
    // The kernel's log is the machine's: the others see the line and must not claim the victim.
    const claimed = opened
      .timeline()
      .filter((one) => one.kind === 'process.oom_killed' && one.detail['onThisHost'] === true);
    expect(claimed.map((one) => one.host)).toEqual(['web2']);
  });

  it('tells a respawn loop with its holder, kills the holder when told to, and sees the loop end', async () => {
    const began = Date.now();
    const loop = await lab.host('web1').respawn();
    const event = await opened.event(
      'the respawn loop with its holder and its supervisor',
      // The log alone may tell the loop first; who restarts it comes with a revision.
      (one) =>
        one.kind === 'process.respawn_loop' &&
        one.host === 'web1' &&
        one.detail['staleHolder'] !== undefined &&
        one.detail['supervisor'] !== undefined,
    );
    fired('process.respawn_loop', Math.max(0, event.seenAt - began));
    expect(event.detail['staleHolder']).toMatchObject({ pid: loop.holderPid });
    expect(event.detail['supervisor']).toMatchObject({ pid: loop.supervisorPid });
    const action = event.actions.find(
      (one) => one.action === 'process.kill' && one.arguments.target.pid === loop.holderPid,
    );
    if (action?.action !== 'process.kill')
      throw new Error(`no action for pid ${loop.holderPid}: ${JSON.stringify(event.actions)}`);

    // Another start time is another process: refused, and the holder is left alone.
    const { target } = action.arguments;
    const stale = await opened.window.call('remediation.plan', {
      host: action.host,
      request: {
        action: 'process.kill',
        arguments: { target: { ...target, startTicks: target.startTicks - 1 } },
      },
    });
    expect(stale.refusal).toBeDefined();

    const plan = await opened.window.call('remediation.plan', {
      host: action.host,
      request: { action: 'process.kill', arguments: { target } },
      event: event.id,
    });
    expect(plan.refusal).toBeUndefined();
    expect(plan.command).toContain(String(loop.holderPid));
    const record = await opened.window.call('remediation.execute', { plan: plan.id });
    expect(record.outcome).toBe('succeeded');
    expect(
      lab
        .host('web1')
        .processes()
        .some((one) => one.innerPid === loop.holderPid),
    ).toBe(false);
    await opened.event(
      'the end of the loop',
      (one) => one.kind === 'process.respawn_loop_ended' && one.host === 'web1',
      60_000,
    );
    await loop.stop();
  });

  it('tells a link that is lost and restored, and samples again after it', async () => {
    const host = lab.host('web3');
    await host.stopSshd();
    await host.dropLinks();
    await opened.event('link.lost of web3', (one) => one.kind === 'link.lost' && one.host === 'web3');
    await host.startSshd();
    await opened.window.call('host.reconnect', { host: 'web3' as HostId });
    await opened.event('link.restored of web3', (one) => one.kind === 'link.restored' && one.host === 'web3');
    await waitUntil('the sampler of web3', 30_000, () =>
      opened.core.hosts.find((one) => one.id === 'web3')?.sampler.kind === 'running' ? true : undefined,
    );
  });

  it('finds how many channels the server allows, and follows its kernel log', async () => {
    expect(await opened.core.probeChannels('web1' as HostId, 12)).toBe(10);
    expect(opened.core.kernelLog('web1' as HostId).kind).toBe('following');
  });

  it('holds nothing when it is closed, here or on the hosts', async () => {
    const { resources } = opened.core;
    expect(resources().sessions).toBe(3);
    await opened.core.close();
    expect(Object.entries(resources()).filter(([, count]) => count !== 0)).toEqual([]);
    for (const host of lab.hosts)
      await waitUntil(`the end of what ran on ${host.id}`, 10_000, () =>
        leftOn(host).length === 0 ? true : undefined,
      );
    // Its machine is still usable by others.
    const session = spawn('ssh', [...lab.host('web1').sshArguments(), 'true'], { stdio: 'ignore' });
    expect(await new Promise((resolve) => session.on('exit', resolve))).toBe(0);
    expect(readFileSync(lab.workspaceFile, 'utf8')).toBe(lab.workspaceYaml);
  });
});

/** Connections of sshd, and what was started over them. */
function leftOn(host: LabHost): string[] {
  return host
    .processes()
    .map((one) => one.argv.join(' '))
    .filter((line) => /^sshd: (?!.*\[listener\])/.test(line) || line.includes('fireline-sample'));
}
