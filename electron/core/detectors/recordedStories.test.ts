import { beforeAll, describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { fired } from './testDetections.ts';
import { replayed } from './testReplay.ts';

/**
 * Recorded from four lab hosts, 75 s, then trimmed by fixtures/trimRecording.mjs: on web1 a supervisor whose server finds its
 * own stale copy; on web2 processes that grow to the host's limit and are killed (the kernel's log left out: the counter
 * alone tells); on web3 a real Erlang service that a debug node joins and leaves; on web4 what only looks like it: a shell
 * whose child fails once a second and costs nothing, and a process that takes 60 MB and gives them back, again and again.
 */
const RECORDING = 'stories';

describe('the recorded stories of four hosts', () => {
  let events: TimelineEvent[] = [];
  beforeAll(async () => {
    events = await replayed(RECORDING, { hosts: 4 });
  });

  const of = (host: string) => {
    const told = events.filter((event) => event.host === host);
    for (const event of told) if (event.severity !== 'recovered') fired(event.kind);
    return told;
  };

  it('the loop is told once, with its supervisor and the holder that its log named, and its end', () => {
    expect(of('web1').filter((e) => e.kind.startsWith('process.respawn'))).toMatchObject([
      {
        kind: 'process.respawn_loop',
        severity: 'critical',
        detail: {
          process: 'unicorn',
          supervisor: { name: 'upstart --job l' },
          staleHolder: {
            name: expect.stringMatching(/^unicorn master/),
            foundBy: 'log',
            listeningPorts: [8080],
          },
        },
        endedAt: expect.any(Number),
      },
      { kind: 'process.respawn_loop_ended', detail: { supervisorGone: true } },
    ]);
  });

  it('the kill is told of the process that went, although no log was read', () => {
    expect(of('web2').filter((e) => e.kind === 'process.oom_killed')).toMatchObject([
      { severity: 'critical', detail: { process: 'ruby' } },
    ]);
  });

  it('the node is told as it joins and as it leaves', () => {
    expect(of('web3').filter((e) => e.kind.startsWith('erlang.node'))).toMatchObject([
      { kind: 'erlang.node_up', detail: { node: 'debug1@localhost', service: 'billing@localhost' } },
      { kind: 'erlang.node_down', detail: { node: 'debug1@localhost' } },
    ]);
  });

  it('nothing is told of the host that only looks like it', () => {
    expect(of('web4').map((e) => e.title)).toEqual([]);
  });
});
