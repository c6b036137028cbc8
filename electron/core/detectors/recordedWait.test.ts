import { expect, it } from 'vitest';
import { fired } from './testDetections.ts';
import { replayed } from './testReplay.ts';

/**
 * Recorded on a machine of two cores while four `dd oflag=direct` wrote to its virtual disk for 26 s, then nothing did: a
 * lab host cannot make it, whose control groups share out no waiting. Names of other programs were taken out.
 */
const RECORDING = 'iowait';

it('cores that wait for a disk, recorded: told apart from those that work', async () => {
  const events = await replayed(RECORDING);
  const waiting = events.filter((event) => event.detail['owner'] === 'iowait');
  expect(waiting).toMatchObject([
    { kind: 'cpu.saturated', title: expect.stringMatching(/^CPU waits for disks \d\d % of the time; /) },
  ]);
  expect(waiting[0]?.verdict).toMatch(/stood idle for 1\d s .* the busiest disk is \d/);
  fired('cpu.saturated');
});
