import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { ErlangNode, ErlangPeer } from '../erlang/erlangNode.ts';
import { readInput, writeInput } from './recordedInput.ts';
import { linesOf } from './recordingFiles.ts';
import { replayInputs } from './replayInputs.ts';
import { TestHost } from './testHost.ts';
import { play } from './testPlay.ts';

/**
 * Whatever a host calls its processes, units, nodes, groups, file systems and itself: what is said of it in our own words
 * (title, verdict, labels, notes) holds nothing that acts, hides or turns text about, and stays short.
 */

const MOST_TITLE = 500;
const MOST_VERDICT = 2_500;

/** Of the worst there is: controls, bidirectional marks, blanks, markup, shell, escapes of ours, and too long. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001b]0;owned\u0007',
        '\u001b[2J',
        '\r\n',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u2028',
        '\ud800',
        '\u{e0041}',
        '<img src=x onerror=alert(1)>',
        '</script>',
        "'; rm -rf / #",
        '$(reboot)',
        '`id`',
        '--help',
        '%s%n',
        '\\x1b',
        '\u3164',
        '\u0000',
        '\u009b31m',
        ']]>',
        '[a](javascript:alert(1))',
        '|',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constant('A'.repeat(10_000)),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const told: ((event: TimelineEvent) => string[])[] = [
  (event) => [event.title, event.verdict ?? ''],
  (event) => event.actions.map((action) => action.label),
  (event) => event.evidence.map((one) => ('note' in one ? (one.note ?? '') : '')),
];

function expectInert(events: readonly TimelineEvent[]): void {
  for (const event of events) {
    for (const text of told.flatMap((read) => read(event)))
      expect(visibleText(text, 1_000_000), `${event.kind}: ${JSON.stringify(text)}`).toBe(text);
    expect(event.title.length, `${event.kind}: ${event.title}`).toBeLessThanOrEqual(MOST_TITLE);
    expect(event.verdict?.length ?? 0, `${event.kind}: ${event.verdict}`).toBeLessThanOrEqual(MOST_VERDICT);
    for (const action of event.actions) expect(action.label.length).toBeLessThanOrEqual(200);
  }
}

const RECORDINGS = ['troubles', 'stories'].map((name) =>
  fileURLToPath(new URL(`./fixtures/${name}.jsonl.gz`, import.meta.url)),
);

/** As the samplers write a name: see escapedText.ts. */
const escaped = (text: string) =>
  text.replace(/[\u0000-\u001f\u007f\\]/g, (one) =>
    one === '\\' ? '\\\\' : `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );

/** The same host, with that behind the name of each process, command, mount, device and control group, and of itself. */
function renamed(frame: string, name: string): string {
  const short = escaped(name.slice(0, 40));
  const long = escaped(name.slice(0, 4_000));
  return frame
    .replace(/^(\+.*\t)([^\t]*)(\t)([^\t\n]+)$/gm, (_, head, comm, tab, command) =>
      `${head}${comm}${short}${tab}${command} ${long}`.slice(0, 30_000),
    )
    .replace(/^(Fhostname .*)$/gm, (_, line) => `${line}${short}`)
    .replace(/^(r(?:fs|gm|gc) [^\t\n]*)(\t.*)?$/gm, (_, key, rest = '') => `${key}${short}${rest}`);
}

async function replayed(name: string): Promise<TimelineEvent[]> {
  const events = new Map<string, TimelineEvent>();
  for (const recording of RECORDINGS) {
    const lines: string[] = [];
    for await (const line of linesOf(recording)) {
      const input = readInput(line);
      if (input?.kind === 'frame')
        lines.push(
          writeInput({ ...input, frame: { ...input.frame, text: renamed(input.frame.text, name) } }),
        );
      else if (input?.kind === 'logLine')
        lines.push(writeInput({ ...input, line: { ...input.line, text: `${input.line.text} ${name}` } }));
      else lines.push(line);
    }
    await replayInputs(() => lines, {
      thresholds: [],
      logs: [{ path: '/srv/www/app/log/*.log', match: [{ pattern: 'FATAL', severity: 'critical' }] }],
      appliesTo: () => true,
      publish: (event) => void events.set(`${recording} ${event.id}`, event),
      diagnostic: (line) => {
        throw new Error(line);
      },
    });
  }
  return [...events.values()];
}

describe('hostile names', () => {
  it('of processes, commands, mounts, groups and hosts, in the recorded stories and troubles', async () => {
    let most = 0;
    await fc.assert(
      fc.asyncProperty(hostile, async (name) => {
        const events = await replayed(name);
        most = Math.max(most, events.length);
        expectInert(events);
      }),
      { numRuns: 3, seed: 4711 },
    );
    // The names did not keep the troubles from being told.
    expect(most).toBeGreaterThan(10);
  }, 60_000);

  const LINES: ((name: string) => string)[] = [
    (name) => `${name}[1234]: segfault at 0 ip 00005581 sp 00007ffd error 4 in ${name}[5581+1000]`,
    (name) => `INFO: task ${name}:123 blocked for more than 120 seconds.`,
    (name) => `BUG: unable to handle page fault for address: ${name}`,
    (name) => `Kernel panic - not syncing: ${name}`,
    (name) => `systemd[1]: ${name}.service: Failed with result 'exit-code'.`,
    (name) => `systemd[1]: Failed to start ${name}.service - ${name}.`,
    (name) => `EXT4-fs error (device ${name}): remount read-only`,
    (name) => `EXT4-fs (${name}): Remounting filesystem read-only`,
    (name) =>
      `Out of memory: Killed process 40 (${name}) total-vm:1kB, anon-rss:2kB, file-rss:0kB, shmem-rss:0kB, UID:0`,
    (name) =>
      `oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/${name},task_memcg=/${name},task=${name},pid=40,uid=0`,
    (name) => `systemd-oomd[9]: Killed /system.slice/${name}.service due to memory used (1) / total (2)`,
    (name) => `earlyoom[9]: sending SIGTERM to process 40 uid 0 "${name}": badness 9, VmRSS 9 MiB`,
  ];

  it('in lines of the kernel and of systemd', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const host = new TestHost({});
        host.second();
        for (const line of LINES)
          for (const text of line(name).split('\n')) host.kernel(text.slice(0, 60_000));
        for (const source of ['journalctl -k', '/var/log/syslog'])
          for (const line of LINES)
            host.kernel(line('a').replaceAll('a', name.slice(0, 3) || 'a'), { source });
        host.second();
        expectInert(host.told);
      }),
      { numRuns: 60, seed: 4711 },
    );
  });

  it('of Erlang nodes', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, peer) => {
        const host = new TestHost({});
        const identity = { bootId: host.bootId, pid: 100, startTicks: 1000 };
        const node = (peers: ErlangPeer[]): ErlangNode => ({
          name,
          identity,
          command: name,
          remoteShell: false,
          peers,
        });
        const process = { command: peer, parentPid: 1, terminal: false, sessionGone: true };
        const one: ErlangPeer = {
          key: peer,
          name: peer,
          address: peer,
          port: 4000,
          hidden: true,
          process: { ...process, identity: { ...identity, pid: 101 } },
        };
        for (const peers of [[], [one], [one], []]) {
          host.clock.advance(2000);
          host.push({ type: 'erlang', nodes: [node(peers)] });
          host.second();
        }
        expect(host.diagnostics).toEqual([]);
        expect(host.told.length).toBeGreaterThan(0);
        expectInert(host.told);
      }),
      { numRuns: 60, seed: 4711 },
    );
  });

  it('of network interfaces', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const host = new TestHost({});
        const rate = { receiveBytesPerSecond: 124e6, transmitBytesPerSecond: 0 };
        const loses = { receiveErrorsPerSecond: 5, transmitErrorsPerSecond: 5 };
        const drops = { receiveDropsPerSecond: 50, transmitDropsPerSecond: 5 };
        const one = { name, ...rate, ...loses, ...drops, packetsPerSecond: 900, bitsPerSecond: 1e9 };
        play(host, 40, () => ({ network: { ...rate, errorsPerSecond: 10, interfaces: [one] } }));
        expect(host.told.map(({ kind }) => kind).sort()).toEqual(['network.errors', 'network.saturated']);
        expectInert(host.told);
      }),
      { numRuns: 40, seed: 4711 },
    );
  });
});
