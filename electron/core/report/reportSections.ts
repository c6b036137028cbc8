import type { JsonObject } from '../../../shared/base/json.ts';
import { asText, formatBytes, formatDuration } from '../../../shared/model/format.ts';
import type { HostSummary } from '../../../shared/model/host.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { RemediationRequest } from '../../../shared/model/remediation.ts';
import { LINE_CHARACTERS, visibleLine } from './hostText.ts';
import type { RemediationEntry, ReportModel, TimelineEntry } from './reportModel.ts';
import type { ReportTime } from './reportTime.ts';

/** Words that HTML and Markdown share. Nothing here is escaped yet. */

export function reportTitle(model: ReportModel): string {
  return model.incident ? visibleLine(model.incident.title) : `Record of ${visibleLine(model.workspaceName)}`;
}

export function reportStatus(model: ReportModel): string {
  if (!model.incident) return 'no incident declared';
  return model.ongoing ? 'going on' : 'ended';
}

/** What a person still has to write. Fireline records what happened; why it did, and what follows, it does not know. */
export const UNWRITTEN: readonly { title: string; prompt: string }[] = [
  {
    title: 'Contributing factors',
    prompt:
      'What made it possible, what made it worse, what made it hard to see? Several, and never a person.',
  },
  { title: 'Lessons', prompt: 'What went well, what went badly, where were we lucky? What surprised us?' },
  {
    title: 'Action items',
    prompt:
      'For each: what, who owns it, until when, whether it prevents, detects or mitigates, and its ticket.',
  },
];

export const SUMMARY_PROMPT =
  'Two or three sentences for someone who was not there: what broke, for whom, what was done.';

export const SEVERITY_MARK = { critical: '■', warning: '▲', info: '○', recovered: '✓' } as const;

export function actorOf(entry: TimelineEntry): string {
  const actor = entry.event.detail['actor'];
  if (typeof actor === 'string') return visibleLine(actor, 64);
  return entry.event.source;
}

/** What is known of an event beside its sentence. */
export function eventPairs(entry: TimelineEntry, time: ReportTime): [string, string][] {
  const { event } = entry;
  const pairs: [string, string][] = [
    ['happened', `${time.utcPrecise(event.at)} UTC${time.isUtc ? '' : ` (${time.local(event.at)})`}`],
  ];
  if (event.endedAt !== undefined) {
    pairs.push([
      'over',
      `${time.utcPrecise(event.endedAt)} UTC, after ${formatDuration(event.endedAt - event.at)}`,
    ]);
  }
  pairs.push(['recorded', `${time.utcPrecise(event.seenAt)} UTC`]);
  if (event.hostAt !== undefined) pairs.push(['by the host’s clock', `${time.utcPrecise(event.hostAt)} UTC`]);
  if (event.host !== undefined) pairs.push(['host clock offset', `${Math.round(event.clockOffsetMs)} ms`]);
  pairs.push(['kind', `${event.kind} (${event.source})`], ['id', `${event.id}, revision ${event.revision}`]);
  return pairs;
}

/** The event's own facts, one line each, as they were recorded; what is nested is named by its path. */
export function detailPairs(entry: TimelineEntry): [string, string][] {
  return flatten(entry.event.detail, '');
}

