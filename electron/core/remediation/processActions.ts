import { commandWords } from '../../../shared/model/commandLine.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { PauseArguments, ReniceArguments } from '../../../shared/model/remediation.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import type { InspectedProcess, Inspection } from '../detectors/inspectProcesses.ts';
import { FOREIGN, refusalOf } from './killPlan.ts';
import type { Looker } from './look.ts';
import { needsOwner, sudoWords } from './privilege.ts';
import type { ActionHost, ScriptAction, ScriptWords } from './scriptAction.ts';

const TARGET = 'boot=$1 pid=$2 start=$3; shift 3';
const GUARD = `same_process "$boot" "$pid" "$start"; { read -r self line < /proc/self/stat; } 2>/dev/null; [ "$self" = $$ ] || refuse "${FOREIGN}"
passed "It is still the same process"`;
const STILL = 'still "$pid" "$start" || failed "Pid $pid has gone meanwhile: nothing was changed."';
const SAME = 'Checking on the host that it is still the same process';

/** SIGSTOP takes a process off the CPU and loses nothing; SIGCONT lets it go on. */
export const pauseProcess: ScriptAction<PauseArguments> = {
  script: ({ target, resume }) => ({
    intent: `${resume ? 'let pid' : 'pause pid'} ${target.pid}${resume ? ' go on' : ''}, if it is still the process of start tick ${target.startTicks}`,
    parameters: [...identity(target), resume ? 'CONT' : 'STOP'],
    common: `${TARGET}; signal=$1`,
    guard: GUARD,
    execute: `${STILL}
kill -s "$signal" "$pid" 2>/dev/null || failed "The host refused the signal: $(kill -s 0 "$pid" 2>&1)"; did "SIG$signal sent"`,
    verify: `i=0
while :; do
  s=$(field "$pid" 3) || unverified "Pid $pid is gone."
  case $signal$s in STOPT|STOPt) verified "Pid $pid stands still (state $s).";; CONT[!Tt]) verified "Pid $pid goes on (state $s).";; esac
  i=$((i + 1)); [ $i -gt 3 ] && unverified "Pid $pid is in state $s."
  sleep 1
done`,
  }),
  async plan({ target, resume }, on) {
    const { seen, process } = await on.look.process(target);
    const name = nameOf(process, target, seen);
    return {
      ...common(on, target, seen, process),
      needs: await needsOwner(on.look, seen, process),
      title: resume ? `Let pid ${target.pid} (${name}) go on` : `Pause pid ${target.pid} (${name})`,
      effect: 'the signal was sent',
      verification: 'The same command watches for up to three seconds whether its state changes.',
      touches: [
        ...(process
          ? [
              `Its command: ${commandWords(process, 500)}`,
              ...(process.listeningPorts.length > 0
                ? [`It is the listener of TCP ${process.listeningPorts.slice(0, 12).join(', ')}.`]
                : []),
              ...(process.established ? [`It has ${process.established} established connections.`] : []),
            ]
          : []),
        resume
          ? 'It runs again from where it stood.'
          : 'It keeps its memory, files and ports, and answers nobody until it is resumed: who waits for it waits on.',
      ],
    };
  },
};

export const reniceProcess: ScriptAction<ReniceArguments> = {
  script: ({ target, nice }) => ({
    intent: `set the niceness of pid ${target.pid} and its threads to ${nice}`,
    parameters: [...identity(target), String(nice)],
    common: `${TARGET}; nice=$1`,
    guard: GUARD,
    // Linux has a niceness for each thread; renice alone would change the first one's.
    execute: `set +f; set -- /proc/$pid/task/[0-9]*; set -f; t=; for d; do t="$t @{d##*/}"; done
${STILL}
e=$(renice -n "$nice" -p $t 2>&1) || failed "The host refused: $(printf %s "$e" | tail -n 1)"; did "renice $nice for $# threads"`.replaceAll(
      '@{',
      '${',
    ),
    verify:
      'n=$(field "$pid" 19) || unverified "Pid $pid is gone."; [ "$n" = "$nice" ] && verified "Its niceness is $n."; unverified "Its niceness is $n."',
  }),
  async plan({ target, nice }, on) {
    const { seen, process } = await on.look.process(target);
    const needs = await needsOwner(on.look, seen, process);
    const now = process === undefined ? undefined : await niceOf(on.look, target.pid);
    // Only root may serve a process sooner than it is now (RLIMIT_NICE apart).
    const raises = now !== undefined && nice < now && seen.uid !== 0 && needs.privilege === 'none';
    const root = raises ? await on.look.privilege() : undefined;
    return {
      ...common(on, target, seen, process),
      needs: root
        ? {
            privilege: root.privilege,
            text: `Only root may lower a niceness. ${sudoWords(root.privilege)}`,
          }
        : needs,
      title: `Renice pid ${target.pid} (${nameOf(process, target, seen)}) to ${nice}`,
      effect: 'the niceness was changed',
      verification: 'The same command reads the niceness back.',
      touches: [
        `Its niceness is ${now ?? 'not known'} now, of -20 (served first) to 19 (served last).`,
        'Children that it starts from now on inherit it.',
      ],
    };
  },
};

async function niceOf(look: Looker, pid: number): Promise<number | undefined> {
  const { stdout } = await look.run('sed "s/.*) //" "/proc/$1/stat" | cut -d" " -f17', String(pid));
  const value = Number.parseInt(stdout, 10);
  return Number.isInteger(value) ? value : undefined;
}

function identity({ bootId, pid, startTicks }: ProcessIdentity): string[] {
  return [bootId, String(pid), String(startTicks)];
}

function nameOf(process: InspectedProcess | undefined, target: ProcessIdentity, seen: Inspection): string {
  const same = process && process.identity.startTicks === target.startTicks && seen.bootId === target.bootId;
  return same ? visibleText(programName(process), 32) : 'unknown';
}

function common(
  { host }: ActionHost,
  target: ProcessIdentity,
  seen: Inspection,
  process: InspectedProcess | undefined,
): Pick<ScriptWords, 'target' | 'guard' | 'timeoutMs' | 'refusal'> {
  const refusal = refusalOf({ target }, seen, process);
  return {
    target: processKey(host, target),
    guard: SAME,
    timeoutMs: 15_000,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

export const processKey = (host: string, { bootId, pid, startTicks }: ProcessIdentity) =>
  `${host}/${bootId}/${pid}/${startTicks}`;
