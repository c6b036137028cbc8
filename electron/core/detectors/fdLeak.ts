import { processGrowth } from './processGrowth.ts';
import { spokenAge } from './respawnRole.ts';
import { countWords, processWords } from './words.ts';

/** A process that opens files or sockets all through five minutes, or half an hour, and closes next to none. */
export const fdLeak = processGrowth({
  name: 'fdLeak',
  kind: 'fd.leak',
  thresholds: { minutes: 5, minimum: 200, growth: 100, share: 0.3 },
  unit: 1,
  value: (row) => row.openFiles,
  describe(row, growth) {
    const grown = growth.to.value - growth.from.value;
    const ago = spokenAge(growth.to.at - growth.from.at);
    const left =
      row.openFilesLimit === undefined
        ? undefined
        : Math.max(0, row.openFilesLimit - growth.to.value) / growth.perSecond;
    const until =
      left === undefined || left > 86_400
        ? ''
        : `; it reaches its limit of ${countWords(row.openFilesLimit ?? 0)} in about ${spokenAge(left * 1000)}`;
    // A server under a load that rises for an hour opens more and more of what it may, and is far from it.
    const far = left !== undefined && left > 12 * 3600 && growth.to.at - growth.from.at < 2 * 3_600_000;
    return {
      severity: left !== undefined && left < 600 ? 'critical' : far ? 'info' : 'warning',
      title: `${processWords(row)} holds ${countWords(growth.to.value)} open files, ${countWords(grown)} more than ${ago} ago`,
      verdict: `${processWords(row)} holds ${countWords(growth.to.value)} open files, ${countWords(grown)} more than ${ago} ago (${growth.perSecond.toFixed(1)} a second), and closed next to none${until}`,
      detail: {
        openFiles: growth.to.value,
        ...(row.openFilesLimit === undefined ? {} : { limit: row.openFilesLimit }),
        ...(left === undefined ? {} : { secondsLeft: Math.round(left) }),
      },
    };
  },
});
