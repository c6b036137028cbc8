import { isoTime } from '../../shared/model/format.ts';
import type { Evidence, TimelineEvent } from '../../shared/model/timelineEvent.ts';

/**
 * One event as one line of JSON. Times are ISO 8601 in UTC with milliseconds, those in `detail` as the detector wrote
 * them. `verdict` is one plain sentence with the numbers, where there is more to say than the title. `revision` counts up
 * under the same `id`; `endedAt` is there once it is over, `relatesTo` where it closes another event or belongs to it.
 */
export function eventLine(event: TimelineEvent): string {
  return `${JSON.stringify({
    id: event.id,
    revision: event.revision,
    host: event.host ?? null,
    kind: event.kind,
    severity: event.severity,
    at: isoTime(event.at),
    seenAt: isoTime(event.seenAt),
    ...(event.endedAt === undefined ? {} : { endedAt: isoTime(event.endedAt) }),
    ...(event.relatesTo === undefined ? {} : { relatesTo: event.relatesTo }),
    clockOffsetMs: event.clockOffsetMs,
    title: event.title,
    ...(event.verdict === undefined ? {} : { verdict: event.verdict }),
    detail: event.detail,
    evidence: event.evidence.map(withTimes),
  })}\n`;
}

function withTimes(evidence: Evidence): unknown {
  if (evidence.type === 'line' && evidence.at !== undefined) return { ...evidence, at: isoTime(evidence.at) };
  if (evidence.type === 'samples')
    return { ...evidence, from: isoTime(evidence.from), to: isoTime(evidence.to) };
  return evidence;
}

/** Decides which revisions are worth a line: the first, and those that say something new. */
export function createRevisionFilter(): (event: TimelineEvent) => boolean {
  const told = new Map<string, string>();
  return (event) => {
    const gist = gistOf(event);
    if (told.get(event.id) === gist) return false;
    told.set(event.id, gist);
    return true;
  };
}

/** What makes a revision material: another kind, severity, end, fact, kind of evidence or remedy; not a figure that moved. */
function gistOf(event: TimelineEvent): string {
  return JSON.stringify([
    event.kind,
    event.severity,
    event.endedAt !== undefined,
    Object.keys(event.detail).sort(),
    [...new Set(event.evidence.map((e) => e.type))].sort(),
    event.actions.map((a) => [a.action, a.arguments]),
  ]);
}
