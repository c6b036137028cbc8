import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { movedRows } from './words.ts';

/** The most of each figure among the rows that moved: mostly none is worth a closer look, and all is seen in one pass. */
export interface MovedGlance {
  /** Undefined where none used any CPU. */
  busiest: ProcessRow | undefined;
  /** Open files as a share of the limit. */
  openShare: number;
}

/** Several detectors look at the rows that moved, one after another at the same sample. */
export function movedGlance(sample: Sample): MovedGlance {
  if (latest?.sample !== sample) latest = { sample, glance: glanceAt(movedRows(sample)) };
  return latest.glance;
}

let latest: { sample: Sample; glance: MovedGlance } | undefined;

function glanceAt(rows: readonly ProcessRow[]): MovedGlance {
  let busiest: ProcessRow | undefined;
  let most = 0;
  let share = 0;
  for (const row of rows) {
    const { cpu } = row;
    if (cpu > most) {
      most = cpu;
      busiest = row;
    }
    const open = openShare(row);
    if (open > share) share = open;
  }
  return { busiest, openShare: share };
}

/** How much of what it may have open it has: 0 where its limit or its files are not known. */
export function openShare({ openFiles, openFilesLimit }: ProcessRow): number {
  return openFiles === undefined || !openFilesLimit ? 0 : openFiles / openFilesLimit;
}
