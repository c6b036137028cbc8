import { describeLink } from '../../shared/model/describeLink.ts';
import { isUp, type SamplerState } from '../../shared/model/host.ts';
import type { Core } from '../core/core.types.ts';
import type { CliCommand, CliContext } from './cliContext.ts';
import { parseDuration, parseFlags } from './commandFlags.ts';
import { createRevisionFilter, eventLine } from './eventLine.ts';
import { needsPerson, withWorkspace } from './openForCommand.ts';

const HELP = `Usage: npm run -s fireline -- watch WORKSPACE.yaml [options]

Connects to every host of the workspace, records, and prints the timeline on stdout: one JSON object a line and event,
  {"id","revision","host","kind","severity","at","seenAt","clockOffsetMs","title","verdict","detail","evidence"}
Times are ISO 8601 in UTC. An event that goes on is printed again, with the same id and a higher revision, when it says
something new and when it is over ("endedAt"). "relatesTo" is the id of the event that one closes or belongs to.
Everything else goes to stderr.

  --for TIME    end after this long: 60s, 5m, 2h; without it, at Ctrl-C
  --approve     approve the commands that this file brings, as it is now
  --partial     use the hosts that are fine although the file has problems
  --help        print this

Exit status: 0; 1 if the file was refused or no host could be used; 2 if the command line was not understood.
`;

/** `fireline watch`: the timeline as JSON lines. */
export const watch: CliCommand = {
  name: 'watch',
  summary: 'watch the hosts of a workspace; print the timeline as JSON lines',
  help: HELP,
  async run(args, context) {
    const { target, values } = parseFlags(args, 'WORKSPACE.yaml', {
      for: { type: 'string' },
      approve: { type: 'boolean', default: false },
      partial: { type: 'boolean', default: false },
    });
    const forMs = values.for === undefined ? undefined : parseDuration(values.for, '--for');
    const used = new Set<string>();
    const worthTelling = createRevisionFilter();
    const sampled = new Set<string>();
    const tellOnce = (host: string, sampler: SamplerState) => {
      if (sampler.kind !== 'running' || sampled.has(host)) return;
      sampled.add(host);
      context.stderr(`fireline: ${host} is up and sampled by ${sampler.implementation}\n`);
    };
    const done = await withWorkspace(
      context,
      {
        path: target,
        partial: values.partial,
        approve: values.approve,
        before: (core) =>
          void core.onEvent((event) => {
            if (event.name === 'timeline' && worthTelling(event.data)) context.stdout(eventLine(event.data));
            if (event.name === 'host.link' && isUp(event.data.link)) used.add(event.data.host);
            if (event.name === 'host.sampler') tellOnce(event.data.host, event.data.sampler);
          }),
      },
      async (core) => {
        for (const host of core.hosts) if (isUp(host.link)) used.add(host.id);
        await untilEnd(core, context, forMs);
        for (const host of core.hosts) {
          if (used.has(host.id)) continue;
          const why = needsPerson(host.link) ?? describeLink(host.link).word;
          context.stderr(`fireline: ${host.id} could not be used: ${why}\n`);
        }
        return used.size > 0;
      },
    );
    return done.opened && done.result ? 0 : 1;
  },
};

/** Until the time is up, someone interrupts, or no host is left that may come up without a person. */
function untilEnd(core: Core, context: CliContext, forMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = forMs === undefined ? undefined : context.clock.after(forMs, end);
    const links = core.onEvent((event) => {
      if (event.name === 'host.link') look();
    });
    context.interrupted.addEventListener('abort', end);
    function end(): void {
      timer?.dispose();
      links.dispose();
      context.interrupted.removeEventListener('abort', end);
      resolve();
    }
    function look(): void {
      if (core.hosts.every((host) => needsPerson(host.link) !== undefined)) {
        context.stderr('fireline: no host is left to watch\n');
        end();
      }
    }
    if (context.interrupted.aborted) end();
    else look();
  });
}
