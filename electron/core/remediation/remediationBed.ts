import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { Runbook } from '../../../shared/model/workspace.ts';
import type { HostSession } from '../sessions/hostSession.ts';
import { openRecord } from '../store/recordStore.ts';
import type { RecordStore } from '../store/store.types.ts';
import { createLocalSession } from '../transports/localSession.ts';
import { createRemediationService, type RemediationService } from './remediation.ts';

/** This machine, as a host of a test. */
export const HERE = {
  host: 'here' as HostId,
  bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
};

/** Remediations of a test, on real processes of this machine, over a real session and a real record. */
export interface RemediationBed {
  service: RemediationService;
  session: HostSession;
  store: RecordStore;
  events: TimelineEvent[];
  records: RemediationRecord[];
  runbooks: Runbook[];
  children: ChildProcess[];
  /** A folder of its own, gone with the bed. */
  directory: string;
  /** What was on record when a command was about to run. */
  onRecordAtRun: RemediationRecord | undefined;
  /** A process that says `ready` once it is what it will be. */
  start(script: string, title?: string): Promise<{ pid: number; ended: Promise<NodeJS.Signals | null> }>;
  dispose(): void;
}

export async function openRemediationBed(
  options: { clock?: Clock; directory?: string } = {},
): Promise<RemediationBed> {
  const owned = new DisposableStore();
  const { host } = HERE;
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'fireline-remediation-'));
  const opened = openRecord(directory, { clock: systemClock });
  if (!opened.ok) throw new Error(opened.error.message);
  const store = owned.add(opened.value);
  const children: ChildProcess[] = [];
  const session = owned.add(createLocalSession(host));
  const up = new Promise<void>((resolve) => session.onConnected(() => resolve()));
  session.start();
  await up;
  const events: TimelineEvent[] = [];
  const records: RemediationRecord[] = [];
  const runbooks: Runbook[] = [];
  const service = owned.add(
    createRemediationService({
      sessionOf: (id) =>
        id === host
          ? {
              onConnected: session.onConnected,
              run(argv, run) {
                bed.onRecordAtRun = store.readRemediations()[0];
                return session.run(argv, run);
              },
            }
          : undefined,
      awsHostOf: () => undefined,
      runbooksOf: () => runbooks,
      prompter: { interactive: false, waiting: [], ask: async () => null },
      latestSample: () => undefined,
      facts: () => undefined,
      store,
      clock: options.clock ?? systemClock,
      actor: 'tester',
      publishEvent: (event) => {
        store.putEvent(event);
        events.push(event);
      },
      publishRecord: (record) => records.push(record),
      cpuBusy: () => undefined,
      diagnostic: () => {},
    }),
  );
  const bed: RemediationBed = {
    service,
    session,
    store,
    events,
    records,
    runbooks,
    children,
    directory,
    onRecordAtRun: undefined,
    async start(script, title = 'perl') {
      const child = spawn('perl', ['-e', `$| = 1; ${script}; print "ready\\n"; sleep 600 while 1`], {
        stdio: ['ignore', 'pipe', 'ignore'],
        argv0: title,
      });
      children.push(child);
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        child.once('exit', (_, signal) => resolve(signal)),
      );
      await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
      return { pid: child.pid ?? -1, ended };
    },
    dispose() {
      for (const child of children) child.kill('SIGKILL');
      owned.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return bed;
}

export function startTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

export function identityOf(pid: number): ProcessIdentity {
  return { bootId: HERE.bootId, pid, startTicks: startTicks(pid) };
}

/** The same, with the waits of half a minute passing in a moment. */
export const hastyClock: Clock = {
  ...systemClock,
  after: (milliseconds, run) => systemClock.after(milliseconds / 100, run),
};
