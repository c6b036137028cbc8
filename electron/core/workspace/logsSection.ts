import type { LogMatch, WatchedLog } from '../../../shared/model/workspace.ts';
import { linearPattern } from '../detectors/linearPattern.ts';
import { type Item, quote, type YamlReader } from './yamlReader.ts';

const SEVERITIES = ['info', 'warning', 'critical'] as const;

/**
 *     logs:
 *       - path: "/srv/www/*\/log/*.log"                  # absolute; *, ? and […]
 *         on: [web]                                      # ids or tags; absent: every host
 *         match:
 *           - ECONNREFUSED                               # a pattern; severity warning
 *           - { pattern: "out of .*memory", severity: critical, ignoreCase: true }
 */
export function readLogs(
  reader: YamlReader,
  item: Item,
  readOnOf: (item: Item) => string[] | undefined,
): WatchedLog[] {
  const logs: WatchedLog[] = [];
  for (const one of reader.list(item, 'logs') ?? []) {
    const entries = reader.map(one, 'a log', ['path', 'on', 'match']);
    if (!entries) continue;
    const pathItem = entries.get('path');
    if (!pathItem) reader.problem(one.offset, 'A log has no path.', 'path: an absolute path on the host');
    const path = pathItem && reader.text(pathItem, 'path');
    const onItem = entries.get('on');
    const on = onItem && readOnOf(onItem);
    const matchItem = entries.get('match');
    const match = matchItem ? readMatches(reader, matchItem) : [];
    if (path === undefined || (onItem && !on)) continue;
    if (!path.startsWith('/')) {
      reader.problem(
        pathItem?.offset ?? one.offset,
        `The log path ${quote(path)} is not absolute.`,
        'a path that starts with / (the host has no ~ for it)',
      );
      continue;
    }
    logs.push({ path, ...(on ? { on } : {}), ...(match.length > 0 ? { match } : {}) });
  }
  return logs;
}

/** A pattern that cannot be used is left out, with its problem. */
function readMatches(reader: YamlReader, item: Item): LogMatch[] {
  return (reader.list(item, 'match') ?? []).flatMap((one) => {
    const { node } = one;
    const match = node && 'value' in node ? readShort(reader, one) : readWhole(reader, one);
    if (!match) return [];
    const pattern = linearPattern(match.pattern, match.ignoreCase ?? false);
    if (pattern instanceof RegExp) return [match];
    reader.problem(
      one.offset,
      `The pattern ${quote(match.pattern)} cannot be used: ${pattern.reason}.`,
      'a regular expression without back references and look-around',
    );
    return [];
  });
}

function readShort(reader: YamlReader, item: Item): LogMatch | undefined {
  const pattern = reader.text(item, 'a pattern');
  return pattern === undefined ? undefined : { pattern, severity: 'warning' };
}

function readWhole(reader: YamlReader, item: Item): LogMatch | undefined {
  const entries = reader.map(item, 'a match', ['pattern', 'severity', 'ignoreCase']);
  if (!entries) return undefined;
  const patternItem = entries.get('pattern');
  if (!patternItem) reader.problem(item.offset, 'A match has no pattern.', 'pattern: a regular expression');
  const pattern = patternItem && reader.text(patternItem, 'pattern');
  const severityItem = entries.get('severity');
  const text = severityItem && reader.text(severityItem, 'severity');
  const severity = SEVERITIES.find((known) => known === text);
  if (severityItem && text !== undefined && !severity)
    reader.unknownName(severityItem.offset, `There is no severity ${quote(text)}`, text, [...SEVERITIES]);
  const caseItem = entries.get('ignoreCase');
  const ignoreCase = caseItem && reader.flag(caseItem, 'ignoreCase');
  if (pattern === undefined) return undefined;
  return { pattern, severity: severity ?? 'warning', ...(ignoreCase ? { ignoreCase } : {}) };
}
