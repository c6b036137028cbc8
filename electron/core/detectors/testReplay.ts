import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { ThresholdRule, WatchedLog } from '../../../shared/model/workspace.ts';
import { linesOf } from './recordingFiles.ts';
import { replayInputs } from './replayInputs.ts';

/** What the detectors tell of a recording in `fixtures`: the latest revision of each event. No detector may fail. */
export async function replayed(
  name: string,
  options: {
    hosts?: number;
    thresholds?: ThresholdRule[];
    logs?: WatchedLog[];
    /** Changes the recording's lines first. */
    change?: (line: string) => string;
    /** Given each revision as it is told. */
    onEvent?: (event: TimelineEvent) => void;
  } = {},
): Promise<TimelineEvent[]> {
  const { hosts = 1, thresholds = [], logs = [], change = (line) => line, onEvent } = options;
  const events = new Map<string, TimelineEvent>();
  const diagnostics: string[] = [];
  const lines: string[] = [];
  for await (const line of linesOf(fileURLToPath(new URL(`./fixtures/${name}.jsonl.gz`, import.meta.url))))
    lines.push(change(line));
  const result = await replayInputs(() => lines, {
    thresholds,
    logs,
    appliesTo: () => true,
    publish: (event) => {
      onEvent?.(event);
      events.set(event.id, event);
    },
    diagnostic: (line) => diagnostics.push(line),
  });
  expect(diagnostics).toEqual([]);
  expect(result).toMatchObject({ hosts, faults: 0 });
  return [...events.values()];
}
