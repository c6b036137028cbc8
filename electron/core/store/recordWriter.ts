import type { Clock } from '../../../shared/base/clock.ts';
import { withoutSecrets } from '../../../shared/model/commandLine.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { RecordStore } from './store.types.ts';

/**
 * Writes to the record of a workspace on a disk that may be full. The terminal and the charts go on without it; the
 * timeline says once that it is not kept, and when it is again. Events of the time between wait in memory and are
 * written then, but for the oldest of very many; those and the samples are lost, and counted.
 */
export interface RecordWriter {
  /** False when it could not be written; `what` is for the diagnostics: `samples`. */
  write(what: string, write: () => void): boolean;
  /** Committed before it is shown, or shown all the same. @returns it as it is kept: without secrets */
  publish(event: TimelineEvent): TimelineEvent;
}

/** As many as an hour in trouble has; beyond it the oldest go. */
const MOST_WAITING = 5_000;

export function createRecordWriter(options: {
  store: Pick<RecordStore, 'directory' | 'putEvent'>;
  clock: Clock;
  show: (event: TimelineEvent) => void;
  diagnostic: (line: string) => void;
}): RecordWriter {
  const { store, clock, show } = options;
  let failing: { event: TimelineEvent; lost: number } | undefined;
  let waiting: TimelineEvent[] = [];
  /** Of those that waited, there were too many. */
  let dropped = 0;

  function write(what: string, put: () => void): boolean {
    try {
      put();
    } catch (error) {
      fail(what, error);
      return false;
    }
    recover();
    return true;
  }

  function fail(what: string, error: unknown): void {
    if (failing) {
      failing.lost++;
      return;
    }
    options.diagnostic(`record: ${what} could not be written: ${String(error)}`);
    const reason = error instanceof Error ? error.message : String(error);
    const event = workbenchEvent(clock.now(), {
      kind: 'recording.failed',
      severity: 'critical',
      title: `The record could not be written: ${reason}`,
      detail: { directory: store.directory },
    });
    failing = { event, lost: 1 };
    show(event);
  }

  function recover(): void {
    if (!failing) return;
    const { event, lost } = failing;
    const at = clock.now();
    const seconds = Math.round((at - event.at) / 1000);
    const over: TimelineEvent = { ...event, revision: event.revision + 1, endedAt: at };
    const resumed: TimelineEvent = {
      ...workbenchEvent(at, {
        kind: 'recording.resumed',
        severity: 'recovered',
        title: `The record is written again after ${seconds} s; ${dropped === 0 ? 'events of that time are kept, its samples are not' : `${dropped} events of that time, its first, are lost, and its samples`}`,
        detail: { directory: store.directory, writesLost: lost, eventsLost: dropped },
      }),
      relatesTo: event.id,
    };
    const late = [...waiting, over, resumed];
    try {
      for (const one of late) store.putEvent(one);
    } catch {
      // Full again already: they wait on.
      return;
    }
    failing = undefined;
    waiting = [];
    dropped = 0;
    show(over);
    show(resumed);
  }

  return {
    write,
    publish(told) {
      const event = withoutSecretsInOutputs(told);
      if (!write('an event', () => store.putEvent(event))) {
        waiting.push(event);
        if (waiting.length > MOST_WAITING) {
          waiting.shift();
          dropped++;
        }
      }
      show(event);
      return event;
    },
  };
}

/** What a command printed may list command lines, as `ps` does; the record outlives them and becomes a report. */
function withoutSecretsInOutputs(event: TimelineEvent): TimelineEvent {
  if (!event.evidence.some((one) => one.type === 'output')) return event;
  const evidence = event.evidence.map((one) =>
    one.type === 'output'
      ? { ...one, command: withoutSecrets(one.command), text: withoutSecrets(one.text) }
      : one,
  );
  return { ...event, evidence };
}

function workbenchEvent(
  at: number,
  what: Pick<TimelineEvent, 'kind' | 'severity' | 'title' | 'detail'>,
): TimelineEvent {
  return {
    ...what,
    id: crypto.randomUUID() as EventId,
    revision: 0,
    source: 'workbench',
    at,
    seenAt: at,
    clockOffsetMs: 0,
    evidence: [],
    actions: [],
  };
}