function flatten(detail: JsonObject, path: string): [string, string][] {
  return Object.entries(detail).flatMap(([name, value]): [string, string][] => {
    const full = `${path}${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && path.length < 64) {
      return flatten(value, `${full}.`);
    }
    const bytes = /bytes$/i.test(name) && typeof value === 'number' ? ` (${asText(formatBytes(value))})` : '';
    return [
      [
        visibleLine(full, 96),
        visibleLine(typeof value === 'string' ? value : JSON.stringify(value, readably)) + bytes,
      ],
    ];
  });
}

/** Of a fraction six digits are enough to read; the JSON has all. */
function readably(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

/** A title that a line cannot hold: a note by a person may be a page. */
export function wholeTitle(entry: TimelineEntry): string | undefined {
  const { title } = entry.event;
  return title.length > LINE_CHARACTERS || title.includes('\n') ? title : undefined;
}

export function detectTime(toDetectMs: number | undefined): string {
  if (toDetectMs === undefined) return 'Time to detect is not known: when impact began has not been set.';
  if (toDetectMs < 0) return `It was detected ${formatDuration(-toDetectMs)} before impact began.`;
  return `Time to detect: ${toDetectMs < 1000 ? 'under a second' : formatDuration(toDetectMs)}.`;
}

export function remediationPairs(entry: RemediationEntry, time: ReportTime): [string, string][] {
  const { record } = entry;
  const took =
    record.finishedAt === undefined
      ? ''
      : `, finished after ${formatDuration(record.finishedAt - record.confirmedAt)}`;
  return [
    ['host', visibleLine(record.plan.host)],
    ['confirmed by', visibleLine(record.actor)],
    [
      'confirmed',
      `${time.utc(record.confirmedAt)} UTC${time.isUtc ? '' : ` (${time.local(record.confirmedAt)})`}${took}`,
    ],
    ['target', targetWords(record.plan)],
    ['exit code', record.exitCode === undefined ? 'not known' : String(record.exitCode)],
  ];
}

function targetWords(request: RemediationRequest): string {
  switch (request.action) {
    case 'process.kill':
      return `${identityWords(request.arguments.target)}; SIG${request.arguments.signal}`;
    case 'process.pause':
      return `${identityWords(request.arguments.target)}; SIG${request.arguments.resume ? 'CONT' : 'STOP'}`;
    case 'process.renice':
      return `${identityWords(request.arguments.target)}; niceness ${request.arguments.nice}`;
    case 'ssh.protect':
      return 'the listening sshd';
    case 'service.control': {
      const { manager, name, operation } = request.arguments;
      return `service ${visibleLine(name)} of ${manager}: ${operation}`;
    }
    case 'file.truncate_deleted': {
      const { target, descriptor, inode } = request.arguments;
      return `deleted file, inode ${inode}, descriptor ${descriptor} of ${identityWords(target)}`;
    }
    case 'journal.vacuum':
      return `the journal, down to ${request.arguments.keepBytes} bytes`;
    case 'runbook.run':
      return `runbook ${visibleLine(request.arguments.runbook)}: ${visibleLine(JSON.stringify(request.arguments.parameters))}`;
    case 'aws.terminate_session':
      return `session ${visibleLine(request.arguments.sessionId)}`;
    case 'aws.control_host':
      return `the host itself, through AWS: ${request.arguments.operation}`;
    case 'erlang.disconnect_node':
      return `node ${visibleLine(request.arguments.node)}, of the node in ${identityWords(request.arguments.service)}`;
  }
}

function identityWords({ pid, startTicks, bootId }: ProcessIdentity): string {
  return `pid ${pid}, started ${startTicks} ticks after boot ${visibleLine(bootId, 64)}`;
}

export function remediationOutcome(entry: RemediationEntry): string {
  const { outcome, verdict } = entry.record;
  const words =
    outcome === undefined
      ? 'not finished: what it did is not known'
      : outcome === 'unknown'
        ? 'unknown: verify'
        : outcome;
  return verdict === undefined ? words : `${words}. ${visibleLine(verdict)}`;
}

export function hostRow(host: HostSummary): string[] {
  const { facts } = host;
  return [
    visibleLine(host.id),
    visibleLine(host.address),
    facts ? visibleLine(facts.osName) : 'not known',
    facts ? visibleLine(facts.kernel) : 'not known',
    facts ? String(facts.cores) : '–',
    facts ? `${Math.round(facts.clockOffsetMs)} ± ${Math.round(facts.clockUncertaintyMs)} ms` : 'not known',
  ];
}

export const HOST_COLUMNS = ['Host', 'Address', 'System', 'Kernel', 'Cores', 'Clock offset'];
