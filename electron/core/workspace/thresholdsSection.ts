import type { ThresholdRule } from '../../../shared/model/workspace.ts';
import { type Entries, type Item, quote, type YamlReader } from './yamlReader.ts';

/** Detectors with their thresholds and defaults, as `detectors.ts` has them. */
export type KnownThresholds = Readonly<Record<string, Readonly<Record<string, number | boolean>>>>;

/**
 *     thresholds:
 *       respawnLoop: { minimumRestarts: 4 }            # every host
 *       overrides:                                     # later ones win
 *         - { on: [web], respawnLoop: { minimumRestarts: 10 } }
 *
 * Without `known`, names are not checked. A value that cannot be used is left out, with its problem.
 */
export function readThresholds(
  reader: YamlReader,
  item: Item,
  known: KnownThresholds | undefined,
  readOn: (item: Item) => string[] | undefined,
): ThresholdRule[] {
  const detectors = known && Object.keys(known);
  const entries = reader.map(item, 'thresholds', detectors && [...detectors, 'overrides']);
  if (!entries) return [];
  const rules = readRules(reader, entries, known, ['overrides']);
  const overrides = entries.get('overrides');
  for (const [index, one] of ((overrides && reader.list(overrides, 'overrides')) ?? []).entries()) {
    const what = `override ${index + 1}`;
    const own = reader.map(one, what, detectors && [...detectors, 'on']);
    if (!own) continue;
    const onItem = own.get('on');
    if (!onItem)
      reader.problem(one.offset, `${what} does not say which hosts it is for.`, 'on: [host ids or tags]');
    const on = onItem && readOn(onItem);
    if (on) rules.push(...readRules(reader, own, known, ['on']).map((rule) => ({ ...rule, on })));
  }
  return rules;
}

function readRules(
  reader: YamlReader,
  entries: Entries,
  known: KnownThresholds | undefined,
  others: readonly string[],
): ThresholdRule[] {
  const rules: ThresholdRule[] = [];
  for (const [detector, item] of entries) {
    if (others.includes(detector)) continue;
    const defaults = known?.[detector];
    const values: Record<string, number | boolean> = {};
    for (const [name, value] of reader.map(item, detector, defaults && Object.keys(defaults)) ?? []) {
      const read = readValue(reader, value, `${detector}.${name}`, defaults?.[name]);
      if (read !== undefined) values[name] = read;
    }
    rules.push({ detector, values });
  }
  return rules;
}

const MOST_SHARE = 10;

function readValue(
  reader: YamlReader,
  item: Item,
  what: string,
  standard: number | boolean | undefined,
): number | boolean | undefined {
  const value = item.node && 'value' in item.node ? item.node.value : undefined;
  const wanted = typeof standard;
  if (typeof value === 'boolean' && wanted !== 'number') return value;
  // More than all is how to switch one off; but whoever writes 95 means per cent.
  const isShare = /share$/i.test(what);
  const most = isShare ? MOST_SHARE : Number.POSITIVE_INFINITY;
  if (
    typeof value === 'number' &&
    value >= 0 &&
    value <= most &&
    Number.isFinite(value) &&
    wanted !== 'boolean'
  )
    return value;
  const shown =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? ` ${quote(String(value))}`
      : '';
  const expected =
    wanted === 'boolean'
      ? 'true or false'
      : isShare
        ? 'a share: 0.95 is 95 %'
        : wanted === 'number'
          ? 'a number, 0 or more'
          : 'a number, 0 or more, or true or false';
  reader.problem(
    item.offset,
    `The threshold ${what} cannot be${shown}.`,
    `${expected}${standard === undefined ? '' : `; ${standard} when not given`}`,
  );
  return undefined;
}
