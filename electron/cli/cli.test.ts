import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../shared/base/clock.ts';
import { Emitter, type Event } from '../../shared/base/emitter.ts';
import { failure } from '../../shared/contract/errors.ts';
import type { HostFacts, HostId, HostSummary, LinkState } from '../../shared/model/host.ts';
import type { Prompt, PromptAnswer, PromptId } from '../../shared/model/prompt.ts';
import type { EventId, TimelineEvent } from '../../shared/model/timelineEvent.ts';
import type { WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { Core, CoreOptions } from '../core/core.types.ts';
import type { FollowerState } from '../core/sampling/sampler.types.ts';
import type { CliContext } from './cliContext.ts';
import { parseDuration } from './commandFlags.ts';
import type { Terminal } from './controllingTerminal.ts';
import { runCli } from './runCli.ts';

type CoreEvent = Core['onEvent'] extends Event<infer E> ? E : never;

const facts: HostFacts = {
  hostname: 'web1',
  kernel: '6.1',
  osName: 'Debian',
  cores: 4,
  bootId: 'b',
  bootedAt: 0,
  ticksPerSecond: 100,
  pageBytes: 4096,
  clockOffsetMs: 12.4,
  clockUncertaintyMs: 0.6,
  container: false,
};

function host(id: string, link: LinkState, more: Partial<HostSummary> = {}): HostSummary {
  return {
    id: id as HostId,
    tags: [],
    transport: 'ssh',
    address: `deploy@${id}:22`,
    link,
    sampler: { kind: 'running', implementation: 'perl' },
    facts,
    ...more,
  };
}

const good: LinkState = { kind: 'good', since: 0, roundTripMs: 3.2 };
const refused: LinkState = {
  kind: 'refused',
  since: 0,
  reason: 'the host key changed',
  advice: 'Ask its keeper.',
};

function event(id: string, revision: number, more: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    id: id as EventId,
    revision,
    host: 'web1' as HostId,
    kind: 'process.respawn_loop',
    severity: 'warning',
    source: 'detector',
    at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    seenAt: Date.UTC(2026, 0, 2, 3, 4, 6),
    clockOffsetMs: 12.5,
    title: 'ruby restarts',
    detail: { perMinute: 4 },
    evidence: [
      { type: 'line', source: 'kernel log', text: 'x\ny', at: 0 },
      { type: 'samples', metric: 'system.process.created', from: 0, to: 1000 },
    ],
    actions: [],
    ...more,
  };
}

/** The parts of a core that commands use, with what was asked of it. */
class SmallCore {
  readonly told: string[] = [];
  readonly emitter = new Emitter<CoreEvent>();
  readonly onEvent = this.emitter.event;
  hosts: HostSummary[] = [];
  problems: WorkspaceProblem[] = [];
  kernelLogs: Record<string, FollowerState> = {};
  channels: Record<string, number | undefined> = {};
  onOpen: () => void = () => {};

  async openWorkspace(path: string, partial: boolean) {
    this.told.push(`open ${path} ${partial}`);
    this.onOpen();
    return { opened: partial || this.problems.length === 0, problems: this.problems };
  }
  approveCommands() {
    this.told.push('approve');
  }
  answerPrompt(prompt: PromptId, answer: PromptAnswer) {
    this.told.push(`answer ${prompt} ${JSON.stringify(answer)}`);
    this.emitter.fire({ name: 'prompt.settled', data: { prompt } });
  }
  kernelLog(id: HostId): FollowerState {
    return this.kernelLogs[id] ?? { kind: 'following', source: '/dev/kmsg' };
  }
  async probeChannels(id: HostId, most: number) {
    return id in this.channels ? this.channels[id] : most;
  }
  async close() {
    this.told.push('close');
  }
  link(id: string, link: LinkState) {
    this.hosts = this.hosts.map((h) => (h.id === id ? { ...h, link } : h));
    this.emitter.fire({ name: 'host.link', data: { host: id as HostId, link } });
  }
  timeline(data: TimelineEvent) {
    this.emitter.fire({ name: 'timeline', data });
  }
}

