import { processGrowth } from './processGrowth.ts';
import { spokenAge } from './respawnRole.ts';
import { bytesWords, percent, processWords } from './words.ts';

const MIB = 1 << 20;

/**
 * A process whose resident memory grows all through ten minutes, or an hour, and gives next to nothing back. In its first
 * minutes it fills its caches. Pages of mapped files and of shared memory are not its own: a data base that reads what it
 * has mapped grows by them, and they cost nothing.
 */
export const memoryLeak = processGrowth({
  name: 'memoryLeak',
  kind: 'memory.leak',
  thresholds: { minutes: 10, minimum: 128, growth: 64, share: 0.2, youngMinutes: 2 },
  unit: MIB,
  value: (row) =>
    row.residentBytes > 0 ? Math.max(1, row.residentBytes - (row.sharedBytes ?? 0)) : undefined,
  describe(row, growth, sample) {
    const grown = growth.to.value - growth.from.value;
    const ago = spokenAge(growth.to.at - growth.from.at);
    const limitBytes = sample.memory.totalBytes;
    const left = sample.memory.availableBytes / Math.max(1, growth.perSecond);
    return {
      severity: 'warning',
      title: `${processWords(row)} grew by ${bytesWords(grown)} to ${bytesWords(growth.to.value)} in ${ago}`,
      verdict: `${processWords(row)} holds ${bytesWords(growth.to.value)} of memory, ${bytesWords(grown)} more than ${ago} ago (${bytesWords(growth.perSecond * 60)} a minute), and gave next to nothing back; that is ${percent(growth.to.value / limitBytes)} of this host's memory, and what is available lasts for about ${spokenAge(left * 1000)} more`,
      detail: { residentBytes: row.residentBytes, ownBytes: growth.to.value, secondsLeft: Math.round(left) },
      evidence: [
        {
          type: 'samples',
          metric: 'system.memory.usage.used',
          from: growth.from.at - 60_000,
          to: growth.to.at,
        },
      ],
    };
  },
});
