import { processGrowth } from './processGrowth.ts';
import { spokenAge } from './respawnRole.ts';
import { countWords, processWords } from './words.ts';

/** A process that starts threads all through five minutes, or half an hour, and ends next to none. */
export const threadsGrowth = processGrowth({
  name: 'threadsGrowth',
  kind: 'threads.growth',
  thresholds: { minutes: 5, minimum: 150, growth: 75, share: 0.3 },
  unit: 1,
  value: (row) => row.threads,
  describe(row, growth, sample) {
    const grown = growth.to.value - growth.from.value;
    const ago = spokenAge(growth.to.at - growth.from.at);
    return {
      severity: 'warning',
      title: `${processWords(row)} has ${countWords(growth.to.value)} threads, ${countWords(grown)} more than ${ago} ago`,
      verdict: `${processWords(row)} has ${countWords(growth.to.value)} threads, ${countWords(grown)} more than ${ago} ago (${growth.perSecond.toFixed(1)} a second), and ended next to none; this host has ${countWords(sample.processes.threads)} threads in all`,
      detail: { threads: growth.to.value },
    };
  },
});