let base = '';
let core: SmallCore;
let clock: ManualClock;
let stdout = '';
let stderr = '';
let interrupt: AbortController;
let terminal: Terminal | undefined;
let created: CoreOptions[] = [];
let reported: unknown[] = [];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fireline-cli-'));
  core = new SmallCore();
  clock = new ManualClock();
  stdout = '';
  stderr = '';
  interrupt = new AbortController();
  terminal = undefined;
  created = [];
  reported = [];
});

afterEach(() => rm(base, { recursive: true }));

function run(...args: string[]): Promise<number> {
  const context: CliContext = {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    environment: { FIRELINE_HOME: base },
    interrupted: interrupt.signal,
    clock,
    openTerminal: () => terminal,
    createCore: async (options) => {
      created.push(options);
      return core as unknown as Core;
    },
    reportFromRecord: async (options) => {
      reported.push(options);
      if (options.which === 404) throw failure('not_found', 'there is no INC-404', 'See the list.');
      return { fileName: 'INC-7.md', mediaType: 'text/markdown', content: '# Report', savedTo: '/x' };
    },
  };
  return runCli(args, context);
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const lines = () =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the command line', () => {
  it.each([
    [[], 2],
    [['nope'], 2],
    [['watch'], 2],
    [['watch', 'a.yaml', 'b.yaml'], 2],
    [['watch', 'a.yaml', '--nope'], 2],
    [['watch', 'a.yaml', '--for'], 2],
    [['watch', 'a.yaml', '--for', 'soon'], 2],
    [['watch', 'a.yaml', '--for', '0'], 2],
    [['watch', 'a.yaml', '--for', '25d'], 2],
    [['watch', 'a.yaml', '--approve=yes'], 2],
    [['report'], 2],
    [['report', 'newest'], 2],
    [['report', 'latest', '--format', 'pdf'], 2],
    [['report', 'latest', '--time-zone', 'Mars/Olympus'], 2],
    [['doctor'], 2],
    [['doctor', 'a.yaml', '--timeout', 'x'], 2],
  ])('refuses %j with status %i, on stderr alone, and starts nothing', async (args, status) => {
    expect(await run(...args)).toBe(status);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    expect(stderr).not.toContain('    at ');
    expect(created).toEqual([]);
  });

  it('names the option that it does not know, and where help is', async () => {
    await run('watch', 'a.yaml', '--nope');
    expect(stderr).toContain("'--nope'");
    expect(stderr).toContain('watch --help');
  });

  it.each(['watch', 'report', 'doctor'])('%s has help on stdout', async (name) => {
    expect(await run(name, '--help')).toBe(0);
    expect(stdout).toContain(`fireline -- ${name} `);
    expect(stderr).toBe('');
  });

  it('tells its commands', async () => {
    expect(await run('--help')).toBe(0);
    expect(stdout).toMatch(/watch .*\n.*report .*\n.*doctor /);
  });

  it('reads times', () => {
    expect(parseDuration('60s', '--for')).toBe(60_000);
    expect(parseDuration('90', '--for')).toBe(90_000);
    expect(parseDuration('1500ms', '--for')).toBe(1_500);
    expect(parseDuration('1.5m', '--for')).toBe(90_000);
    expect(parseDuration('2h', '--for')).toBe(7_200_000);
  });
});

