import { describe, expect, test } from 'vitest';
import { oomKill } from './oomKill.ts';
import { nearMiss } from './testDetections.ts';
import { START, TestHost } from './testHost.ts';

const MiB = 1024 * 1024;
const detectors = [oomKill];
const constraint = (pid: number, cgroup: string, name = 'python3') =>
  `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=${cgroup},task_memcg=${cgroup},task=${name},pid=${pid},uid=0`;
const killed = (pid: number, name = 'python3') =>
  `Memory cgroup out of memory: Killed process ${pid} (${name}) total-vm:200000kB, anon-rss:120000kB, file-rss:4000kB, shmem-rss:0kB, UID:0 pgtables:140kB oom_score_adj:0`;

describe('on a host of its own', () => {
  test('the line is told at once, with the process as it was in the table', () => {
    const host = new TestHost({ detectors });
    host.add({ pid: 3961, name: 'python3', command: 'python3 crawl.py', residentBytes: 120 * MiB });
    host.second();
    host.kernel(`python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0`);
    host.kernel('memory: usage 131072kB, limit 131072kB, failcnt 19');
    host.kernel(constraint(3961, '/lab/web1'));
    expect(host.events).toEqual([]);
    host.kernel(killed(3961));
    expect(host.told).toHaveLength(1);
    const [event] = host.told;
    expect(event).toMatchObject({
      kind: 'process.oom_killed',
      severity: 'critical',
      source: 'detector',
      at: START + 1000,
      detail: {
        process: 'python3',
        pid: 3961,
        pidNamespace: 'host',
        residentBytes: 124000 * 1024,
        anonymousBytes: 120000 * 1024,
        totalVirtualBytes: 200000 * 1024,
        scope: 'cgroup',
        cgroup: '/lab/web1',
        limitBytes: 128 * MiB,
        invoker: 'python3',
        killer: 'kernel',
        inferred: false,
        command: 'python3 crawl.py',
      },
    });
    expect(event?.title.replaceAll(/\s/g, ' ')).toBe(
      'Out of memory: python3 (pid 3961) killed holding 121 MiB in cgroup /lab/web1 (limit 128 MiB)',
    );
    expect(event?.evidence.map((e) => e.type)).toEqual([
      'line',
      'line',
      'line',
      'line',
      'samples',
      'process',
    ]);
    expect(event?.evidence.find((e) => e.type === 'samples')).toMatchObject({
      metric: 'system.memory.usage.used',
      from: START + 1000 - 300_000,
      to: START + 1000,
    });
    // The counter follows, and is this same kill.
    host.remove(3961);
    host.oomKills = 1;
    for (let n = 0; n < 15; n++) host.second();
    expect(host.told).toHaveLength(1);
    expect(host.told[0]?.detail['kills']).toBeUndefined();
  });

  test('the same kill by syslog, by the kernel log and by the backlog after a reconnect is one event', () => {
    const host = new TestHost({ detectors });
    host.add({ pid: 70, name: 'python3' });
    host.second();
    const at = host.clock.now();
    host.kernel(killed(70), { hostAt: at });
    host.log(`Nov 21 03:00:01 web1 kernel: [86401.0] ${killed(70)}`, '/var/log/syslog');
    host.second();
    for (let n = 0; n < 120; n++) host.second();
    host.kernel(killed(70), { hostAt: at + 3, backlog: true });
    host.second();
    host.second();
    expect(host.told).toHaveLength(1);
  });

  test('a watched log that is not the kernel’s is not believed', () => {
    const host = new TestHost({ detectors });
    host.second();
    host.log(`Nov 21 03:00:01 web1 mallory: ${killed(70)}`, '/var/log/syslog');
    host.log(killed(71), '/srv/app.log');
    for (let n = 0; n < 4; n++) host.second();
    expect(host.told).toEqual([]);
    nearMiss('process.oom_killed');
  });

  test('what was in the log before we came: the last ten minutes as context, older and undated not at all', () => {
    const host = new TestHost({ detectors });
    host.second();
    const now = host.clock.now();
    host.kernel(killed(11, 'old'), { hostAt: now - 3_600_000, backlog: true });
    host.kernel(killed(12, 'recent'), { hostAt: now - 240_000, backlog: true });
    host.push({
      type: 'kernelLine',
      line: { text: killed(13, 'undated'), seenAt: now, source: '/var/log/messages', backlog: true },
    });
    for (let n = 0; n < 4; n++) host.second();
    expect(host.told.map((e) => [e.detail['process'], e.severity, e.at])).toEqual([
      ['recent', 'warning', now - 240_000],
    ]);
  });

  test('a kill while the link was down is news when the backlog tells of it', () => {
    const host = new TestHost({ detectors });
    host.second();
    host.clock.advance(30_000);
    host.kernel(killed(12), { hostAt: host.clock.now() - 10_000, backlog: true });
    host.second();
    host.second();
    expect(host.told.map((e) => e.severity)).toEqual(['critical']);
  });

  test('without a log: the counter, and the largest process that went with it', () => {
    const host = new TestHost({ detectors });
    host.add({ pid: 50, name: 'small', residentBytes: 6 * MiB });
    host.add({ pid: 51, name: 'java', command: 'java -jar big.jar', residentBytes: 900 * MiB });
    host.second();
    host.second();
    host.remove(50);
    host.remove(51);
    host.oomKills = 1;
    host.second();
    expect(host.told).toHaveLength(1);
    expect(host.told[0]).toMatchObject({
      severity: 'critical',
      detail: { process: 'java', pid: 51, inferred: true, residentBytes: 900 * MiB, pidNamespace: 'host' },
    });
    expect(host.told[0]?.title).toContain('inferred');
    // The log tells after all: the same event, described.
    host.clock.advance(300);
    host.kernel(killed(51, 'java'));
    expect(host.told).toHaveLength(1);
    expect(host.told[0]).toMatchObject({
      revision: 1,
      detail: { inferred: false, command: 'java -jar big.jar' },
    });
    for (let n = 0; n < 15; n++) host.second();
    expect(host.told).toHaveLength(1);
  });

  test('the process may go a tick after the counter, and a zombie has gone', () => {
    for (const zombie of [false, true]) {
      const host = new TestHost({ detectors });
      const row = host.add({ pid: 51, name: 'java', residentBytes: 900 * MiB });
      host.second();
      host.second();
      host.oomKills = 1;
      host.second();
      expect(host.told).toEqual([]);
      if (zombie) host.table.set(51, { ...row, state: 'Z', residentBytes: 0 });
      else host.remove(51);
      host.second();
      expect(host.told).toMatchObject([
        { detail: { process: 'java', residentBytes: 900 * MiB, inferred: true } },
      ]);
    }
  });

  test('a counter without any candidate is told as it is', () => {
    const host = new TestHost({ detectors });
    host.second();
    host.second();
    host.oomKills = 2;
    for (let n = 0; n < 5; n++) host.second();
    expect(host.told).toMatchObject([
      {
        severity: 'critical',
        detail: { process: 'unknown', kills: 2, undescribed: 2, pidNamespace: 'unknown' },
      },
    ]);
  });

  test('three counted and one described: one event that says so', () => {
    const host = new TestHost({ detectors });
    host.add({ pid: 60, name: 'python3' });
    host.second();
    host.second();
    host.kernel(killed(60));
    host.remove(60);
    host.oomKills = 3;
    for (let n = 0; n < 5; n++) host.second();
    expect(host.told).toHaveLength(1);
    expect(host.told[0]).toMatchObject({ detail: { kills: 3, undescribed: 2 } });
    expect(host.told[0]?.title).toContain('2 more killed');
  });

  test('killers in user space bypass the counter', () => {
    const host = new TestHost({ detectors });
    host.second();
    host.kernel(
      'Killed /system.slice/a.service due to memory used (9) / total (10) and swap used (9) / total (10) being more than 90.00%',
    );
    host.kernel('a.service: systemd-oomd killed 7 process(es) in this unit.');
    for (let n = 0; n < 3; n++) host.second();
    expect(host.told).toMatchObject([
      { severity: 'critical', detail: { killer: 'systemd-oomd', process: 'a.service', processes: 7 } },
    ]);
  });
});

