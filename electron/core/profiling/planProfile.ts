import { randomUUID } from 'node:crypto';
import { failure } from '../../../shared/contract/errors.ts';
import { commandWords } from '../../../shared/model/commandLine.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import {
  MOST_PROCESSES,
  type PlannedProcess,
  type ProfilePlan,
  type ProfilePlanId,
  type ProfileTargets,
  type ProfileWay,
} from '../../../shared/model/profile.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import type { Looker } from '../remediation/look.ts';
import { type Privilege, sudoWords, withPrivilege } from '../remediation/privilege.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import {
  afterPassword,
  inspectorCommand,
  inspectorProgram,
  perfCommand,
  type Wrapper,
} from './profileCommands.ts';
import {
  isNode,
  type LookedAt,
  type ProfileLook,
  profileLookCommand,
  readProfileLook,
} from './profileLook.ts';

export interface PlanContext {
  host: HostId;
  look: Pick<Looker, 'privilege' | 'command'>;
  facts: HostFacts | undefined;
  sample: Sample | undefined;
  now: number;
}

export interface PlannedProfile {
  plan: ProfilePlan;
  argv: string[];
  /** What the command goes through: with a password, that is asked for when the plan is confirmed. */
  privilege: Privilege;
}

/** Reads the host, changes nothing. Throws a declared failure where it cannot be asked. */
export async function planProfile(
  wanted: { targets: ProfileTargets; seconds: number; way?: ProfileWay | undefined },
  { host, look, facts, sample, now }: PlanContext,
): Promise<PlannedProfile> {
  if (!facts || !sample)
    throw failure('not_connected', `${host} has not been sampled yet.`, 'Wait for its first figures.');
  const rows = rowsOf(wanted.targets, sample, facts.bootId);
  const { root, privilege } = await look.privilege();
  const ran = await look.command(
    profileLookCommand(
      !root && privilege === 'sudo',
      rows.map(({ pid }) => pid),
    ),
  );
  const seen = readProfileLook(ran);
  if (!seen)
    throw failure(
      'internal',
      `${host} gave no usable answer: ${visibleText(ran.stderr.trim(), 200) || 'it said nothing'}`,
      'It needs sh, awk, stat and /proc.',
    );
  // Those of one owner at a time, as one command runs as one account: of whom most of the CPU is.
  const owner = ownerOf(rows, seen);
  const as = { root, way: root ? ('none' as const) : privilege, seen, owner };
  const perf = perfStanding(as);
  const inspector = inspectorStanding(as, rows);
  const way =
    wanted.way ??
    (inspector.refusal === undefined ? 'inspector' : perf.refusal === undefined ? 'perf' : undefined);
  const chosen =
    way === 'perf' || (way === undefined && !rows.some((row) => mayBeNode(row, seen))) ? 'perf' : 'inspector';
  const standing = chosen === 'perf' ? perf : inspector;
  const processes = rows.map((row, index) =>
    planned(row, facts.bootId, standing.refusalOf(row, seen.processes.get(row.pid)) ?? beyond(index)),
  );
  const accepted = processes.filter((one) => one.refusal === undefined);
  const refusal =
    standing.refusal ??
    (rows.length === 0
      ? noneWords(wanted.targets)
      : accepted.length === 0
        ? `None of them can be profiled so: ${processes[0]?.refusal ?? 'there is none'}.`
        : undefined);
  const { seconds } = wanted;
  const identities = accepted.map(({ identity }) => identity);
  const command = chosen === 'perf' ? perfCommand : inspectorCommand;
  const argv = command(standing.wrapper, identities, seconds);
  const plan: ProfilePlan = {
    id: randomUUID() as ProfilePlanId,
    host,
    title: `Profile ${processesWords(accepted)} for ${seconds} s`,
    way: chosen,
    seconds,
    command: quoteCommand(argv),
    ...(chosen === 'inspector' ? { program: inspectorProgram() } : {}),
    processes,
    ...(chosen === 'perf' ? perfWords(accepted.length) : inspectorWords(accepted.length)),
    needs: standing.needs,
    notes: notesOf(chosen, accepted, seen, standing.userSpaceOnly),
    ways: [
      { way: 'inspector', ...(inspector.refusal === undefined ? {} : { refusal: inspector.refusal }) },
      { way: 'perf', ...(perf.refusal === undefined ? {} : { refusal: perf.refusal }) },
    ],
    ...(refusal === undefined ? {} : { refusal }),
    createdAt: now,
  };
  return { plan, argv, privilege: standing.privilege };
}

interface Standing {
  refusal?: string;
  wrapper: Wrapper;
  privilege: Privilege;
  needs: string;
  userSpaceOnly: boolean;
  refusalOf: (row: ProcessRow, seen: LookedAt | undefined) => string | undefined;
}

interface Account {
  root: boolean;
  /** To be root, or somebody else; undefined: it cannot. */
  way: Privilege | undefined;
  seen: ProfileLook;
  owner: LookedAt | undefined;
}