describe('watch', () => {
  it('prints an event as one line of JSON, at once, with times in ISO 8601', async () => {
    core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml', '--for', '60s');
    await settled();
    core.timeline(event('e1', 1));
    expect(stdout.split('\n')).toHaveLength(2);
    expect(lines()).toEqual([
      {
        id: 'e1',
        revision: 1,
        host: 'web1',
        kind: 'process.respawn_loop',
        severity: 'warning',
        at: '2026-01-02T03:04:05.678Z',
        seenAt: '2026-01-02T03:04:06.000Z',
        clockOffsetMs: 12.5,
        title: 'ruby restarts',
        detail: { perMinute: 4 },
        evidence: [
          { type: 'line', source: 'kernel log', text: 'x\ny', at: '1970-01-01T00:00:00.000Z' },
          {
            type: 'samples',
            metric: 'system.process.created',
            from: '1970-01-01T00:00:00.000Z',
            to: '1970-01-01T00:00:01.000Z',
          },
        ],
      },
    ]);
    clock.advance(60_000);
    expect(await status).toBe(0);
    expect(core.told.at(-1)).toBe('close');
    expect(created[0]).toMatchObject({ home: 'cli', dataDirectory: base, interactive: false });
  });

  it('hears events of the opening itself, and prints events without a host', async () => {
    core.hosts = [host('web1', good)];
    const { host: _host, ...workspaceEvent } = event('e0', 1, { kind: 'note' });
    core.onOpen = () => core.timeline(workspaceEvent);
    const status = run('watch', 'w.yaml', '--for=1s');
    await settled();
    clock.advance(1_000);
    await status;
    expect(lines()).toMatchObject([{ id: 'e0', host: null }]);
  });

  it('prints a revision when it says something new, and when it is over', async () => {
    core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml');
    await settled();
    core.timeline(event('e1', 1));
    core.timeline(event('e1', 2, { detail: { perMinute: 5 }, title: 'ruby restarts faster' }));
    core.timeline(event('e1', 3, { severity: 'critical' }));
    core.timeline(event('e1', 4, { severity: 'critical', detail: { perMinute: 5, holderPid: 99 } }));
    const over = {
      severity: 'critical',
      detail: { perMinute: 6, holderPid: 99 },
      endedAt: Date.UTC(2026, 0, 3),
    } as const;
    core.timeline(event('e1', 5, over));
    core.timeline(event('e1', 6, over));
    expect(lines().map((line) => line['revision'])).toEqual([1, 3, 4, 5]);
    expect(lines().at(-1)).toMatchObject({ endedAt: '2026-01-03T00:00:00.000Z' });
    interrupt.abort();
    expect(await status).toBe(0);
  });

  it('keeps hostile text on its line', async () => {
    core.hosts = [host('web1', good)];
    const status = run('watch', 'w.yaml');
    await settled();
    core.timeline(event('e1', 1, { title: 'a\nb\u2028c\u001b[2J"}', endedAt: 1e16 }));
    expect(stdout.split('\n')).toHaveLength(2);
    expect(lines()[0]).toMatchObject({
      title: 'a\nb\u2028c\u001b[2J"}',
      endedAt: '????-??-??T??:??:??.???Z',
    });
    interrupt.abort();
    await status;
  });

  it('ends with 1 when no host could be used, and says which and why', async () => {
    core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 }), host('web2', refused)];
    const status = run('watch', 'w.yaml', '--for', '5s');
    await settled();
    clock.advance(5_000);
    expect(await status).toBe(1);
    expect(stderr).toContain('web1 could not be used: connecting');
    expect(stderr).toContain('web2 could not be used: the host key changed. Ask its keeper.');
    expect(stdout).toBe('');
  });

  it('ends with 0 when a host was up for a while', async () => {
    core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 })];
    const status = run('watch', 'w.yaml', '--for', '5s');
    await settled();
    core.link('web1', good);
    core.link('web1', { kind: 'lost', since: 0, reason: 'reset' });
    clock.advance(5_000);
    expect(await status).toBe(0);
  });

  it('does not wait when every host needs a person', async () => {
    core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 })];
    const status = run('watch', 'w.yaml');
    await settled();
    core.link('web1', refused);
    expect(await status).toBe(1);
    expect(stderr).toContain('web1: the host key changed. Ask its keeper.');
    expect(clock.pending).toBe(0);
  });

  it('says where a file is wrong, and opens the rest only when told to', async () => {
    core.problems = [
      {
        file: 'w.yaml',
        line: 4,
        column: 7,
        message: 'unknown key prot',
        expected: 'port',
        host: 'web1',
        severity: 'error',
      },
    ];
    expect(await run('watch', 'w.yaml')).toBe(1);
    expect(stderr).toContain('w.yaml:4:7: error: unknown key prot; expected port');
    expect(stderr).toContain('--partial');
    expect(core.told.at(-1)).toBe('close');
    core.hosts = [host('web2', good)];
    const status = run('watch', 'w.yaml', '--partial', '--approve', '--for=1');
    await settled();
    clock.advance(1_000);
    expect(await status).toBe(0);
    expect(core.told).toContain('approve');
  });

  it('says in one line when the core cannot start or the file cannot be read', async () => {
    core.onOpen = () => {
      throw failure('not_found', '/w.yaml: no such file', 'Check the path.');
    };
    expect(await run('watch', '/w.yaml')).toBe(1);
    expect(stderr).toBe('fireline watch: /w.yaml: no such file. Check the path.\n');
    expect(core.told.at(-1)).toBe('close');
  });
});