test('what systemd-oomd did is told by what systemd itself writes into its journal', () => {
  const host = new TestHost({ detectors });
  host.second();
  host.kernel('systemd[1]: shop.service: systemd-oomd killed 3 process(es) in this unit.', {
    source: 'journalctl _PID=1',
  });
  for (let n = 0; n < 3; n++) host.second();
  expect(host.told).toMatchObject([
    { detail: { killer: 'systemd-oomd', process: 'shop.service', processes: 3 } },
  ]);
});

describe('hosts that share a kernel', () => {
  function pair() {
    const victim = new TestHost({ container: true, detectors });
    const neighbour = new TestHost({ container: true, detectors });
    for (const host of [victim, neighbour]) {
      host.cgroupOomKills = 0;
      host.add({ pid: 412, name: 'python3', command: 'python3 eat.py', residentBytes: 100 * MiB });
      host.second();
      host.second();
    }
    return { victim, neighbour };
  }

  test('only the host whose process died is critical; its pid is told beside the machine’s', () => {
    const { victim, neighbour } = pair();
    for (const host of [victim, neighbour]) {
      host.kernel(constraint(3961, '/lab/web1'));
      host.kernel(killed(3961));
      host.oomKills = 1;
    }
    victim.remove(412);
    victim.cgroupOomKills = 1;
    victim.second({ milliseconds: 400 });
    neighbour.second({ milliseconds: 400 });
    expect(victim.told).toMatchObject([
      {
        severity: 'critical',
        detail: { pid: 3961, pidNamespace: 'machine', hostPid: 412, onThisHost: true },
      },
    ]);
    for (let n = 0; n < 5; n++) neighbour.second();
    // Its own counter stands: what met its limit in another cgroup is no news of this host.
    expect(neighbour.told).toEqual([]);
  });

  test('kills in three of them at the same moment: each claims its own, by the name of its group', () => {
    const hosts = ['/lab/web1', '/lab/web2', '/lab/web3'].map((path) => {
      const host = new TestHost({ container: true, detectors });
      host.cgroupOomKills = 0;
      host.cgroupPath = path;
      host.add({ pid: 77, name: 'ruby', command: 'ruby crawl.rb', residentBytes: 100 * MiB });
      host.second();
      host.second();
      return host;
    });
    for (const host of hosts) {
      for (const [index, pid] of [3001, 3002, 3003].entries()) {
        host.kernel(constraint(pid, `/lab/web${index + 1}`, 'ruby'));
        host.kernel(killed(pid, 'ruby'));
      }
      host.remove(77);
      host.cgroupOomKills = 1;
      host.second({ milliseconds: 400 });
      for (let n = 0; n < 5; n++) host.second();
    }
    expect(hosts.map((host) => host.told.map(({ detail }) => detail['pid']))).toEqual([
      [3001],
      [3002],
      [3003],
    ]);
  });

  test('a host too busy to answer for seconds: its kill is its own all the same, told once and with its lines', () => {
    const { victim, neighbour } = pair();
    for (const host of [victim, neighbour]) {
      host.kernel(constraint(3961, '/lab/web1'));
      host.kernel(killed(3961));
      host.oomKills = 1;
      for (let n = 0; n < 5; n++) {
        host.clock.advance(1000);
        host.push({ type: 'tick' });
      }
    }
    victim.remove(412);
    victim.cgroupOomKills = 1;
    for (const host of [victim, neighbour])
      for (let n = 0; n < 15; n++) host.second({ milliseconds: n === 0 ? 400 : 1000 });
    expect(victim.told).toMatchObject([
      { severity: 'critical', detail: { pid: 3961, hostPid: 412, onThisHost: true, inferred: false } },
    ]);
    expect(neighbour.told).toEqual([]);
  });

  test('a log that speaks before the host has told what it is: whose kill it was is not guessed', () => {
    const host = new TestHost({ container: true, detectors });
    host.toldFacts = false;
    host.kernel(constraint(3961, '/lab/web1'), { backlog: true });
    host.kernel(killed(3961), { backlog: true });
    for (let n = 0; n < 3; n++) {
      host.clock.advance(1000);
      host.push({ type: 'tick' });
    }
    host.toldFacts = true;
    host.cgroupOomKills = 0;
    for (let n = 0; n < 20; n++) host.second();
    expect(host.told).toEqual([]);
  });

  test('a victim too short-lived for the table is claimed by the host’s own counter', () => {
    const { victim } = pair();
    victim.kernel(constraint(5000, '/lab/web1', 'perl'));
    victim.kernel(killed(5000, 'perl'));
    victim.cgroupOomKills = 1;
    victim.second({ milliseconds: 600 });
    expect(victim.told).toMatchObject([
      { severity: 'critical', detail: { process: 'perl', pidNamespace: 'unknown' } },
    ]);
    // And from now on its cgroup is known.
    victim.cgroupOomKills = undefined;
    victim.kernel(killed(5001, 'perl'));
    victim.second();
    victim.second();
    victim.kernel(constraint(5002, '/lab/web1', 'perl'));
    victim.kernel(killed(5002, 'perl'));
    expect(victim.told.map((e) => e.severity)).toEqual(['critical', 'info', 'critical']);
  });

  test('two hosts with the same command: the one that merely ended is not the victim', () => {
    const { neighbour } = pair();
    neighbour.cgroupOomKills = undefined;
    neighbour.remove(412);
    neighbour.add({ pid: 413, name: 'python3', command: 'python3 -c pass', residentBytes: 8 * MiB });
    neighbour.second();
    for (let n = 0; n < 6; n++) neighbour.second();
    neighbour.remove(413);
    neighbour.kernel(killed(3961));
    for (let n = 0; n < 4; n++) neighbour.second();
    expect(neighbour.told.map((e) => e.severity)).toEqual(['info']);
  });

  test('without a log, a neighbour’s kill does not touch a host whose own counter stands', () => {
    const { neighbour } = pair();
    neighbour.oomKills = 1;
    for (let n = 0; n < 5; n++) neighbour.second();
    expect(neighbour.told).toEqual([]);
  });

  test('a process that is seen to go after all makes it ours', () => {
    const { victim } = pair();
    victim.cgroupOomKills = undefined;
    victim.second();
    victim.kernel(killed(3961));
    victim.second();
    victim.second();
    expect(victim.told.map((e) => e.severity)).toEqual(['info']);
    victim.remove(412);
    victim.second({ milliseconds: 400 });
    expect(victim.told.map((e) => [e.severity, e.detail['hostPid']])).toEqual([['critical', 412]]);
  });

  test('a neighbour’s kill is told when it is asked for, and when the machine itself ran out', () => {
    const asked = new TestHost({
      container: true,
      detectors,
      thresholds: { oomKill: { tellNeighbours: true } },
    });
    asked.cgroupOomKills = 0;
    asked.second();
    asked.kernel(constraint(3961, '/lab/web9', 'python3'));
    asked.kernel(killed(3961));
    for (let n = 0; n < 5; n++) asked.second();
    expect(asked.told).toMatchObject([
      { severity: 'info', detail: { pid: 3961, pidNamespace: 'machine', onThisHost: false } },
    ]);
    expect(asked.told[0]?.title).toContain('on the machine that this host shares');

    const lucky = new TestHost({ container: true, detectors });
    lucky.cgroupOomKills = 0;
    lucky.second();
    lucky.kernel(
      'Out of memory: Killed process 77 (java) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB',
    );
    for (let n = 0; n < 5; n++) lucky.second();
    expect(lucky.told.map((e) => e.severity)).toEqual(['warning']);
  });
});

test('a victim’s name is shown, never obeyed', () => {
  const host = new TestHost({ detectors });
  host.second();
  host.kernel(killed(9, '\u001b[2J<b>\u202e'));
  host.second();
  host.second();
  expect(host.told[0]?.title).toContain('␛[2J<b>‹U+202E›');
});

test('a process that earlyoom asks again and again is one kill, and the next process another', () => {
  const host = new TestHost({ detectors });
  host.second();
  const ask = (pid: number, score: number) => {
    host.log(
      `Jun 12 06:39:16 web1 earlyoom[1308]: sending SIGTERM to process ${pid} uid 1001 "ipfs": badness ${score}, VmRSS 637 MiB`,
      '/var/log/syslog',
    );
    for (let n = 0; n < 11; n++) host.second();
  };
  ask(696, 757);
  ask(696, 799);
  ask(696, 810);
  ask(701, 700);
  expect(host.told.map((event) => [event.kind, event.detail['pid'], event.detail['killer']])).toEqual([
    ['process.oom_killed', 696, 'earlyoom'],
    ['process.oom_killed', 701, 'earlyoom'],
  ]);
});
