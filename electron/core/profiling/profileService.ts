import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { fail } from '../../../shared/base/result.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  Profile,
  ProfileId,
  ProfilePlan,
  ProfilePlanId,
  ProfileProgress,
  ProfileSummary,
  ProfileTargets,
  ProfileWay,
} from '../../../shared/model/profile.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { mergeFolded, readFolded } from '../../../shared/profiling/foldedStacks.ts';
import { hottestStacks } from '../../../shared/profiling/hottestFrames.ts';
import { askSudoPassword } from '../remediation/askSudoPassword.ts';
import { createLooker } from '../remediation/look.ts';
import type { Prompter } from '../sessions/prompter.ts';
import type { Session } from '../sessions/session.ts';
import type { RecordStore } from '../store/store.types.ts';
import { compareProfiles, comparisonWords } from './compareProfiles.ts';
import { type PlannedProfile, planProfile } from './planProfile.ts';
import { type RunContext, runProfile } from './runProfile.ts';

/** plan → confirm → profiled → on record. Refuses by throwing a declared failure. */
export interface ProfileService extends Disposable {
  /** Reads the host, changes nothing. A plan with `refusal` cannot be run. It holds for five minutes. */
  plan(args: {
    host: HostId;
    targets: ProfileTargets;
    seconds: number;
    way?: ProfileWay | undefined;
  }): Promise<ProfilePlan>;
  /** Once a plan. Resolves when the profile is on record. */
  run(plan: ProfilePlanId, event?: EventId): Promise<ProfileSummary>;
  cancel(plan: ProfilePlanId): void;
  list(): ProfileSummary[];
  read(profile: ProfileId): Profile;
  /** Puts the comparison of two on the timeline; once a pair. */
  keepComparison(profile: ProfileId, against: ProfileId): void;
}

export interface ProfileServiceOptions {
  sessionOf: (host: HostId) => Pick<Session, 'run' | 'openExec'> | undefined;
  facts: (host: HostId) => HostFacts | undefined;
  latestSample: (host: HostId) => Sample | undefined;
  store: Pick<RecordStore, 'putProfile' | 'readProfile' | 'readProfiles' | 'readEvents'>;
  clock: Clock;
  prompter: Prompter;
  publish: (event: Omit<TimelineEvent, 'id' | 'revision' | 'seenAt' | 'clockOffsetMs'>) => TimelineEvent;
  onProgress: (progress: ProfileProgress) => void;
}

const PLAN_HOLDS_MS = 5 * 60_000;
const MOST_PLANS = 100;