describe('prompts', () => {
  const about = { host: 'web1' as HostId, hop: 'web1', askedAt: 0 };
  const password: Prompt = { ...about, id: 'p1' as PromptId, kind: 'password', user: 'deploy', retry: false };
  const hostKey: Prompt = {
    ...about,
    id: 'p2' as PromptId,
    kind: 'hostKey',
    address: '10.0.0.1:22\u001b]52;c;AAAA\u0007',
    keyType: 'ssh-ed25519',
    fingerprint: 'SHA256:abc',
    knownHostsFile: '/home/a/.ssh/known_hosts',
  };

  /** A person who gives these answers, in order. */
  function person(...answers: (string | undefined)[]) {
    const seen: { text: string; echo: boolean }[] = [];
    let written = '';
    terminal = {
      write: (text) => {
        written += text;
      },
      async readLine(text, { echo, signal }) {
        seen.push({ text, echo });
        if (answers.length > 0) return answers.shift();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
      },
      close: () => seen.push({ text: 'closed', echo: true }),
    };
    return { seen, written: () => written };
  }

  async function ask(...prompts: Prompt[]) {
    core.hosts = [host('web1', { kind: 'authenticating', since: 0, attempt: 1 })];
    const status = run('watch', 'w.yaml');
    await settled();
    for (const data of prompts) core.emitter.fire({ name: 'prompt.asked', data });
    await settled();
    return status;
  }

  it('go to the terminal one after another, secrets without echo', async () => {
    const { seen, written } = person('hunter2', 'yes');
    const status = ask(password, hostKey);
    await settled();
    await settled();
    interrupt.abort();
    await status;
    expect(core.told).toContain('answer p1 ["hunter2"]');
    expect(core.told).toContain('answer p2 ["yes"]');
    expect(seen.map((q) => [q.text, q.echo])).toEqual([
      ['web1: password of deploy: ', false],
      ['Trust it and add it to /home/a/.ssh/known_hosts? (yes/no) ', true],
      ['closed', true],
    ]);
    expect(written()).toContain('SHA256:abc');
    expect(written()).not.toContain('\u001b');
    expect(stdout + stderr).not.toContain('hunter2');
    expect(created[0]?.interactive).toBe(true);
  });

  it('take a host key for trusted on yes alone', async () => {
    person('y');
    const status = ask(hostKey);
    await settled();
    await settled();
    interrupt.abort();
    await status;
    expect(core.told).toContain('answer p2 null');
  });

  it('are taken back when they are settled otherwise', async () => {
    const { seen } = person();
    const status = ask(password);
    await settled();
    core.emitter.fire({ name: 'prompt.settled', data: { prompt: password.id } });
    await settled();
    expect(core.told.filter((line) => line.startsWith('answer'))).toEqual([]);
    expect(seen).toHaveLength(1);
    interrupt.abort();
    await status;
  });

  it('are told and cancelled where there is no terminal', async () => {
    const status = ask(password, hostKey);
    await settled();
    interrupt.abort();
    await status;
    expect(core.told).toContain('answer p1 null');
    expect(core.told).toContain('answer p2 null');
    expect(stderr).toContain(
      'web1 needs an answer and there is no terminal to ask on: web1: password of deploy:',
    );
    expect(stderr).toContain('SHA256:abc');
    expect(stderr).not.toContain('\u001b');
  });
});

describe('report', () => {
  it('writes the file for its owner alone, and nothing on stdout', async () => {
    const path = join(base, 'r.html');
    expect(
      await run('report', 'latest', '--format', 'html', '--out', path, '--time-zone', 'Europe/Berlin'),
    ).toBe(0);
    expect(reported).toEqual([
      { dataDirectory: base, which: 'latest', format: 'html', timeZone: 'Europe/Berlin' },
    ]);
    expect(await readFile(path, 'utf8')).toBe('# Report');
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(path);
  });

  it('goes to stdout on request', async () => {
    expect(await run('report', 'INC-7', '--out=-')).toBe(0);
    expect(stdout).toBe('# Report\n');
    expect(stderr).toBe('');
    expect(reported).toEqual([{ dataDirectory: base, which: 7, format: 'md' }]);
  });

  it('says what is not there, and where it could not write', async () => {
    expect(await run('report', '404', '--out=-')).toBe(1);
    expect(stderr).toBe('fireline report: there is no INC-404. See the list.\n');
    expect(await run('report', '7', '--out', join(base, 'none', 'r.md'))).toBe(1);
    expect(stderr).toContain('ENOENT');
  });
});

