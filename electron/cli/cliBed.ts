import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { ManualClock } from '../../shared/base/clock.ts';
import { Emitter, type Event } from '../../shared/base/emitter.ts';
import { failure } from '../../shared/contract/errors.ts';
import type { HostFacts, HostId, HostSummary, LinkState } from '../../shared/model/host.ts';
import type { PromptAnswer, PromptId } from '../../shared/model/prompt.ts';
import type { EventId, TimelineEvent } from '../../shared/model/timelineEvent.ts';
import type { WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { Core, CoreOptions } from '../core/core.types.ts';
import type { FollowerState } from '../core/sampling/sampler.types.ts';
import type { CliContext } from './cliContext.ts';
import type { Terminal } from './controllingTerminal.ts';
import { runCli } from './runCli.ts';

type CoreEvent = Core['onEvent'] extends Event<infer E> ? E : never;

export const facts: HostFacts = {
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

export function host(id: string, link: LinkState, more: Partial<HostSummary> = {}): HostSummary {
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

export const good: LinkState = { kind: 'good', since: 0, roundTripMs: 3.2 };
export const refused: LinkState = {
  kind: 'refused',
  since: 0,
  reason: 'the host key changed',
  advice: 'Ask its keeper.',
};

export function event(id: string, revision: number, more: Partial<TimelineEvent> = {}): TimelineEvent {
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

const fresh = () => ({
  /** The data directory. */
  base: '',
  core: new SmallCore(),
  clock: new ManualClock(),
  stdout: '',
  stderr: '',
  interrupt: new AbortController(),
  terminal: undefined as Terminal | undefined,
  created: [] as CoreOptions[],
  reported: [] as unknown[],
});

/** For each test of the file a command line of its own, and what came of it. */
export const bed = fresh();

beforeEach(async () => {
  Object.assign(bed, fresh(), { base: await mkdtemp(join(tmpdir(), 'fireline-cli-')) });
});
afterEach(() => rm(bed.base, { recursive: true }));

export function run(...args: string[]): Promise<number> {
  const context: CliContext = {
    stdout: (text) => {
      bed.stdout += text;
    },
    stderr: (text) => {
      bed.stderr += text;
    },
    environment: { FIRELINE_HOME: bed.base },
    interrupted: bed.interrupt.signal,
    clock: bed.clock,
    openTerminal: () => bed.terminal,
    createCore: async (options) => {
      bed.created.push(options);
      return bed.core as unknown as Core;
    },
    reportFromRecord: async (options) => {
      bed.reported.push(options);
      if (options.which === 404) throw failure('not_found', 'there is no INC-404', 'See the list.');
      return { fileName: 'INC-7.md', mediaType: 'text/markdown', content: '# Report', savedTo: '/x' };
    },
  };
  return runCli(args, context);
}

export const settled = () => new Promise((resolve) => setImmediate(resolve));
export const lines = () =>
  bed.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
