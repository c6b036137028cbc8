import { visibleText } from '../../../shared/model/hostText.ts';
import type { LogMatch } from '../../../shared/model/workspace.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type LogLine,
  NOTHING,
} from './detector.ts';
import { linearPattern } from './linearPattern.ts';
import { plainLine } from './plainLine.ts';
import { spokenAge } from './respawnRole.ts';
import { countWords, limit } from './words.ts';

interface Rule {
  match: LogMatch;
  path: RegExp;
  pattern: RegExp;
}

interface Found {
  rule: Rule;
  path: string;
  count: number;
  firstAt: number;
  lastAt: number;
  first: string;
  last: string;
}

interface State {
  /** Made of the workspace's rules, once. */
  rules?: Rule[];
  rulesOf?: unknown;
  /** Which of them are for a path: each is looked at once. */
  byPath: Map<string, { index: number; rule: Rule }[]>;
  found: Map<string, Found>;
}

const MOST = 200;
const MOST_CHARACTERS = 4096;

/** Lines of followed logs that match a pattern of the workspace (`match` of a log). Those of one pattern and file are one event. */
export const logMatched: Detector<State> = {
  name: 'logMatched',
  takes: ['logLine', 'tick'],
  thresholds: { quietSeconds: 60 },
  initial: () => ({ found: new Map(), byPath: new Map() }),
  reduce(state, input, context) {
    if (input.type === 'logLine') return takeLine(state, input.line, context);
    if (input.type !== 'tick' || state.found.size === 0) return NOTHING;
    const outputs: DetectorOutput[] = [];
    for (const [key, one] of state.found) {
      if (context.now - one.lastAt < limit(context, 'quietSeconds') * 1000) continue;
      state.found.delete(key);
      outputs.push({ type: 'close', key, endedAt: one.lastAt });
    }
    return outputs;
  },
};

function takeLine(state: State, line: LogLine, context: DetectorContext): readonly DetectorOutput[] {
  if (state.rulesOf !== context.logs) {
    state.rulesOf = context.logs;
    state.rules = rulesOf(context);
    state.byPath.clear();
  }
  const outputs: DetectorOutput[] = [];
  const raw = line.text.slice(0, MOST_CHARACTERS);
  const text = plainLine(raw);
  for (const { index, rule } of rulesFor(state, line.path)) {
    if (!rule.pattern.test(text) && (text === raw || !rule.pattern.test(raw))) continue;
    const key = `${index} ${line.path}`;
    const known = state.found.get(key);
    if (!known && state.found.size >= MOST) continue;
    const one = known ?? {
      rule,
      path: line.path,
      count: 0,
      firstAt: line.seenAt,
      lastAt: line.seenAt,
      first: raw,
      last: raw,
    };
    one.count++;
    one.last = raw;
    one.lastAt = line.seenAt;
    state.found.set(key, one);
    outputs.push(told(key, one, context));
  }
  return outputs;
}

function rulesFor(state: State, path: string): { index: number; rule: Rule }[] {
  let some = state.byPath.get(path);
  if (!some) {
    if (state.byPath.size >= MOST) state.byPath.clear();
    some = (state.rules ?? []).flatMap((rule, index) => (rule.path.test(path) ? [{ index, rule }] : []));
    state.byPath.set(path, some);
  }
  return some;
}

function rulesOf(context: DetectorContext): Rule[] {
  return context.logs.flatMap((log) =>
    (log.match ?? []).flatMap((match) => {
      const pattern = linearPattern(match.pattern, match.ignoreCase ?? false);
      return pattern instanceof RegExp ? [{ match, pattern, path: globPattern(log.path) }] : [];
    }),
  );
}

/** `*`, `?` and `[…]` as the host's shell expands them: within one folder. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\[(!?)([^\]/]+)\]|[\s\S]/g, (one: string, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? '^/' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
    if (one === '*') return '[^/]*';
    if (one === '?') return '[^/]';
    return one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  const pattern = linearPattern(`^${source}$`, false);
  return pattern instanceof RegExp ? pattern : /^$/;
}

function told(key: string, one: Found, context: DetectorContext): DetectorOutput {
  const { rule, count } = one;
  const path = visibleText(one.path, 120);
  const pattern = visibleText(rule.match.pattern, 80);
  const seen = plainLine(one.last);
  const last = visibleText(seen.trim(), 160);
  const lines = [
    { type: 'line' as const, source: one.path, text: one.first.slice(0, 2000), at: one.firstAt },
  ];
  if (count > 1)
    lines.push({ type: 'line' as const, source: one.path, text: one.last.slice(0, 2000), at: one.lastAt });
  return {
    type: 'event',
    key,
    draft: {
      kind: 'log.matched',
      severity: rule.match.severity,
      at: one.firstAt,
      hostAt: one.firstAt + (context.facts?.clockOffsetMs ?? 0),
      title: count === 1 ? `${path}: ${last}` : `${path}: ${countWords(count)} lines match “${pattern}”`,
      verdict: `${countWords(count)} line${count === 1 ? '' : 's'} of ${path} ${count === 1 ? 'matches' : `match`} “${pattern}”${count === 1 ? '' : ` within ${spokenAge(one.lastAt - one.firstAt)}`}; the last says “${last}”`,
      detail: {
        path: one.path,
        pattern: rule.match.pattern,
        count,
        lastAt: one.lastAt,
        last: seen.slice(0, 1000),
      },
      evidence: lines,
      actions: [],
      momentary: false,
    },
  };
}