describe('doctor', () => {
  it('shows what works on each host, and ends with 0 when all can be used', async () => {
    core.hosts = [host('web1', good)];
    const status = run('doctor', 'w.yaml');
    await settled();
    clock.advance(100);
    expect(await status).toBe(0);
    expect(stdout).toMatch(/HOST +ADDRESS +LOGIN +SAMPLER +KERNEL LOG +CLOCK +CHANNELS/);
    expect(stdout).toMatch(
      /web1 +deploy@web1:22 +● ok, 3 ms +● perl +● \/dev\/kmsg +● \+12 ms ± 1 +● 12 or more/,
    );
    expect(stdout).toContain('1 of 1 host can be used');
    expect(stdout).not.toContain('What to do');
    expect(core.told).toEqual([expect.stringMatching(/^open .*w\.yaml true$/), 'close']);
  });

  it('says what to do about what does not, and ends with 1 when a host cannot be used', async () => {
    core.hosts = [
      host('web1', good, { facts: { ...facts, clockOffsetMs: -90_000 } }),
      host('web2', refused, { sampler: { kind: 'off' } }),
      host('web3', good, {
        sampler: { kind: 'failed', since: 0, reason: 'no perl and no awk', advice: 'Install one.' },
      }),
    ];
    core.kernelLogs = {
      web1: { kind: 'unavailable', reason: 'dmesg_restrict is 1', advice: 'Join group adm' },
    };
    core.channels = { web1: 2 };
    const status = run('doctor', 'w.yaml');
    await settled();
    clock.advance(100);
    expect(await status).toBe(1);
    expect(stdout).toContain(
      'web1, kernel log: dmesg_restrict is 1. Join group adm. OOM kills are told from counters',
    );
    expect(stdout).toContain('web1, clock: Its clock is off');
    expect(stdout).toContain('web1, channels: A second connection will be needed. Raise MaxSessions');
    expect(stdout).toContain('web2, login: the host key changed. Ask its keeper.');
    expect(stdout).toContain('web3, sampler: no perl and no awk. Install one.');
    expect(stdout).toContain('1 of 3 hosts can be used');
  });

  it('waits for hosts, but not for ever', async () => {
    core.hosts = [host('web1', { kind: 'connecting', since: 0, attempt: 1 }, { sampler: { kind: 'off' } })];
    const status = run('doctor', 'w.yaml', '--timeout', '10s');
    await settled();
    clock.advance(9_900);
    expect(stdout).toBe('');
    clock.advance(100);
    expect(await status).toBe(1);
    expect(stdout).toContain('web1, login: Check the address');
    expect(clock.pending).toBe(0);
  });

  it('says why the last attempt failed, though the time ends in the middle of the next', async () => {
    const down = { since: 0, reason: 'the endpoint does not answer', attempt: 1, nextTryAt: 1_000 };
    core.hosts = [host('web1', { kind: 'reconnecting', ...down }, { sampler: { kind: 'off' } })];
    const status = run('doctor', 'w.yaml', '--timeout', '10s');
    await settled();
    clock.advance(100);
    core.hosts = [
      host('web1', { kind: 'authenticating', since: 1_000, attempt: 2 }, { sampler: { kind: 'off' } }),
    ];
    clock.advance(9_900);
    expect(await status).toBe(1);
    expect(stdout).toContain('web1, login: the endpoint does not answer. Check the address');
  });

  it('is JSON on request, problems of the file included', async () => {
    core.hosts = [host('web1', good)];
    core.problems = [
      { file: 'w.yaml', line: 1, column: 1, message: 'm', expected: 'e', host: 'web2', severity: 'error' },
    ];
    const status = run('doctor', 'w.yaml', '--json');
    await settled();
    clock.advance(100);
    expect(await status).toBe(1);
    expect(lines()).toMatchObject([
      {
        problems: [{ line: 1 }],
        hosts: [
          { host: 'web1', usable: true, findings: { channels: { state: 'ok' }, clock: { state: 'ok' } } },
        ],
      },
    ]);
  });
});
