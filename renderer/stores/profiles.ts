import { create } from 'zustand';
import type { HostId } from '../../shared/model/host.ts';
import type {
  Profile,
  ProfileId,
  ProfilePlan,
  ProfilePlanId,
  ProfileProgress,
  ProfileSummary,
} from '../../shared/model/profile.ts';
import type { EventId } from '../../shared/model/timelineEvent.ts';
import { call, errorOf } from './connection.ts';

/** One host's profile, from its confirmation on. */
export type TakingState =
  | { kind: 'running'; progress?: ProfileProgress }
  | { kind: 'done'; profile: ProfileSummary }
  | { kind: 'failed'; reason: string };

interface Profiles {
  taking: Record<ProfilePlanId, TakingState>;
  /** Read once: what is on record does not change. The oldest go first. */
  read: Record<ProfileId, Profile>;
}

export const useProfiles = create<Profiles>(() => ({ taking: {}, read: {} }));

/** Each holds its stacks, some megabytes at most. */
const MOST_READ = 12;

export function putProgress(progress: ProfileProgress): void {
  const known = useProfiles.getState().taking[progress.plan];
  if (known?.kind === 'running') put(progress.plan, { kind: 'running', progress });
}

function put(plan: ProfilePlanId, state: TakingState): void {
  useProfiles.setState(({ taking }) => ({ taking: { ...taking, [plan]: state } }));
}

/**
 * Takes what was confirmed, on all hosts at once. Of two hosts the first is compared with the second, and that is put
 * on record too. Resolves with those that came of it, in the order of the plans.
 */
export async function takeProfiles(
  plans: readonly ProfilePlan[],
  event?: EventId,
): Promise<Map<HostId, ProfileSummary>> {
  const taken = new Map<HostId, ProfileSummary>();
  await Promise.all(
    plans.map(async ({ id, host }) => {
      put(id, { kind: 'running' });
      try {
        const profile = await call('profile.run', { plan: id, ...(event === undefined ? {} : { event }) });
        put(id, { kind: 'done', profile });
        taken.set(host, profile);
      } catch (thrown) {
        const { message, advice } = errorOf(thrown);
        put(id, { kind: 'failed', reason: [message, advice].filter(Boolean).join(' ') });
      }
    }),
  );
  const [first, second] = plans.map(({ host }) => taken.get(host));
  if (first && second) await compare(first.id, second.id);
  return taken;
}

/** The comparison is kept: a failure to do so is no reason not to show it. */
export async function compare(profile: ProfileId, against: ProfileId): Promise<void> {
  await call('profile.compare', { profile, against }).catch(() => undefined);
}

export async function readProfile(id: ProfileId): Promise<Profile> {
  const known = useProfiles.getState().read[id];
  if (known) return known;
  const profile = await call('profile.read', { profile: id });
  useProfiles.setState(({ read }) => {
    const kept = Object.entries(read).slice(1 - MOST_READ) as [ProfileId, Profile][];
    return { read: Object.fromEntries([...kept, [id, profile]]) };
  });
  return profile;
}