function perfStanding({ root, way, seen, owner }: Account): Standing {
  const allowed = (seen.paranoid ?? 99) <= 2;
  const privilege = way ?? 'none';
  const sudo = privilege !== 'none';
  const standing: Standing = {
    wrapper: (argv) => through(privilege, argv),
    privilege,
    needs: root
      ? 'Runs as root.'
      : sudo
        ? sudoWords(privilege)
        : 'Runs as this account, on its own processes: what they do in the kernel is not seen.',
    userSpaceOnly: !root && !sudo && (seen.paranoid ?? 99) > 1,
    refusalOf: (row, looked) =>
      gone(row, looked) ??
      (!root && !sudo && looked && !isOf(looked, seen)
        ? `it is ${looked.user}’s${groupOf(looked, seen)}`
        : undefined),
  };
  if (!seen.perf)
    standing.refusal =
      'There is no working perf on this host. Its package is linux-perf (Debian), linux-tools-generic (Ubuntu), perf (Fedora, Amazon Linux).';
  else if (seen.paranoid === undefined) standing.refusal = 'The kernel of this host has no perf events.';
  else if (!root && !sudo && !allowed)
    standing.refusal = `kernel.perf_event_paranoid is ${seen.paranoid}, which keeps perf for root. Connect as root, allow sudo, or have an administrator give perf CAP_PERFMON, or set it to 2 with sysctl. Fireline changes no sysctl.`;
  else if (!root && !sudo && owner && !isOf(owner, seen))
    standing.refusal = `The processes are ${visibleText(owner.user, 32)}’s${groupOf(owner, seen)}. Connect as that account or as root, or allow sudo.`;
  return standing;
}

function inspectorStanding({ root, way, seen, owner }: Account, rows: readonly ProcessRow[]): Standing {
  const own = owner === undefined || isOf(owner, seen);
  const group = owner ? groupOf(owner, seen) : '';
  const user = visibleText(owner?.user ?? '', 32);
  const privilege = own ? 'none' : (way ?? 'none');
  // What others run can be read as root only: then it is seen on the host, before anything is done.
  const unseen = (row: ProcessRow) => privilege === 'sudoWithPassword' && isNode(programName(row));
  const standing: Standing = {
    wrapper: (argv) => argv,
    privilege,
    needs: own
      ? 'Runs as this account, which owns the processes.'
      : `Runs as ${user}${group}, who owns the processes${root || way === undefined ? '.' : `. ${sudoWords(way)}`}`,
    userSpaceOnly: true,
    refusalOf: (row, looked) =>
      gone(row, looked) ??
      (looked && owner && !isOf(looked, owner)
        ? `it is ${looked.user}’s${groupOf(looked, owner)}, and one account’s are profiled at a time`
        : looked && looked.executable === undefined && !unseen(row)
          ? 'what it runs may not be read: SIGUSR1 would end what is not node'
          : looked?.executable !== undefined && !isNode(looked.executable)
            ? `its executable is ${looked.executable}, not node: SIGUSR1 would end it`
            : undefined),
  };
  if (owner && !own) {
    // Never as root: the program is run by the processes' own executable, which is their owner's to choose.
    const become = becomeOwner(owner, seen, privilege);
    if (way === undefined)
      standing.refusal = `The processes are ${user}’s${group}. Connect as that account, or allow sudo.`;
    else if (become) standing.wrapper = become;
    else
      standing.refusal = `The processes are ${user}’s${group}, and this host has no setpriv to become that account. Connect as ${user}.`;
  }
  if (rows.length > 0 && !rows.some((row) => mayBeNode(row, seen)))
    standing.refusal = 'None of these processes runs node.';
  return standing;
}

/** With its group, by which the kernel decides too who may look into a process (ptrace(2)). */
function becomeOwner(owner: LookedAt, { become }: ProfileLook, privilege: Privilege): Wrapper | undefined {
  const { uid, gid, user } = owner;
  const named = !user.startsWith('#');
  if (become === 'setpriv') {
    const groups = named ? '--init-groups' : '--clear-groups';
    const setpriv = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, groups, '--'];
    return (argv) => through(privilege, [...setpriv, ...argv]);
  }
  if (privilege !== 'none') return (argv) => through(privilege, argv, uid);
  if (become !== 'su' || !named) return undefined;
  return (argv) => ['su', '-s', '/bin/sh', '-c', quoteCommand(argv), '--', user];
}

const through = (privilege: Privilege, argv: readonly string[], uid?: number) =>
  withPrivilege(privilege, privilege === 'sudoWithPassword' ? afterPassword(argv) : argv, uid);

type Credentials = Pick<LookedAt, 'uid' | 'gid'>;

const isOf = (one: Credentials, other: Credentials) => one.uid === other.uid && one.gid === other.gid;

