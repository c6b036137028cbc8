import type { CliCommand } from './cliContext.ts';
import { parseDuration, parseFlags } from './commandFlags.ts';
import { doctorTable } from './doctorTable.ts';
import { examineHost, untilSettled } from './examineHost.ts';
import { withWorkspace } from './openForCommand.ts';

const HELP = `Usage: npm run -s fireline -- doctor WORKSPACE.yaml [options]

Connects to every host of the workspace and says what works: login, the sampler's interpreter, the kernel log, the
clock, how many channels its server allows; and what to do about what does not.

  --json           one JSON object on stdout instead of the table
  --timeout TIME   wait at most this long for the hosts; default 30s
  --approve        approve the commands that this file brings, as it is now
  --help           print this

Exit status: 0 if every host can be used; 1 if one cannot or the file has errors; 2 if the command line was not understood.
`;

/** `fireline doctor`: what works on each host. */
export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'say per host what works, and what to do about what does not',
  help: HELP,
  async run(args, context) {
    const { target, values } = parseFlags(args, 'WORKSPACE.yaml', {
      json: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '30s' },
      approve: { type: 'boolean', default: false },
    });
    const timeoutMs = parseDuration(values.timeout, '--timeout');
    const done = await withWorkspace(
      context,
      { path: target, partial: true, approve: values.approve },
      async (core, problems) => {
        const reasons = await untilSettled(core, context, timeoutMs);
        const hosts = await Promise.all(core.hosts.map((host) => examineHost(core, host, reasons)));
        context.stdout(values.json ? `${JSON.stringify({ problems, hosts })}\n` : doctorTable(hosts));
        return hosts.every((host) => host.usable) && !problems.some((p) => p.severity === 'error');
      },
    );
    return done.opened && done.result ? 0 : 1;
  },
};
