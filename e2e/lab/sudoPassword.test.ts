import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import type { ProcessIdentity } from '../../shared/model/process.ts';
import type { Prompt, PromptAnswer } from '../../shared/model/prompt.ts';
import type {
  RemediationPlan,
  RemediationRecord,
  RemediationRequest,
} from '../../shared/model/remediation.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { startErlangService } from './scenarios/erlangService.ts';
import { startTarget } from './scenarios/target.ts';
import { allowSudo, type SudoRights } from './sudoers.ts';
import { waitUntil } from './waitUntil.ts';

const PASSWORD = `pw-${randomBytes(8).toString('hex')}`;
const WRONG = `no-${randomBytes(8).toString('hex')}`;
const WEB1 = 'web1' as HostId;

describe.skipIf(!labIsWanted)('what another user owns, with sudo and its password', () => {
  let lab: Lab;
  let host: LabHost;
  let opened: OpenedCore;
  let asked: Prompt[] = [];
  /** What the person does when asked. */
  let answer: (prompt: Prompt) => PromptAnswer | Promise<PromptAnswer> = () => null;

  beforeAll(async () => {
    lab = await startLab({ hosts: 1, user: 'deploy', password: PASSWORD });
    host = lab.host('web1');
    opened = await openCore(undefined, { interactive: true });
    opened.window.on('prompt.asked', (prompt) => {
      asked.push(prompt);
      void Promise.resolve(answer(prompt)).then((said) =>
        opened.window.call('prompt.answer', { prompt: prompt.id, answer: said }),
      );
    });
    await opened.core.openWorkspace(lab.workspaceFile, false);
    await waitUntil('the host', 30_000, () =>
      opened.core.hosts.every((one) => isUp(one.link) && one.sampler.kind === 'running') ? true : undefined,
    );
  });
  afterEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await opened?.close();
    await lab?.stop();
  });

  const planOf = (request: RemediationRequest) =>
    opened.window.call('remediation.plan', { host: WEB1, request });
  const kill = (target: ProcessIdentity, over: { signal?: 'KILL'; tree?: boolean } = {}) =>
    planOf({ action: 'process.kill', arguments: { target, signal: 'TERM', ...over } });
  const execute = (plan: RemediationPlan): Promise<RemediationRecord> =>
    opened.window.call('remediation.execute', { plan: plan.id });

  it('asks, kills, and the password is in no argument, environment, file or log while it runs', async () => {
    await allowSudo(host, 'password');
    const target = await startTarget(host, { term: 'ignored' });
    const plan = await kill(target.identity);
    expect(plan.refusal).toBeUndefined();
    expect(plan.needs).toContain('password is asked for when it is confirmed');
    answer = () => [PASSWORD];
    const done = execute(plan);
    await target.signalled();
    // The command is still there: it watches for five seconds whether the process goes.
    const seen = await host.exec(
      'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\000" "\\n"',
    );
    expect(seen.stdout).toContain(`kill -TERM ${target.identity.pid}`);
    expect(seen.stdout).not.toContain(PASSWORD);
    const record = await done;
    expect(record).toMatchObject({ outcome: 'failed', offers: [{ action: 'process.kill' }] });
    const stronger = await kill(target.identity, { signal: 'KILL' });
    expect(await execute(stronger)).toMatchObject({ outcome: 'succeeded' });
    expect(target.alive()).toBe(false);
    expect(asked).toMatchObject([
      { kind: 'sudoPassword', host: 'web1', plan: plan.title },
      { kind: 'sudoPassword' },
    ]);
    // Records, casts, the database and its log; and the host's own logs.
    const kept = filesWith(PASSWORD, opened.dataDirectory);
    expect(kept).toEqual([]);
    expect((await host.exec(`grep -rl -e ${PASSWORD} /var/log /home /tmp /run || :`)).stdout).toBe('');
    expect(JSON.stringify([opened.timeline(), opened.diagnostics, record])).not.toContain(PASSWORD);
  });

  it.each([
    ['a wrong password', 'password', () => [WRONG], 'sudo did not accept the password'],
    ['a question that is cancelled', 'password', () => null, 'no password was given'],
    ['a password of somebody who may not', 'none', () => [PASSWORD], 'this account may not use sudo'],
    [
      'a command that sudo does not allow',
      'another command',
      () => [PASSWORD],
      'does not allow this account',
    ],
  ] satisfies [string, SudoRights, () => PromptAnswer, string][])(
    '%s: refused, on record, and nothing is signalled',
    async (_, rights, say, words) => {
      await allowSudo(host, rights);
      const target = await startTarget(host, { term: 'noted' });
      answer = say;
      const before = opened.timeline().length;
      const requests: RemediationRequest[] = [
        { action: 'process.kill', arguments: { target: target.identity, signal: 'TERM' } },
        { action: 'process.kill', arguments: { target: target.identity, signal: 'TERM', tree: true } },
        { action: 'process.pause', arguments: { target: target.identity, resume: false } },
      ];
      for (const request of requests) {
        const record = await execute(await planOf(request));
        expect(record).toMatchObject({ outcome: 'refused', verdict: expect.stringContaining(words) });
        expect(record.verdict).toContain('nothing was run');
        expect(JSON.stringify(record)).not.toContain(WRONG);
      }
      expect(asked).toHaveLength(requests.length);
      expect(await target.heard()).toBe('');
      expect(target.state()).toBe('S');
      await waitUntil('the three refusals on the timeline', 5000, () =>
        opened
          .timeline()
          .slice(before)
          .filter((e) => e.kind === 'remediation.refused').length === 3
          ? true
          : undefined,
      );
      target.end();
    },
  );

  it('where there is no sudo nobody is asked, and the host refuses the signal', async () => {
    await allowSudo(host, 'absent');
    const target = await startTarget(host, { term: 'noted' });
    const plan = await kill(target.identity);
    expect(plan.needs).toContain('No sudo does it either');
    expect(await execute(plan)).toMatchObject({
      outcome: 'failed',
      verdict: expect.stringContaining('may not signal it'),
    });
    expect(asked).toEqual([]);
    expect(await target.heard()).toBe('');
    target.end();
  });

  it('sudo without a password asks nobody', async () => {
    await allowSudo(host, 'no password');
    const target = await startTarget(host, { term: 'noted', children: 2 });
    const plan = await kill(target.identity, { tree: true });
    expect(await execute(plan)).toMatchObject({ outcome: 'succeeded' });
    expect(asked).toEqual([]);
    expect(target.alive()).toBe(false);
  });

  it('what is gone by the time the password comes is refused by the guard', async () => {
    await allowSudo(host, 'password');
    const target = await startTarget(host, { term: 'noted' });
    const plan = await kill(target.identity);
    answer = () => {
      target.end();
      return [PASSWORD];
    };
    expect(await execute(plan)).toMatchObject({
      outcome: 'refused',
      verdict: expect.stringContaining('gone already'),
    });
  });

  it('an Erlang node of another user’s service is disconnected with it, and left alone without', async () => {
    await allowSudo(host, 'password');
    const name = `svc${process.pid}`;
    const service = await startErlangService(name, host.enter(['erl']));
    try {
      const beam = await waitUntil('the emulator', 10_000, () =>
        host.processes().find((one) => /^beam/.test(one.name) && one.argv.includes(`${name}@localhost`)),
      );
      const identity = await identityOf(host, beam.innerPid);
      await host.exec(
        `setsid sh -c '${service.debugCommand(`dbg${process.pid}`).replaceAll("'", "'\\''")}' >/dev/null 2>&1`,
      );
      const node = `dbg${process.pid}@localhost`;
      const request: RemediationRequest = {
        action: 'erlang.disconnect_node',
        arguments: { service: identity, node },
      };
      // The service works in circles while another node is connected.
      const busy = cpuTicks(beam.pid) + 30;
      await waitUntil('the debug node’s connection', 30_000, () =>
        cpuTicks(beam.pid) > busy ? true : undefined,
      );
      const plan = await planOf(request);
      expect(plan.refusal).toBeUndefined();
      expect(plan.touches[0]).toContain('cannot be seen before sudo has its password');
      expect(plan.command).not.toContain(service.cookie);

      answer = () => [WRONG];
      expect(await execute(plan)).toMatchObject({ outcome: 'refused' });
      answer = () => [PASSWORD];
      const record = await execute(await planOf(request));
      expect(record).toMatchObject({ outcome: 'succeeded', verdict: expect.stringContaining('stayed away') });
      expect(asked).toHaveLength(2);
      expect(JSON.stringify(record)).not.toContain(service.cookie);
    } finally {
      for (const one of host.processes()) if (one.argv.includes(service.cookie)) signalled(one.pid);
      await service.stop();
    }
  });
});

function signalled(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function identityOf(host: LabHost, pid: number): Promise<ProcessIdentity> {
  const { stdout } = await host.exec(
    `cat /proc/sys/kernel/random/boot_id; sed 's/.*) //' /proc/${pid}/stat | cut -d' ' -f20`,
  );
  const [bootId = '', ticks = ''] = stdout.trim().split('\n');
  return { bootId, pid, startTicks: Number(ticks) };
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function filesWith(text: string, directory: string): string[] {
  try {
    return execFileSync('grep', ['-rla', '-F', '-e', text, directory], { encoding: 'utf8' })
      .trim()
      .split('\n');
  } catch {
    // It exits with 1 when nothing was found.
    return [];
  }
}
