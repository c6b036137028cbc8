import { beforeAll, describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { readInput, writeInput } from './recordedInput.ts';
import { fired } from './testDetections.ts';
import { replayed } from './testReplay.ts';

/**
 * Recorded on a machine whose kernel tells of forks and exits: for 22 s daemontools' supervise restarted a child that exits 42
 * within milliseconds, and a shell one that a SIGSEGV ends, with a tenth of a second between. Names of other programs,
 * sockets and file systems were taken out.
 */
const RECORDING = 'connector';

/** The same, without what the kernel told. */
function withoutKernelEvents(line: string): string {
  const input = readInput(line);
  if (input?.kind !== 'frame') return line;
  const text = input.frame.text.replace(/^(?:e|x\d+) .*\n/gm, '').replace(/^(-\d+) \d+$/gm, '$1');
  return writeInput({ ...input, frame: { ...input.frame, text } });
}

const loopsOf = (events: readonly TimelineEvent[]) =>
  events.filter((event) => event.kind === 'process.respawn_loop');

describe('recorded where the kernel tells of forks and exits', () => {
  let events: TimelineEvent[] = [];
  beforeAll(async () => {
    events = await replayed(RECORDING);
  });

  it('a child that no sample saw is told of, by how it ended', () => {
    const loop = loopsOf(events).find((event) => event.title.includes('supervise'));
    expect(loop?.verdict).toMatch(
      /^pid \d+ \(supervise\) restarts web (?:0\.9\d|1\.[01])×\/s \(\d+ times so far\); each child exits 42 within \d+ ms$/,
    );
    expect(loop?.endedAt).toBeGreaterThan(loop?.at ?? 0);
    fired('process.respawn_loop');
  });

  it('a paced loop’s rate and its children’s end are what was counted, its sleeps left out', () => {
    const loop = loopsOf(events).find((event) => event.title.includes('bash'));
    expect(loop?.verdict).toMatch(
      /restarts perl \d(?:\.\d)?×\/s .*; each child is killed by SIGSEGV within \d+ ms$/,
    );
    fired('process.respawn_loop');
  });

  it('the same without the kernel’s word tells what samples alone can', async () => {
    const without = loopsOf(await replayed(RECORDING, { change: withoutKernelEvents }));
    expect(without.map((event) => event.title)).not.toContainEqual(expect.stringContaining('supervise'));
    expect(without.map((event) => event.verdict).join()).not.toMatch(/exits|killed by/);
  });
});
