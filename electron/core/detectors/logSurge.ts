import { visibleText } from '../../../shared/model/hostText.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { plainLine } from './plainLine.ts';
import { limit } from './words.ts';

interface Log {
  path: string;
  /** Lines in each of the last ten seconds, and in the one that goes on. */
  seconds: number[];
  now: number;
  /** Lines a second, as a mean over some minutes while nothing surges. */
  usual: number;
  learnedMs: number;
  /** What the lines say most, numbers left out: count and an example. */
  shapes: Map<string, { count: number; example: string; at: number }>;
  open?: { since: number; usual: number; quietSince?: number; told: number; rate: number; again: boolean };
  /** How fast it grew when it surged before, and until when. */
  before?: { rate: number; at: number };
}

interface State {
  logs: Map<string, Log>;
  secondAt: number;
  /** When the host was last heard of; undefined before its first sample. */
  heardAt: number | undefined;
}

const WINDOW = 10;
const MOST_LOGS = 200;
const QUIET = 2;
const MOST_SHAPES = 50;
const UNHEARD_MS = 5000;
const LEARN_MS = 3 * 60_000;
const AGAIN_MS = 60 * 60_000;
const BEYOND = 1.5;

/**
 * A log that suddenly says many times more than it used to, second after second: not the burst of a start or of one
 * request's stack trace. What is usual is learned while it is followed.
 */
export const logSurge: Detector<State> = {
  name: 'logSurge',
  takes: ['logLine', 'tick', 'sample'],
  thresholds: { minimumPerSecond: 10, times: 8, closeTimes: 3, learnSeconds: 60 },
  initial: () => ({ logs: new Map(), secondAt: 0, heardAt: undefined }),
  reduce(state, input, context) {
    if (input.type === 'logLine') {
      const { path, text, seenAt } = input.line;
      const log = state.logs.get(path) ?? newLog(path);
      if (!state.logs.has(path) && state.logs.size >= MOST_LOGS) return NOTHING;
      state.logs.set(path, log);
      log.now++;
      // A surge is many lines a second: the first few are of any second, and after a hundred one more says nothing new.
      if (log.now > QUIET && log.now <= 100) remember(log, text, seenAt);
      if (state.heardAt !== undefined) state.heardAt = seenAt;
      return NOTHING;
    }
    if (input.type === 'sample') state.heardAt = input.sample.at;
    if (input.type !== 'tick') return NOTHING;
    if (context.now - state.secondAt < 900) return NOTHING;
    const seconds = state.secondAt === 0 ? 1 : Math.max(1, (context.now - state.secondAt) / 1000);
    state.secondAt = context.now;
    // A log that is not followed is not quiet. Where no sampler runs nothing tells the one from the other.
    if (context.now - (state.heardAt ?? context.now) > UNHEARD_MS) return NOTHING;
    const outputs: DetectorOutput[] = [];
    for (const log of state.logs.values()) endSecond(log, seconds, context, outputs);
    return outputs;
  },
};

function newLog(path: string): Log {
  return { path, seconds: [], now: 0, usual: 0, learnedMs: 0, shapes: new Map() };
}

