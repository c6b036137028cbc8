import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type EventDraft,
  NOTHING,
} from './detector.ts';
import { type Hysteresis, initialHysteresis, levelOf, takeLook } from './hysteresis.ts';
import { countWords, limit, processDetail, processEvidence, processWords, rowOf } from './words.ts';

interface State {
  bootId: string;
  lookedAt: number;
  /** How many processes there were at the last looks: what is usual is the least of them. */
  totals: number[];
  threadTotals: number[];
  zombies: Hysteresis & { told?: number };
  blocked: Hysteresis & { told?: number };
  /** `usual`: before it began; `told`, and when. */
  crowd: Crowd;
  threads: Crowd;
}

type Crowd = Hysteresis & { told?: number; toldAt?: number; usual?: number };

const LOOK_MS = 5000;
const SETTLED_MS = 20 * 60_000;
/** Five minutes of looks. */
const MOST_TOTALS = 60;

const initial = (): State => ({
  bootId: '',
  lookedAt: 0,
  totals: [],
  threadTotals: [],
  zombies: initialHysteresis(),
  blocked: initialHysteresis(),
  crowd: initialHysteresis(),
  threads: initialHysteresis(),
});

/**
 * Processes that become very many within minutes (a fork bomb, jobs that do not end), that ended and are not taken note of by
 * their parent (zombies), or that all wait in the kernel (for a disk or a file system that does not answer). The table is
 * looked at only where their number says that there may be something in it.
 */
export const processPiles: Detector<State> = {
  name: 'processPiles',
  takes: ['sample'],
  thresholds: { zombies: 100, blocked: 16, grown: 500, threadsGrown: 2000, times: 3, seconds: 20 },
  initial,
  reduce(state, input, context) {
    if (input.type !== 'sample' || input.sample.at - state.lookedAt < LOOK_MS) return NOTHING;
    const { sample } = input;
    const outputs: DetectorOutput[] = [];
    if (state.bootId !== sample.bootId) {
      for (const key of KEYS) if (state[key].open) outputs.push({ type: 'close', key, endedAt: sample.at });
      Object.assign(state, initial(), { bootId: sample.bootId });
    }
    state.lookedAt = sample.at;
    const { total, threads } = sample.processes;
    const usual = usualOf(state.totals, total);
    judgeCrowd(state, 'crowd', total, usual, sample, context, outputs);
    // In a container these two are the machine's.
    const shared = context.facts?.container === true;
    if (!shared)
      judgeCrowd(state, 'threads', threads, usualOf(state.threadTotals, threads), sample, context, outputs);
    const stuck = Math.max(limit(context, 'blocked'), 4 * sample.cores);
    const blocked =
      shared && sample.processes.blocked >= stuck / 2
        ? sample.table.filter((row) => row.state === 'D').length
        : sample.processes.blocked;
    judge(state, 'blocked', blocked, stuck, sample, context, outputs, () => describeBlocked(sample, blocked));
    // Zombies are processes too: where these are no more than usual, there are no more of those.
    const least = limit(context, 'zombies');
    if (!state.zombies.open && total < least) return outputs;
    if (!state.zombies.open && state.zombies.heldSince === undefined && total - usual < least / 4)
      return outputs;
    const dead = sample.table.filter((row) => row.state === 'Z');
    judge(state, 'zombies', dead.length, least, sample, context, outputs, () =>
      describeZombies(sample, dead),
    );
    return outputs;
  },
};

const KEYS = ['zombies', 'blocked', 'crowd', 'threads'] as const;

/** The least of the last minutes. */
function usualOf(totals: number[], total: number): number {
  totals.push(total);
  if (totals.length > MOST_TOTALS) totals.shift();
  return Math.min(...totals);
}

type Words = Pick<EventDraft, 'title' | 'verdict' | 'detail' | 'evidence' | 'severity'>;

function judge(
  state: State,
  key: (typeof KEYS)[number],
  count: number,
  least: number,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
  describe: () => Words,
): void {
  const one = state[key];
  const times = { openMs: limit(context, 'seconds') * 1000, closeMs: 15_000 };
  const closeAt = key === 'crowd' || key === 'threads' ? ((state[key].usual ?? 0) + least) / 2 : least / 2;
  if (takeLook(one, levelOf(count, least, closeAt), sample.at, times) === 'closed') {
    outputs.push({ type: 'close', key, endedAt: one.clearSince ?? sample.at });
    delete one.told;
  }
  // Told again when there are half as many more.
  if (!one.open || count < least || count < (one.told ?? 0) * 1.5) return;
  one.told = count;
  const since = one.heldSince ?? sample.at;
  outputs.push({
    type: 'event',
    key,
    draft: {
      kind: 'processes.pile',
      at: since,
      hostAt: sample.hostAt - (sample.at - since),
      actions: [],
      momentary: false,
      ...describe(),
    },
  });
}

