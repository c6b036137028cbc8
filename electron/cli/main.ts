import { systemClock } from '../../shared/base/clock.ts';
import { openControllingTerminal } from './controllingTerminal.ts';
import { runCli } from './runCli.ts';

const interrupted = new AbortController();
// Once is enough, and npm may send it twice: closing is not to be cut short.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
let unwritten: Error | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `… | head`: nobody reads on, so there is nothing left to do.
  if (error.code !== 'EPIPE') unwritten ??= error;
  interrupted.abort();
});
// A terminal that has gone: nobody reads what is said to people, and the answer is still wanted.
process.stderr.on('error', () => {});

const status = await runCli(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  environment: process.env,
  interrupted: interrupted.signal,
  clock: systemClock,
  openTerminal: openControllingTerminal,
  // Loaded when needed: `--help` and a mistyped option answer at once.
  createCore: async (options) => (await import('../core/core.ts')).createCore(options),
  reportFromRecord: async (options) =>
    (await import('../core/report/reportFromRecord.ts')).reportFromRecord(options),
});
// What the disk refuses is told after the write has returned.
await new Promise((resolve) => process.stdout.write('', resolve));
if (unwritten) process.stderr.write(`fireline: the answer could not be written: ${unwritten.message}\n`);
process.exit(unwritten ? 1 : status);