function endSecond(log: Log, seconds: number, context: DetectorContext, outputs: DetectorOutput[]): void {
  log.seconds.push(log.now / seconds);
  log.now = 0;
  if (log.seconds.length > WINDOW) log.seconds.shift();
  let lines = 0;
  for (const one of log.seconds) lines += one;
  const rate = lines / log.seconds.length;
  const usual = log.open?.usual ?? log.usual;
  const least = Math.max(limit(context, 'minimumPerSecond'), usual * limit(context, 'times'));
  if (log.open) {
    const over =
      rate < Math.max(limit(context, 'minimumPerSecond') / 2, usual * limit(context, 'closeTimes'));
    if (!over) {
      delete log.open.quietSince;
      const since = context.now - log.open.told;
      if (since >= 60_000 || (since >= WINDOW * 1000 && rate >= log.open.rate * 1.2)) {
        Object.assign(log.open, { told: context.now, rate: Math.max(rate, log.open.rate) });
        outputs.push(draftOf(log, rate, context));
      }
    } else {
      log.open.quietSince ??= context.now;
      if (context.now - log.open.quietSince >= 15_000) {
        outputs.push({ type: 'close', key: log.path, endedAt: log.open.quietSince });
        log.before = { rate: Math.max(log.open.rate, log.before?.rate ?? 0), at: context.now };
        delete log.open;
        log.shapes.clear();
      }
    }
    return;
  }
  const surges =
    rate >= least &&
    log.seconds.length >= WINDOW &&
    log.seconds.filter((one) => one >= least / 2).length >= WINDOW * 0.8;
  if (surges && log.learnedMs >= limit(context, 'learnSeconds') * 1000) {
    const { before } = log;
    // What a job writes each few minutes is no news: it is told, and no alarm.
    const again = before !== undefined && context.now - before.at < AGAIN_MS && rate <= before.rate * BEYOND;
    if (before !== undefined && !again) delete log.before;
    const since = context.now - log.seconds.length * 1000;
    log.open = { since, usual: log.usual, told: context.now, rate, again };
    outputs.push(draftOf(log, rate, context));
    return;
  }
  // A rise that is not told yet is not learned from; one that stays for long becomes usual all the same.
  const weight = Math.min(1, (seconds * 1000) / Math.min(LEARN_MS, log.learnedMs + seconds * 1000));
  const latest = log.seconds.at(-1) ?? 0;
  const suspicious = log.learnedMs >= limit(context, 'learnSeconds') * 1000 && latest >= least / 2;
  log.usual += (latest - log.usual) * weight * (suspicious ? 0.1 : 1);
  log.learnedMs += seconds * 1000;
}

/** The line without what differs from one to the next: numbers, addresses, identifiers. */
function remember(log: Log, text: string, at: number): void {
  const shape = plainLine(text)
    .slice(0, 300)
    .replace(/[0-9a-f]{8,}|\d+/gi, '#')
    .slice(0, 120);
  const known = log.shapes.get(shape);
  if (known) {
    known.count++;
    known.at = at;
    return;
  }
  if (log.shapes.size >= MOST_SHAPES) {
    for (const [key, one] of log.shapes) if (at - one.at > 10_000) log.shapes.delete(key);
    if (log.shapes.size >= MOST_SHAPES) return;
  }
  log.shapes.set(shape, { count: 1, example: plainLine(text).slice(0, 1000), at });
}

function draftOf(log: Log, rate: number, context: DetectorContext): DetectorOutput {
  const path = visibleText(log.path, 120);
  const usual = log.open?.usual ?? 0;
  const again = log.open?.again ? ', as it did before' : '';
  const often = [...log.shapes.values()]
    .filter((one) => context.now - one.at < 15_000)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3);
  const most = often[0];
  const times =
    usual >= 0.05
      ? `${Math.round(rate / usual)} times its usual ${usual.toFixed(usual < 10 ? 1 : 0)}`
      : 'where hardly any is usual';
  return {
    type: 'event',
    key: log.path,
    draft: {
      kind: 'log.surge',
      severity: log.open?.again ? 'info' : 'warning',
      at: log.open?.since ?? context.now,
      hostAt: (log.open?.since ?? context.now) + (context.facts?.clockOffsetMs ?? 0),
      title: `${path} grows by ${rate.toFixed(0)} lines a second, ${times}${again}`,
      verdict: `${path} grows by ${rate.toFixed(0)} lines a second, ${times}${again}${most ? `; most of them say “${visibleText(most.example.trim(), 160)}”` : ''}`,
      detail: {
        path: log.path,
        linesPerSecond: Math.round(rate * 10) / 10,
        usualPerSecond: Math.round(usual * 100) / 100,
      },
      evidence: often.map((one) => ({
        type: 'line' as const,
        source: log.path,
        text: one.example,
        at: one.at,
      })),
      actions: [],
      momentary: false,
    },
  };
}
