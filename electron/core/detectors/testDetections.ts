import { TestRunner } from 'vitest';
import type { EventKind } from '../../../shared/model/timelineEvent.ts';

/** What a test saw a detector do. It stands in the test's own report, and counts where that test passed. */
export interface SeenDetection {
  kind: EventKind;
  /** False: something like it was there, and nothing was told. */
  fired: boolean;
  /** From the fact to the timeline, where the fact's time is known. */
  latencyMs?: number;
}

/** Noted for the table at the end of `npm test` (build/scripts/detectionTable.mjs). Outside a test nothing is noted. */
export function fired(kind: EventKind, latencyMs?: number): void {
  note({ kind, fired: true, ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }) });
}

/** The running test gave a detector what looks like its case and is not, and saw that nothing was told. */
export function nearMiss(...kinds: EventKind[]): void {
  for (const kind of kinds) note({ kind, fired: false });
}

function note(seen: SeenDetection): void {
  const running = TestRunner.getCurrentTest();
  if (!running) return;
  const meta = running.meta as { detections?: SeenDetection[] };
  meta.detections ??= [];
  const known = meta.detections.findIndex((one) => one.kind === seen.kind && one.fired === seen.fired);
  if (known < 0) meta.detections.push(seen);
  else if (seen.latencyMs !== undefined) meta.detections[known] = seen;
}
