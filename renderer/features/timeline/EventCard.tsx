import type { JsonValue } from '../../../shared/base/json.ts';
import { EVENT_MEANING } from '../../../shared/model/eventMeaning.ts';
import {
  asText,
  formatBytes,
  formatCores,
  formatMilliseconds,
  formatPerSecond,
  formatShare,
  isoTime,
} from '../../../shared/model/format.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import { useTimeline } from '../../stores/timeline.ts';
import { openDialog, useUi } from '../../stores/ui.ts';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { type EvidenceLine, evidencePieces } from './evidenceLines.ts';
import styles from './Timeline.module.css';
import { clockTime, utcTime } from './timeFormat.ts';

/** What an event rests on: figures, evidence that opens, and the remediations that fit, best first. */
export function EventCard({ event }: { event: TimelineEvent }) {
  const related = useTimeline((state) => (event.relatesTo ? state.byId[event.relatesTo] : undefined));
  return (
    <div className={styles.card}>
      {event.verdict && <p className={styles.verdict}>{visibleText(event.verdict, 1000)}</p>}
      {event.actions.length > 0 && event.endedAt === undefined && (
        <div className={styles.actions}>
          {event.actions.map((action) => (
            <button
              key={JSON.stringify([action.action, action.arguments])}
              type="button"
              className={styles.action}
              onClick={() => openDialog({ kind: 'remediation', request: action, event: event.id })}
            >
              {visibleText(action.label, 120)}
            </button>
          ))}
        </div>
      )}
      {event.endedAt === undefined && <ProfileButton event={event} />}
      {EVENT_MEANING[event.kind] && <p className={styles.meaning}>{EVENT_MEANING[event.kind]}</p>}
      {event.evidence.length > 0 && (
        <>
          <h3 className={styles.subheading}>Evidence</h3>
          <ul className={styles.evidence}>
            {evidencePieces(event.evidence).map((evidence, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: evidence is only ever appended
              <li key={index}>
                <EvidenceItem evidence={evidence} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h3 className={styles.subheading}>Figures</h3>
      <dl className={styles.facts}>
        <dt>kind</dt>
        <dd>{event.kind}</dd>
        {rowsOf(event.detail).map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
        <dt>happened</dt>
        <dd>{utcTime(event.at)}</dd>
        {event.endedAt !== undefined && event.endedAt !== event.at && (
          <>
            <dt>over</dt>
            <dd>{utcTime(event.endedAt)}</dd>
          </>
        )}
        <dt>noticed</dt>
        <dd>
          {Math.max(0, (event.seenAt - event.at) / 1000).toFixed(1)} s later
          {Math.abs(event.clockOffsetMs) >= 1 && ` · host clock ${signed(event.clockOffsetMs)} ms`}
        </dd>
        {related && (
          <>
            <dt>belongs to</dt>
            <dd>{visibleText(related.title, 200)}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

/** Who keeps the CPU busy can be looked into: all processes of that program at once. */
function ProfileButton({ event }: { event: TimelineEvent }) {
  const culprit = event.evidence.find((one) => one.type === 'process');
  if (event.kind !== 'cpu.saturated' || culprit?.type !== 'process' || !event.host) return null;
  const { host } = event;
  const name = programName(culprit);
  const label = `Profile all ${visibleText(name, 40)}`;
  return (
    <div className={styles.actions}>
      <button
        type="button"
        className={styles.action}
        onClick={() => openDialog({ kind: 'profile', host, targets: { name }, label, event: event.id })}
      >
        {label}…
      </button>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function EvidenceItem({ evidence }: { evidence: ReturnType<typeof evidencePieces>[number] }) {
  switch (evidence.type) {
    case 'lines':
      return (
        <details open>
          <summary>{visibleText(evidence.source, 200)}</summary>
          <ScrollableText className={styles.raw}>
            {evidence.lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever appended
              <Line key={index} line={line} />
            ))}
          </ScrollableText>
        </details>
      );
    case 'output':
      return (
        <details>
          <summary>
            output, exit {evidence.exitCode ?? 'unknown'}: <code>{visibleText(evidence.command, 120)}</code>
          </summary>
          <ScrollableText className={styles.raw}>{visibleLines(evidence.text)}</ScrollableText>
        </details>
      );
    case 'process':
      return (
        <details>
          <summary>
            process {evidence.identity.pid} {visibleText(evidence.name, 40)}
            {evidence.note && `: ${visibleText(evidence.note, 200)}`}
          </summary>
          <ScrollableText className={styles.raw}>
            {visibleText(evidence.command, 4000)}
            {`\nboot ${evidence.identity.bootId} · start ${evidence.identity.startTicks} ticks`}
          </ScrollableText>
        </details>
      );
    case 'profile':
      return (
        <button
          type="button"
          className={styles.textButton}
          onClick={() =>
            openDialog({
              kind: 'flame',
              profile: evidence.profile.id,
              ...(evidence.against ? { against: evidence.against.id } : {}),
            })
          }
        >
          {evidence.against ? 'Open the comparison' : 'Open the flame graph'} of{' '}
          {visibleText(evidence.profile.title, 100)}
        </button>
      );
    case 'samples':
      return (
        <button
          type="button"
          className={styles.textButton}
          onClick={() => useUi.setState({ time: { kind: 'past', from: evidence.from, to: evidence.to } })}
        >
          {evidence.metric}, {clockTime(evidence.from, Date.now())}–{clockTime(evidence.to, Date.now())}
          {evidence.note && `: ${visibleText(evidence.note, 200)}`}
        </button>
      );
    case 'cast':
      return (
        <span>
          recording of pane {visibleText(evidence.pane, 64)} at {evidence.offsetSeconds.toFixed(1)} s
        </span>
      );
  }
}

function Line({ line: { text, at, again } }: { line: EvidenceLine }) {
  const clock = (time: number) => clockTime(time, Date.now());
  return (
    <span className={styles.line}>
      {at !== undefined && <time dateTime={isoTime(at)}>{clock(at)} </time>}
      {visibleLines(text, 4000)}
      {again && <i> and again{again.lastAt !== undefined && `, last at ${clock(again.lastAt)}`}</i>}
    </span>
  );
}

/** Detail as rows of plain words: `residentBytes` → `resident`, nested objects one level in. */
function rowsOf(detail: Record<string, JsonValue>): [string, string][] {
  return Object.entries(detail).flatMap(([key, value]): [string, string][] => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return rowsOf(value).map(([inner, text]) => [`${words(key)} ${inner}`, text]);
    }
    return [[words(key), written(key, value)]];
  });
}

function words(key: string): string {
  return key
    .replace(/(Bytes|PerSecond|Ms|Cores)$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}

function written(key: string, value: JsonValue): string {
  if (typeof value === 'number') {
    if (key.endsWith('Bytes')) return asText(formatBytes(value));
    if (key.endsWith('At')) return utcTime(value);
    if (key.endsWith('PerSecond')) return asText(formatPerSecond(value));
    if (key.endsWith('Cores')) return asText(formatCores(value));
    if (key.endsWith('Share')) return asText(formatShare(value));
    if (key.endsWith('Ms')) return asText(formatMilliseconds(value));
    return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  }
  if (Array.isArray(value)) return visibleText(value.map((v) => String(v)).join(', '), 400);
  return visibleText(String(value), 1000);
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${Math.round(value)}`;
}
