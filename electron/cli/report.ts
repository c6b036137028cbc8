import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { dataDirectory } from '../core/homes/dataDirectory.ts';
import { type CliCommand, UsageError } from './cliContext.ts';
import { parseFlags } from './commandFlags.ts';

const FORMATS = ['md', 'html', 'json'] as const;

const HELP = `Usage: npm run -s fireline -- report latest|NUMBER [options]

Writes the report of an incident from the record: the latest one, or the one with this number (7 or INC-7).

  --format F       ${FORMATS.join(', ')}; default md
  --out FILE       where to write it; - for stdout; default: a name of its own in this folder
  --time-zone TZ   an IANA zone, as Europe/Berlin, in which times are written beside UTC
  --help           print this

JSON is one object with "format": "fireline.report" and "version": 1; another version is another shape. Times are epoch
milliseconds by this machine's clock, corrected for the host's.
  incident, times, impact, detection   what stands at the report's head; no incident: the whole record
  timeline       the events, oldest first, as they were recorded; "reference" (E7) is what the others name one by
  remediations   each with its plan, the exact command, its steps, output and outcome
  hosts          as they were last seen; "uncharted": those without an event above info
  metrics        name and unit of each; series[].samples[].values stand in their order, null where not known
  gaps           where a host has no samples, and why

Exit status: 0; 1 if there is no such incident, or it could not be written; 2 if the command line was not understood.
`;

/** `fireline report`: an incident's report, from the record alone. */
export const report: CliCommand = {
  name: 'report',
  summary: 'write the report of an incident as Markdown, HTML or JSON',
  help: HELP,
  async run(args, context) {
    const { target, values } = parseFlags(args, 'latest or NUMBER', {
      format: { type: 'string', default: 'md' },
      out: { type: 'string' },
      'time-zone': { type: 'string' },
    });
    const format = FORMATS.find((f) => f === values.format);
    if (!format) throw new UsageError(`--format ${values.format}: expected ${FORMATS.join(', ')}`);
    const timeZone = values['time-zone'];
    if (timeZone !== undefined && !isTimeZone(timeZone)) {
      throw new UsageError(`--time-zone ${timeZone}: expected an IANA name, as Europe/Berlin`);
    }
    const exported = await context.reportFromRecord({
      dataDirectory: dataDirectory(context.environment),
      which: whichIncident(target),
      format,
      ...(timeZone === undefined ? {} : { timeZone }),
    });
    if (values.out === '-') {
      context.stdout(exported.content.endsWith('\n') ? exported.content : `${exported.content}\n`);
      return 0;
    }
    const path = resolve(values.out ?? exported.fileName);
    // Reports hold command lines and log lines: for their owner, until shared on purpose.
    await writeFile(path, exported.content, { mode: 0o600 });
    context.stderr(`fireline: written to ${path}\n`);
    return 0;
  },
};

function whichIncident(text: string): 'latest' | number {
  if (text === 'latest') return text;
  const number = /^(?:INC-)?(\d{1,9})$/i.exec(text)?.[1];
  if (number === undefined)
    throw new UsageError(`${JSON.stringify(text)}: expected latest or an incident's number`);
  return Number(number);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
