import { describe, expect, it } from 'vitest';
import { fired } from './testDetections.ts';
import { replayed } from './testReplay.ts';

/**
 * Recorded on a busy machine (two builds and two test runs, 60 forks a second) whose kernel tells of forks and exits: for 66 s
 * runit's runsv kept a service that lives two seconds, with a `finish` of nine, and one that exits 3 within 50 ms, with a `finish`
 * of eight. Other processes, interfaces, disks, file systems and sockets were taken out; that their forks were counted was not.
 */
describe('the recorded loops of two services that pause', () => {
  it.each([
    ['that samples see: as far apart as its starts are', /^runsv \(pid 10375\) restarts perl every 11 s$/],
    ['that no sample sees: without its finish script', /^runsv \(pid 10376\) restarts web2 every 1[0-3] s$/],
  ])('one %s', async (_, title) => {
    const events = await replayed('slowLoops');
    const loops = events.filter((event) => event.kind === 'process.respawn_loop');
    expect(loops).toHaveLength(2);
    expect(loops.every((event) => event.severity === 'warning' && event.endedAt !== undefined)).toBe(true);
    expect(loops.map((event) => event.title)).toContainEqual(expect.stringMatching(title));
    expect(loops.every((event) => Number(event.detail['restarts']) <= 7)).toBe(true);
    fired('process.respawn_loop');
  });
});
