import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { plural } from '../../shared/model/format.ts';
import type { TimelineEvent } from '../../shared/model/timelineEvent.ts';
import type { Workspace } from '../../shared/model/workspace.ts';
import { dataDirectory } from '../core/homes/dataDirectory.ts';
import { ownAccount } from '../core/homes/ownAccount.ts';
import { type CliCommand, type CliContext, UsageError } from './cliContext.ts';
import { parseFlags } from './commandFlags.ts';
import { createRevisionFilter, eventLine } from './eventLine.ts';

const HELP = `Usage: npm run -s fireline -- replay latest|INC-NUMBER|RECORDING.jsonl.gz [options]

Runs a recording of the hosts through the detectors again and prints what they tell, as \`watch\` does: one JSON object a
line and event. \`latest\` is the recording made last; an incident's number takes the recording it is in, and prints what
happened from ten minutes before it began until it ended. Recordings are in a record's folder, under inputs/.

  --workspace FILE   take thresholds, log patterns and tags from this file; without it, the defaults
  --help             print this

So that a threshold can be tried on what has happened: change it in a copy of the workspace and replay with that.
Exit status: 0; 1 if there is no such recording or the file was refused; 2 if the command line was not understood.
`;

const BEFORE_MS = 10 * 60_000;

/** `fireline replay`: what the detectors would have told of a recording, with other thresholds. */
export const replay: CliCommand = {
  name: 'replay',
  summary: 'run a recording through the detectors, with the thresholds of a file',
  help: HELP,
  async run(args, context) {
    const { target, values } = parseFlags(args, 'latest, INC-NUMBER or RECORDING.jsonl.gz', {
      workspace: { type: 'string' },
    });
    const workspace =
      values.workspace === undefined ? undefined : await readThresholds(values.workspace, context);
    if (workspace === null) return 1;
    const found = await findRecording(target, context);
    const { linesOf } = await import('../core/detectors/recordingFiles.ts');
    const { replayInputs } = await import('../core/detectors/replayInputs.ts');
    const { appliesTo } = await import('../core/liveHost.ts');
    const worthTelling = createRevisionFilter();
    let told = 0;
    const began = context.clock.monotonic();
    const tags = new Map(workspace?.hosts.map((host) => [host.id, host.tags]));
    const result = await replayInputs(() => linesOf(found.file), {
      thresholds: workspace?.thresholds ?? [],
      logs: workspace?.logs ?? [],
      // The file's tags go over those that the hosts had.
      appliesTo: (on, host) => appliesTo(on, { id: host.id, tags: tags.get(host.id) ?? host.tags }),
      publish(event) {
        if (!isWithin(event, found) || !worthTelling(event)) return;
        told++;
        context.stdout(eventLine(event));
      },
      diagnostic: (line) => context.stderr(`fireline: ${line}\n`),
    });
    const seconds = ((context.clock.monotonic() - began) / 1000).toFixed(1);
    const recorded = Math.round((result.toAt - result.fromAt) / 1000);
    context.stderr(
      `fireline: ${recorded} s of ${result.hosts} ${plural(result.hosts, 'host')} replayed in ${seconds} s: ${told} ${plural(told, 'line')}${result.faults > 0 ? `; ${result.faults} ${plural(result.faults, 'input')} could not be read` : ''}\n`,
    );
    return 0;
  },
};

interface Found {
  file: string;
  /** What is printed, epoch ms; absent: all. */
  from?: number;
  to?: number;
}

function isWithin(event: TimelineEvent, { from, to }: Found): boolean {
  return (
    (from === undefined || (event.endedAt ?? event.seenAt) >= from) && (to === undefined || event.at <= to)
  );
}

async function findRecording(target: string, context: CliContext): Promise<Found> {
  if (/\.gz$/.test(target)) {
    const file = resolve(target);
    if (!existsSync(file)) throw new Error(`there is no file ${file}`);
    return { file };
  }
  const number =
    target === 'latest' ? undefined : Number(/^(?:INC-)?(\d{1,9})$/i.exec(target)?.[1] ?? Number.NaN);
  if (Number.isNaN(number))
    throw new UsageError(
      `${JSON.stringify(target)}: expected latest, an incident's number, or a recording that ends in .gz`,
    );
  const data = dataDirectory(context.environment);
  const { recordingsOf } = await import('../core/detectors/recordingFiles.ts');
  const { listRecords, recordOfIncident } = await import('../core/store/recordDirectories.ts');
  if (number === undefined) {
    const all = listRecords(data).flatMap((record) => recordingsOf(record.directory));
    const last = all.sort((a, b) => a.startedAt - b.startedAt).at(-1);
    if (!last)
      throw new Error(`there is no recording in ${data}: open a workspace first, or set FIRELINE_HOME`);
    return { file: last.file };
  }
  const directory = recordOfIncident(data, number);
  if (directory === undefined) throw new Error(`there is no incident INC-${number} in ${data}`);
  const { openRecord } = await import('../core/store/recordStore.ts');
  const opened = openRecord(directory, { clock: context.clock, readOnly: true });
  if (!opened.ok) throw new Error(`the record of INC-${number} cannot be read: ${opened.error.message}`);
  try {
    const incident = opened.value.readIncidents().find((one) => one.number === number);
    if (!incident) throw new Error(`there is no incident INC-${number} in ${directory}`);
    const from = (incident.impactBeganAt ?? incident.startedAt) - BEFORE_MS;
    const file = recordingsOf(directory)
      .filter((one) => one.startedAt <= incident.startedAt)
      .at(-1)?.file;
    if (file === undefined)
      throw new Error(`nothing of INC-${number} was recorded for the detectors; it may be older than that`);
    return { file, from, ...(incident.endedAt === undefined ? {} : { to: incident.endedAt }) };
  } finally {
    opened.value.dispose();
  }
}

/** Null: the file was refused, and its problems were told. */
async function readThresholds(path: string, context: CliContext): Promise<Workspace | null> {
  const { readWorkspaceFile } = await import('../core/workspace/workspaceFile.ts');
  const { detectorThresholds } = await import('../core/detectors/detectors.ts');
  const parsed = await readWorkspaceFile(resolve(path), {
    homeDirectory: context.environment['HOME'] ?? ownAccount().home,
    detectors: detectorThresholds,
  });
  for (const p of parsed.problems)
    context.stderr(`${p.file}:${p.line}:${p.column}: ${p.severity}: ${p.message}; expected ${p.expected}\n`);
  if (parsed.workspace && parsed.problems.every((p) => p.severity === 'warning')) return parsed.workspace;
  context.stderr('fireline: the workspace file has faults: mend it and try again\n');
  return null;
}
