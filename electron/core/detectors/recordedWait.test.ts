import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { linesOf } from './recordingFiles.ts';
import { replayInputs } from './replayInputs.ts';
import { fired } from './testDetections.ts';

/**
 * Recorded on a machine of two cores while four `dd oflag=direct` wrote to its virtual disk for 26 s, then nothing did: a
 * lab host cannot make it, whose control groups share out no waiting. Names of other programs were taken out.
 */
const RECORDING = fileURLToPath(new URL('./fixtures/iowait.jsonl.gz', import.meta.url));

it('cores that wait for a disk, recorded: told apart from those that work', async () => {
  const events = new Map<string, TimelineEvent>();
  await replayInputs(linesOf(RECORDING), {
    thresholds: [],
    logs: [],
    appliesTo: () => true,
    publish: (event) => void events.set(event.id, event),
    diagnostic: (line) => {
      throw new Error(line);
    },
  });
  const waiting = [...events.values()].filter((event) => event.detail['owner'] === 'iowait');
  expect(waiting).toMatchObject([
    { kind: 'cpu.saturated', title: expect.stringMatching(/^CPU waits for disks \d\d % of the time; /) },
  ]);
  expect(waiting[0]?.verdict).toMatch(/stood idle for 1\d s .* the busiest disk is \d/);
  fired('cpu.saturated');
});
