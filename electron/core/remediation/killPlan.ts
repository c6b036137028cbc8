import { commandWords } from '../../../shared/model/commandLine.ts';
import { isoTime } from '../../../shared/model/format.ts';
import type { HostFacts } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import type { KillArguments, RemediationPlan } from '../../../shared/model/remediation.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import type { InspectedProcess, Inspection } from '../detectors/inspectProcesses.ts';
import { isSupervisor, spokenAge } from '../detectors/respawnRole.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { killCommand } from './killScript.ts';
import type { Needs, Privilege } from './privilege.ts';

/** After SIGTERM; SIGKILL is over in an instant unless the kernel holds the process. */
export const WAIT_MS = 5000;

type Words = Pick<RemediationPlan, 'title' | 'command' | 'touches' | 'needs' | 'verification' | 'refusal'>;

/** What killing this process means, from one look at the host. `now` is the host's clock, epoch ms. */
export function planKill(
  args: KillArguments,
  seen: Inspection,
  known: {
    facts: HostFacts | undefined;
    name: string | undefined;
    now: number;
    descendants: readonly ProcessRow[];
    needs: Needs;
  },
): { words: Words; argv: string[]; privilege: Privilege } {
  const { pid } = args.target;
  const process = seen.processes.find((p) => p.identity.pid === pid);
  const same = process !== undefined && isTarget(process, args, seen);
  // A title may end in blanks (`unicorn master  `): the kernel cuts comm at 15 bytes.
  const name = visibleText(same ? programName(process) : (known.name ?? 'unknown').trim(), 32);
  const { descendants } = known;
  const { privilege = 'none' } = known.needs;
  const argv = killCommand(args, {
    perl: seen.perl,
    privilege,
    waitMs: WAIT_MS,
    others: descendants.filter((row) => !seen.ancestors.includes(row.pid)),
  });
  const refusal = refusalOf(args, seen, process);
  const verb = args.signal === 'KILL' ? 'Kill at once' : 'Kill';
  return {
    argv,
    privilege,
    words: {
      title: `${verb} pid ${pid} (${name})${args.tree ? ` and its ${descendants.length} descendants` : ''}`,
      command: quoteCommand(argv),
      touches: same ? touchesOf(process, args, known) : [],
      needs: same ? known.needs.text : 'Nothing: it cannot be done.',
      verification:
        `The same command watches for up to ${WAIT_MS / 1000} s whether pid ${pid} goes. ` +
        'Afterwards busy CPU of the ten seconds before and after is compared.',
      ...(refusal === undefined ? {} : { refusal }),
    },
  };
}

type Target = Pick<KillArguments, 'target'>;

export function isTarget(process: InspectedProcess, { target }: Target, seen: Inspection): boolean {
  return seen.bootId === target.bootId && process.identity.startTicks === target.startTicks;
}

/** A pid as it is now: `pid 10078 is now nginx: worker, started 40 s ago`. */
export function whatItIsNow(process: InspectedProcess, now: number): string {
  const command = commandWords(process, 200);
  return `pid ${process.identity.pid} is now another process: ${command}, started ${spokenAge(now - process.startedAt)} ago by ${visibleText(process.user, 32)}`;
}

export const FOREIGN =
  'The /proc of this login shows the processes of another pid namespace: a signal from here would reach another process. Connect to that machine itself, or enter its namespace (nsenter -t 1 -p, hostPID).';

/** Why nothing is done to it, whatever it is that was to be done. */
export function refusalOf(
  args: Target,
  seen: Inspection,
  process: InspectedProcess | undefined,
): string | undefined {
  const { pid, bootId } = args.target;
  if (seen.bootId !== bootId) return `The host has rebooted since: pid ${pid} of that boot is gone.`;
  if (seen.foreign) return FOREIGN;
  // Who does not see its own first ancestor does not see all that there is (hidepid).
  if (!process)
    return seen.ancestors.includes(1)
      ? `Pid ${pid} is gone already: no process has that number now.`
      : `Pid ${pid} is gone, or this account may not see it.`;
  const now = process.startedAt;
  if (!isTarget(process, args, seen)) {
    const command = commandWords(process, 200);
    return `The process that was chosen is gone; pid ${pid} is now another: ${command}, of ${visibleText(process.user, 32)}, started ${isoTime(now).slice(0, 19)}Z.`;
  }
  if (pid === 1) return 'Pid 1 is the init process: without it the host, or the container, ends.';
  if (process.kernelThread)
    return `Pid ${pid} (${visibleText(process.name, 32)}) is a kernel thread: it cannot be killed.`;
  if (process.dead) {
    return `Pid ${pid} is dead already (a zombie): only its parent ${visibleText(process.parentName, 32)} (pid ${process.parentPid}) can clear it away.`;
  }
  if (seen.ancestors.includes(pid)) {
    return `Pid ${pid} (${visibleText(process.name, 32)}) carries this workbench's own connection to the host: killing it would cut us off.`;
  }
  return undefined;
}

function touchesOf(
  process: InspectedProcess,
  args: KillArguments,
  { now, descendants }: { now: number; descendants: readonly ProcessRow[] },
): string[] {
  const { children } = process;
  const touches = [
    `Its command: ${commandWords(process, 500)}`,
    `It runs as ${visibleText(process.user, 32)}, for ${spokenAge(now - process.startedAt)}; started by ${visibleText(process.parentName === '' ? 'a process that cannot be seen' : process.parentName, 32)} (pid ${process.parentPid}).`,
  ];
  touches.push(...connectionsOf(process));
  if (args.tree) {
    const named = descendants
      .slice(0, 8)
      .map((row) => `${visibleText(programName(row), 16)} (pid ${row.pid})`)
      .join(', ');
    touches.push(
      descendants.length === 0
        ? 'It has no descendants.'
        : `After it, each if it is still the same: ${named}${descendants.length > 8 ? ', …' : ''}. What they start meanwhile gets no signal.`,
    );
  } else if (children.length > 0) {
    const named = children
      .slice(0, 6)
      .map((c) => `${visibleText(c.name, 16)} (pid ${c.pid})`)
      .join(', ');
    const more = children.length > 6 ? ', …' : '';
    touches.push(
      `It has ${children.length} child${children.length === 1 ? '' : 'ren'}, which get no signal of their own: ${named}${more}.`,
    );
  }
  if (isSupervisor(process.parentName, '')) {
    touches.push(`${visibleText(process.parentName, 32)} will most likely start it again.`);
  }
  if (args.signal === 'KILL') touches.push('SIGKILL leaves it no time to write or to clean up.');
  return touches;
}

/** `It is the listener of TCP 8080; 212 established connections end with it.` */
function connectionsOf({ listeningPorts, established }: InspectedProcess): string[] {
  const ports = listeningPorts.slice(0, 12).join(', ');
  const listens =
    listeningPorts.length === 0
      ? []
      : [`It is the listener of TCP ${ports}: clients are refused there until something else listens.`];
  if (established === undefined) return [...listens, 'Its connections cannot be seen with this account.'];
  if (established === 0) return listens;
  return [...listens, `${established} established connection${established === 1 ? '' : 's'} will be cut.`];
}
