import { useEffect, useRef, useState } from 'react';
import type { EventId } from '../../../shared/model/timelineEvent.ts';
import { useTimeline } from '../../stores/timeline.ts';

/** A pointer that rests so long is nobody's: whoever comes back to it looks first. */
const RESTS_MS = 10_000;

/**
 * What was on the timeline when the pointer came to it, while it is there: nothing moves under a hand that is about to press
 * a button. The handlers are for what the pointer is over.
 */
export function useHeldOrder(): {
  known: ReadonlySet<EventId> | undefined;
  onPointerMove: () => void;
  onPointerLeave: () => void;
} {
  const [known, setKnown] = useState<ReadonlySet<EventId>>();
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(resting.current), []);
  function onPointerLeave(): void {
    clearTimeout(resting.current);
    setKnown(undefined);
  }
  function onPointerMove(): void {
    clearTimeout(resting.current);
    resting.current = setTimeout(onPointerLeave, RESTS_MS);
    setKnown((before) => before ?? new Set(useTimeline.getState().order));
  }
  return { known, onPointerMove, onPointerLeave };
}
