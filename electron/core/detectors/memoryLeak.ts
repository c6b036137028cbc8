import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Growth } from './growth.ts';
import { processGrowth } from './processGrowth.ts';
import { spokenAge } from './respawnRole.ts';
import { bytesWords, percent, processWords } from './words.ts';

const MIB = 1 << 20;

/**
 * A process whose resident memory grows all through ten minutes, or an hour, and gives next to nothing back. In its first
 * minutes it fills its caches. Pages of mapped files and of shared memory are not its own: a data base that reads what it
 * has mapped grows by them, and they cost nothing. A heap that is swept again and again leaks where less is given back each time.
 *
 * Whether it is a leak or a cache, a heap or a batch that fills what it may have cannot be told while it grows. It is an alarm
 * where that matters soon, or has gone on for long; until then, and where it slows down or has a limit of its own, for information.
 */
export const memoryLeak = processGrowth({
  name: 'memoryLeak',
  kind: 'memory.leak',
  thresholds: { minutes: 10, minimum: 128, growth: 64, share: 0.2, youngMinutes: 2 },
  unit: MIB,
  floor: true,
  value: (row) =>
    row.residentBytes > 0 ? Math.max(1, row.residentBytes - (row.sharedBytes ?? 0)) : undefined,
  describe(row, growth, sample) {
    const grown = growth.to.value - growth.from.value;
    const ago = spokenAge(growth.to.at - growth.from.at);
    const group = sample.cgroups?.find((one) => one.pid === row.pid && one.memoryLimitBytes !== undefined);
    const inGroup = (group?.memoryLimitBytes ?? Number.POSITIVE_INFINITY) < sample.memory.totalBytes;
    const { memoryLimitBytes = 0, memoryUsageBytes = 0, reclaimableBytes = 0 } = (inGroup && group) || {};
    const limitBytes = inGroup ? memoryLimitBytes : sample.memory.totalBytes;
    const available = inGroup
      ? Math.max(0, memoryLimitBytes - memoryUsageBytes + reclaimableBytes)
      : sample.memory.availableBytes;
    const left = available / Math.max(1, growth.perSecond);
    const most = ownLimit(row);
    const ends = (slowsDownTo(growth) ?? Number.POSITIVE_INFINITY) < growth.to.value + available / 2;
    const bounded = most !== undefined && growth.to.value < most && most - growth.to.value < available;
    const ageMs = sample.hostAt - row.startedAt;
    const long = grown > limitBytes / 10 || left < 2 * 3600 || growth.to.at - growth.from.at >= 2 * HOUR_MS;
    const matters = left < 1800 || (ageMs >= HOUR_MS && long);
    const holds = growth.floor
      ? `never went below ${bytesWords(growth.to.value)} of memory in the last minutes, ${bytesWords(grown)} more than ${ago} before (${bytesWords(growth.perSecond * 60)} a minute), however much it gave back in between`
      : `holds ${bytesWords(growth.to.value)} of memory, ${bytesWords(grown)} more than ${ago} ago (${bytesWords(growth.perSecond * 60)} a minute), and gave next to nothing back`;
    const until = bounded
      ? `its own limit is ${bytesWords(most)}`
      : ends
        ? 'it grows ever more slowly'
        : `what is available lasts for about ${spokenAge(left * 1000)} more`;
    return {
      severity: matters && !ends && !bounded ? 'warning' : 'info',
      title: growth.floor
        ? `${processWords(row)} gives back less each time: it keeps ${bytesWords(growth.to.value)}, ${bytesWords(grown)} more than ${ago} before`
        : `${processWords(row)} grew by ${bytesWords(grown)} to ${bytesWords(growth.to.value)} in ${ago}`,
      verdict: `${processWords(row)} ${holds}; that is ${percent(growth.to.value / limitBytes)} of ${inGroup ? 'what its control group may have' : "this host's memory"}, and ${until}`,
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

const HOUR_MS = 3_600_000;
const SLOWS_DOWN = 0.88;

/** Where growth ends whose second half brings less than its first, if it goes on so; undefined where it does not slow down. */
function slowsDownTo({ from, to, ratio }: Growth): number | undefined {
  if (!(ratio < SLOWS_DOWN)) return undefined;
  const secondHalf = ((to.value - from.value) * ratio) / (1 + ratio);
  return to.value + (secondHalf * ratio) / (1 - ratio);
}

/** What a runtime's heap may have by its own arguments, and a quarter more for the rest of it. */
function ownLimit({ command }: ProcessRow): number | undefined {
  const java = / -Xmx(\d{1,12})([kmgt])?\b/i.exec(command);
  if (java) return Number(java[1]) * (UNITS[java[2]?.toLowerCase() ?? ''] ?? 1) * 1.25;
  const node = / --max[-_]old[-_]space[-_]size[= ](\d{1,7})\b/.exec(command);
  return node ? Number(node[1]) * MIB * 1.25 : undefined;
}

const UNITS: Readonly<Record<string, number>> = { k: 1 << 10, m: MIB, g: 2 ** 30, t: 2 ** 40 };