/** The same account by another group is another one to the kernel. */
const groupOf = (one: Credentials, other: Credentials) =>
  one.uid === other.uid && one.gid !== other.gid ? ` with group ${one.gid}` : '';

/** What it runs is not readable to everyone: then by what it calls itself. */
const mayBeNode = (row: ProcessRow, seen: ProfileLook) =>
  isNode(seen.processes.get(row.pid)?.executable ?? programName(row));

function gone(row: ProcessRow, looked: LookedAt | undefined): string | undefined {
  return looked === undefined || looked.startTicks !== row.startTicks ? 'it is gone' : undefined;
}

const beyond = (index: number) =>
  index < MOST_PROCESSES ? undefined : `${MOST_PROCESSES} are profiled at once, the busiest first`;

function rowsOf(targets: ProfileTargets, sample: Sample, bootId: string): ProcessRow[] {
  const wanted =
    'name' in targets
      ? sample.table.filter((row) => programName(row) === targets.name && row.state !== 'Z')
      : sample.table.filter((row) =>
          targets.processes.some(
            (one) => one.pid === row.pid && one.startTicks === row.startTicks && one.bootId === bootId,
          ),
        );
  return [...wanted].sort((a, b) => b.cpu - a.cpu || a.pid - b.pid).slice(0, 4 * MOST_PROCESSES);
}

function noneWords(targets: ProfileTargets): string {
  return 'name' in targets
    ? `No process named ${visibleText(targets.name, 40)} runs on this host.`
    : 'The processes are gone: others may have their pids by now.';
}

function ownerOf(rows: readonly ProcessRow[], seen: ProfileLook): LookedAt | undefined {
  const byOwner = new Map<string, { cpu: number; one: LookedAt }>();
  for (const { pid, cpu } of rows) {
    const one = seen.processes.get(pid);
    if (!one) continue;
    const key = `${one.uid}:${one.gid}`;
    byOwner.set(key, { one, cpu: (byOwner.get(key)?.cpu ?? 0) + cpu + 1e-6 });
  }
  return [...byOwner.values()].sort((a, b) => b.cpu - a.cpu)[0]?.one;
}

function planned(row: ProcessRow, bootId: string, refusal: string | undefined): PlannedProcess {
  return {
    identity: { bootId, pid: row.pid, startTicks: row.startTicks },
    name: programName(row),
    command: commandWords(row, 300),
    ...(Number.isFinite(row.cpu) ? { cpu: row.cpu } : {}),
    ...(refusal === undefined ? {} : { refusal: visibleText(refusal, 300) }),
  };
}

function processesWords(accepted: readonly PlannedProcess[]): string {
  const [first] = accepted;
  const name = visibleText(first?.name.trim() ?? 'none', 40);
  return accepted.length === 1
    ? `pid ${first?.identity.pid} (${name})`
    : `${accepted.length} processes (${name})`;
}

function perfWords(count: number): Pick<ProfilePlan, 'touches' | 'cost'> {
  return {
    touches: [
      'The processes are only looked at: nothing is sent to them.',
      'perf writes its samples to a temporary folder of the host, which is removed at the end.',
    ],
    cost: `The stack of every running thread of ${count === 1 ? 'the process' : `the ${count} processes`} is taken 99 times a second: about one per cent of the CPU that they use. Reading the samples afterwards takes a second or two of one core.`,
  };
}

function inspectorWords(count: number): Pick<ProfilePlan, 'touches' | 'cost'> {
  const each = count === 1 ? 'The process' : 'Each process';
  return {
    touches: [
      `${each} is sent SIGUSR1, which makes Node open its inspector on 127.0.0.1:9229. That it is the same process, that it runs node and that it expects the signal is checked on the host first.`,
      'An open inspector lets every account of the host run code in the process. It is open for about a tenth of a second to begin the profile and once more to fetch it, is closed each time with process._debugEnd(), and that it is closed is checked.',
      `${each} writes “Debugger listening on …” to its standard error twice.`,
    ],
    cost: `V8 notes the stack of the main thread 200 times a second, some per cent of its CPU; worker threads are not seen. A second node runs beside ${count === 1 ? 'it' : 'them'} meanwhile, idle, with about 40 MB.`,
  };
}

function notesOf(
  way: ProfileWay,
  accepted: readonly PlannedProcess[],
  seen: ProfileLook,
  userSpaceOnly: boolean,
): string[] {
  if (way === 'inspector')
    return [
      'Where V8 had put a small function into its caller before the profile began, its time stands under the caller.',
    ];
  const notes: string[] = [];
  const blind = accepted.filter(({ identity }) => {
    const one = seen.processes.get(identity.pid);
    return one && isNode(one.executable) && !one.jitMap;
  });
  if (blind.length > 0)
    notes.push(
      `${blind.length} of them run node without --perf-basic-prof-only-functions: their JavaScript functions will be [unknown]. The inspector names them without a restart.`,
    );
  if (userSpaceOnly) notes.push('What the processes do in the kernel is not seen by this account.');
  return notes;
}