export function createProfileService(options: ProfileServiceOptions): ProfileService {
  const { store, clock } = options;
  const owned = new DisposableStore();
  const ended = new AbortController();
  owned.addStop(() => ended.abort());
  const plans = new Map<ProfilePlanId, PlannedProfile & { madeAt: number; run: boolean }>();
  const running = new Map<ProfilePlanId, { cancel: AbortController; pids: ReadonlySet<string> }>();

  function sessionOf(host: HostId) {
    const session = options.sessionOf(host);
    if (!session) throw failure('not_found', `There is no host ${host} in this workspace.`);
    return session;
  }

  function read(id: ProfileId): Profile {
    const profile = store.readProfile(id);
    if (!profile) throw failure('not_found', 'This profile is not on record, or its file cannot be read.');
    return profile;
  }

  async function plan({ host, ...wanted }: Parameters<ProfileService['plan']>[0]): Promise<ProfilePlan> {
    const planned = await planProfile(wanted, {
      host,
      look: createLooker(host, () => sessionOf(host), ended.signal),
      facts: options.facts(host),
      sample: options.latestSample(host),
      now: clock.now(),
    });
    plans.set(planned.plan.id, { ...planned, madeAt: clock.monotonic(), run: false });
    for (const id of plans.keys()) if (plans.size > MOST_PLANS) plans.delete(id);
    return planned.plan;
  }

  async function run(id: ProfilePlanId, event?: EventId): Promise<ProfileSummary> {
    const planned = plans.get(id);
    const again = 'Plan it again: that shows how things are now.';
    if (!planned) throw failure('not_found', 'This plan is not known any more.', again);
    const { plan: confirmed, argv, privilege } = planned;
    if (confirmed.refusal !== undefined) throw failure('refused', confirmed.refusal, again);
    if (planned.run) throw failure('refused', 'This plan was run already.', again);
    if (clock.monotonic() - planned.madeAt > PLAN_HOLDS_MS)
      throw failure('refused', 'This plan is more than five minutes old.', again);
    const { host } = confirmed;
    const accepted = confirmed.processes.filter((one) => one.refusal === undefined);
    const pids = new Set(accepted.map(({ identity }) => `${host}/${identity.pid}`));
    if ([...running.values()].some((one) => [...one.pids].some((pid) => pids.has(pid))))
      throw failure('refused', 'Some of these processes are being profiled.', 'Wait for that to end.');
    planned.run = true;
    const cancel = new AbortController();
    running.set(id, { cancel, pids });
    const startedAt = clock.now();
    let at = startedAt;
    try {
      const signal = AbortSignal.any([cancel.signal, ended.signal]);
      const asks = privilege === 'sudoWithPassword';
      const password = asks ? await askSudoPassword(confirmed, { ...options, ended: signal }) : undefined;
      const context: RunContext = {
        session: sessionOf(host),
        clock,
        signal,
        password,
        onProgress: (progress) => {
          if (progress.phase === 'sampling') at = clock.now();
          options.onProgress({ plan: id, host, of: accepted.length, ...progress });
        },
      };
      const taken =
        asks && password === undefined
          ? fail(signal.aborted ? 'It was cancelled.' : 'Nothing was run: no password was given.')
          : await runProfile(confirmed, argv, context);
      if (!taken.ok) {
        // Processes may have been signalled: what was done to a host is on record whatever came of it.
        options.publish(failedEvent(confirmed, startedAt, clock.now(), taken.error, event));
        throw failure(cancel.signal.aborted ? 'closed' : 'refused', `${host}: ${taken.error}`, again);
      }
      const { folded, ...rest } = taken.value;
      const done = rest.processes.filter((one) => one.failure === undefined);
      const name = visibleText(done[0]?.name.trim() ?? '', 40);
      const summary: ProfileSummary = {
        id: randomUUID() as ProfileId,
        host,
        title: `${done.length === 1 ? `pid ${done[0]?.identity.pid} (${name})` : `${done.length} × ${name}`}, ${confirmed.seconds} s`,
        name: done[0]?.name ?? '',
        way: confirmed.way,
        at,
        seconds: confirmed.seconds,
        ...rest,
        notes: [...confirmed.notes, ...rest.notes],
        ...(event === undefined ? {} : { event }),
      };
      store.putProfile({ ...summary, folded });
      options.publish(takenEvent(summary, folded, confirmed.command));
      return summary;
    } finally {
      running.delete(id);
    }
  }

  return {
    plan,
    run,
    cancel: (id) => running.get(id)?.cancel.abort(),
    list: () => store.readProfiles(),
    read,
    keepComparison(id, againstId) {
      const kept = store
        .readEvents({ limit: 2000 })
        .some(
          ({ kind, evidence: [first] }) =>
            kind === 'profile.compared' &&
            first?.type === 'profile' &&
            [first.profile.id, first.against?.id].every((one) => one === id || one === againstId),
        );
      if (kept || id === againstId) return;
      const [profile, against] = [read(id), read(againstId)];
      const { folded: _a, ...summary } = profile;
      const { folded: _b, ...other } = against;
      options.publish({
        kind: 'profile.compared',
        severity: 'info',
        source: 'person',
        at: clock.now(),
        host: summary.host,
        title: comparisonWords(compareProfiles(profile, against), summary, other),
        detail: {},
        evidence: [{ type: 'profile', profile: summary, against: other }],
        actions: [],
        ...(summary.event === undefined ? {} : { relatesTo: summary.event }),
      });
    },
    dispose: () => owned.dispose(),
  };
}

function failedEvent(
  plan: ProfilePlan,
  at: number,
  endedAt: number,
  reason: string,
  relatesTo: EventId | undefined,
): Parameters<ProfileServiceOptions['publish']>[0] {
  const accepted = plan.processes.filter((one) => one.refusal === undefined);
  return {
    kind: 'profile.failed',
    severity: 'info',
    source: 'person',
    at,
    endedAt,
    host: plan.host,
    title: `No profile of ${accepted.length === 1 ? `pid ${accepted[0]?.identity.pid}` : `${accepted.length} processes`}: ${reason}`,
    detail: { way: plan.way, seconds: plan.seconds, processes: accepted.length },
    evidence: [
      { type: 'output', command: plan.command, text: reason },
      ...accepted.map(({ identity, name, command }) => ({
        type: 'process' as const,
        identity,
        name,
        command,
      })),
    ],
    actions: [],
    ...(relatesTo === undefined ? {} : { relatesTo }),
  };
}

function takenEvent(
  summary: ProfileSummary,
  folded: readonly string[],
  command: string,
): Parameters<ProfileServiceOptions['publish']>[0] {
  const stacks = hottestStacks(mergeFolded(folded.map((one) => readFolded(one))), 20);
  const [first] = stacks;
  const hottest = first?.frames.at(-1);
  const samples = summary.processes.reduce((sum, one) => sum + one.samples, 0);
  return {
    kind: 'profile.taken',
    severity: 'info',
    source: 'person',
    at: summary.at,
    endedAt: summary.at + summary.seconds * 1000,
    host: summary.host,
    title: `Profiled ${summary.title}${first && hottest !== undefined ? `: ${(first.share * 100).toFixed(0)} % in ${visibleText(hottest, 120)}` : ': nothing was on the CPU'}`,
    detail: { way: summary.way, seconds: summary.seconds, samples, processes: summary.processes.length },
    evidence: [
      { type: 'profile', profile: summary },
      {
        type: 'output',
        command,
        text: stacks
          .map(({ frames, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${frames.join(' → ')}`)
          .join('\n'),
      },
    ],
    actions: [],
    ...(summary.event === undefined ? {} : { relatesTo: summary.event }),
  };
}
