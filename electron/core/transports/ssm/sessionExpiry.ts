import type { Clock } from '../../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../../shared/base/emitter.ts';
import type { SessionLimits } from './sessionLimits.ts';

/** Counts a session down, by what is known of its limits. */
export interface SessionExpiry extends Disposable {
  /** Someone typed: the idle time starts over. */
  noteInput(): void;
  /** Its idle time is seen to from now on: only the longest duration ends it. */
  keepAlive(): void;
  readonly kept: boolean;
  /** Epoch ms, while the end is near. */
  readonly near: { at: number; why: 'idle' | 'longest' } | undefined;
  readonly onNear: Event<void>;
}

/** So long before the end it is shown, and told once. */
export const NEAR_MS = 3 * 60_000;

export function watchExpiry(limits: SessionLimits, clock: Clock, keptFromStart = false): SessionExpiry {
  const owned = new DisposableStore();
  const changed = owned.add(new Emitter<void>());
  const longestAt =
    limits.longestMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + limits.longestMs;
  let typedAt = clock.now();
  let kept = keptFromStart;
  let near: SessionExpiry['near'];
  let timer: Disposable | undefined;

  function look(): void {
    timer?.dispose();
    // Read once: shown or waited for, whatever passes between the two.
    const now = clock.now();
    const idleAt = kept ? Number.POSITIVE_INFINITY : typedAt + limits.idleMs;
    const at = Math.min(idleAt, longestAt);
    // A limit of a minute or two is always near: half of it is.
    const shownAt = at - Math.min(NEAR_MS, limits.idleMs / 2);
    const wasNear = near?.at;
    near = now >= shownAt ? { at, why: at === longestAt ? 'longest' : 'idle' } : undefined;
    if (near?.at !== wasNear) changed.fire();
    if (!near && Number.isFinite(shownAt)) timer = owned.add(clock.after(shownAt - now, look));
  }
  look();
  return {
    noteInput() {
      typedAt = clock.now();
      // Typing fast must not move a timer for each key: it looks again when it was due.
      if (near) look();
    },
    keepAlive() {
      kept = true;
      look();
    },
    get kept() {
      return kept;
    },
    get near() {
      return near;
    },
    onNear: changed.event,
    dispose: () => owned.dispose(),
  };
}
