import { expect, it } from 'vitest';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { replayed } from './testReplay.ts';

/**
 * Recorded from a lab host, 70 s, on a machine whose other programs forked hundreds of times a second (load 50): a supervisor
 * whose server dies every few seconds, 21 times in all, which its log says each time.
 */
const RECORDING = 'busyMachine';
const REFUSALS = 21;

it('restarts are counted by what was started on the host, whatever else forks on its machine', async () => {
  const loops: TimelineEvent[] = [];
  await replayed(RECORDING, {
    onEvent: (event) => {
      if (event.kind === 'process.respawn_loop') loops.push(event);
    },
  });
  expect(loops[0]?.detail['restarts']).toBeLessThanOrEqual(3);
  for (const { detail } of loops) {
    expect(detail['restarts']).toBeLessThanOrEqual(REFUSALS);
    expect(detail['ratePerSecond']).toBeLessThanOrEqual(1);
  }
});