function judgeCrowd(
  state: State,
  key: 'crowd' | 'threads',
  total: number,
  usual: number,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const crowd = state[key];
  if (!crowd.open && crowd.heldSince === undefined) crowd.usual = usual;
  const before = crowd.usual ?? usual;
  const grown = limit(context, key === 'crowd' ? 'grown' : 'threadsGrown');
  const least = Math.max(before + grown, before * limit(context, 'times'));
  const told = crowd.told;
  judge(state, key, total, least, sample, context, outputs, () =>
    key === 'crowd' ? describeCrowd(sample, before) : describeThreads(sample, before),
  );
  if (crowd.told !== told) crowd.toldAt = sample.at;
  // So many for so long are what is usual now.
  if (!crowd.open || sample.at - (crowd.toldAt ?? sample.at) < SETTLED_MS) return;
  outputs.push({ type: 'close', key, endedAt: sample.at });
  state[key] = initialHysteresis();
  if (key === 'crowd') state.totals = [total];
  else state.threadTotals = [total];
}

function describeCrowd(sample: Sample, usual: number): Words {
  const { total } = sample.processes;
  const [name, rows] = most(sample.table, (row) => visibleText(programName(row), 40).trim());
  const parent = parentOf(sample, rows);
  const whose = parent ? `, children of ${processWords(parent)}` : '';
  return {
    severity: 'warning',
    title: `There are ${countWords(total)} processes, ${countWords(total - usual)} more than minutes ago: ${countWords(rows.length)} are ${name}`,
    verdict: `There are ${countWords(total)} processes where ${countWords(usual)} were minutes ago; ${countWords(rows.length)} of them are ${name}${whose}. When the limit of processes is met, nothing can be started any more`,
    detail: {
      subject: 'processes',
      count: total,
      usual,
      ...(parent ? processDetail(parent, sample.bootId) : {}),
    },
    evidence: [
      { type: 'samples', metric: 'system.process.count', from: sample.at - 300_000, to: sample.at },
      ...(parent ? [processEvidence(parent, sample.bootId, 'started most of them')] : []),
    ],
  };
}

function describeThreads(sample: Sample, usual: number): Words {
  const { threads } = sample.processes;
  const first = sample.table.reduce<ProcessRow | undefined>(
    (one, row) => (row.threads > (one?.threads ?? 1) ? row : one),
    undefined,
  );
  const whose = first ? `: ${countWords(first.threads)} of them are of ${processWords(first)}` : '';
  return {
    severity: 'warning',
    title: `There are ${countWords(threads)} threads, ${countWords(threads - usual)} more than minutes ago${whose}`,
    verdict: `There are ${countWords(threads)} threads where ${countWords(usual)} were minutes ago${whose}. When the limit of threads is met, nothing can be started any more`,
    detail: {
      subject: 'threads',
      count: threads,
      usual,
      ...(first ? processDetail(first, sample.bootId) : {}),
    },
    evidence: first ? [processEvidence(first, sample.bootId, 'has most of them')] : [],
  };
}

function describeZombies(sample: Sample, dead: readonly ProcessRow[]): Words {
  const [, rows] = most(dead, (row) => `${row.parentPid}`);
  const parent = parentOf(sample, rows);
  const who = parent ? processWords(parent) : 'a process that we may not see';
  return {
    severity: 'warning',
    title: `${countWords(dead.length)} processes have ended and are still listed: ${who} does not take note of its children`,
    verdict: `${countWords(dead.length)} zombies, ${countWords(rows.length)} of them children of ${who}, which does not wait for them: each keeps a pid until its parent does, or is gone itself`,
    detail: {
      subject: 'zombies',
      count: dead.length,
      ...(parent ? processDetail(parent, sample.bootId) : {}),
    },
    evidence: parent ? [processEvidence(parent, sample.bootId, 'their parent')] : [],
  };
}

function describeBlocked(sample: Sample, blocked: number): Words {
  const waiting = sample.table.filter((row) => row.state === 'D');
  const [name, rows] = most(waiting, (row) => visibleText(programName(row), 40).trim());
  const first = rows[0];
  const which = first ? `; ${countWords(rows.length)} of them are ${name}` : '';
  return {
    // A disk that works as hard as it can is told of by itself.
    severity: sample.disk.busiest >= 0.7 ? 'info' : 'warning',
    title: `${countWords(blocked)} processes wait in the kernel${which}`,
    verdict: `${countWords(blocked)} threads wait in the kernel and cannot even be killed${which}: for a disk, or a file system whose server does not answer. The busiest disk is ${Math.round(Math.min(1, sample.disk.busiest) * 100)} % busy`,
    detail: { subject: 'blocked', count: blocked, ...(first ? processDetail(first, sample.bootId) : {}) },
    evidence: [
      { type: 'samples', metric: 'system.process.blocked', from: sample.at - 120_000, to: sample.at },
    ],
  };
}

/** The largest group of rows alike, with what they have in common. */
function most(
  rows: readonly ProcessRow[],
  keyOf: (row: ProcessRow) => string,
): [string, readonly ProcessRow[]] {
  const groups = [...Map.groupBy(rows, keyOf)];
  return groups.reduce(
    (one, other) => (other[1].length > one[1].length ? other : one),
    groups[0] ?? ['', []],
  );
}

/** Who started most of them. */
function parentOf(sample: Sample, rows: readonly ProcessRow[]): ProcessRow | undefined {
  const [parent, children] = most(rows, (row) => `${row.parentPid}`);
  return children.length * 2 > rows.length && parent !== '1' ? rowOf(sample, Number(parent)) : undefined;
}
