import { failure } from '../../../shared/contract/errors.ts';
import {
  type DeletedFile,
  DIAGNOSES,
  type DiagnosisId,
  type DiagnosisResult,
  type SeenService,
} from '../../../shared/model/diagnosis.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import { isServiceName } from '../../../shared/model/serviceName.ts';
import { callNode, readAnswer } from '../erlang/callNode.ts';
import type { RunResult, Session } from '../sessions/session.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { DIAGNOSIS_PRELUDE, DIAGNOSIS_SCRIPTS } from './scripts.ts';

export interface DiagnosisRequest {
  host: HostId;
  diagnosis: DiagnosisId;
  /** For one about a process. */
  target?: ProcessIdentity;
  /** Through sudo, where that asks for no password: what other users' processes hold is root's to see. */
  asRoot: boolean;
}

const RUN_MS = 40_000;
const MOST_BYTES = 192 * 1024;

/** Runs one on the host. Throws a declared failure where it could not be run. */
export async function diagnose(
  { host, diagnosis, target, asRoot }: DiagnosisRequest,
  session: Pick<Session, 'run'>,
  now: () => number,
): Promise<Omit<DiagnosisResult, 'event'>> {
  const about = DIAGNOSES.find(({ id }) => id === diagnosis);
  if (!about) throw failure('bad_arguments', `There is no diagnosis ${diagnosis}.`);
  if (about.about !== 'host' && !target)
    throw failure('bad_arguments', `${about.label} is about a process: choose one.`);
  const argv = commandOf(diagnosis, target, asRoot);
  const startedAt = now();
  const result = await session.run(argv, {
    purpose: `diagnosis: ${about.label}`,
    timeoutMs: RUN_MS,
    maximumBytes: MOST_BYTES,
  });
  // What hangs on a starved host is mostly one of several looks: those before it have their answers.
  const soFar = result.ok || result.error.kind !== 'timeout' ? undefined : result.error.soFar;
  if (!result.ok && !soFar?.stdout) {
    const waited = result.error.kind === 'timeout' ? ' It was ended.' : '';
    throw failure(
      'not_connected',
      `${host} did not answer: ${result.error.reason}.${waited}`,
      'Try again when the link is good, or type it in a pane.',
    );
  }
  const ran: RunResult = result.ok ? result.value : { stdout: '', stderr: '', truncated: false, ...soFar };
  const { stdout, stderr, exitCode, truncated } = ran;
  const marked = stdout.split('\n');
  const erlang = about.about === 'erlang' ? erlangText(stdout, stderr) : undefined;
  const services = marked.flatMap(serviceOf);
  const deletedFiles = marked.flatMap(deletedFileOf);
  const text = erlang ?? marked.filter((line) => !line.startsWith('@')).join('\n');
  return {
    title: `${about.label}${target ? ` of pid ${target.pid}` : ''}`,
    command: quoteCommand(argv),
    output: [
      text.trim(),
      ...(stderr.trim() === '' || erlang !== undefined ? [] : [`== it complained\n${stderr.trim()}`]),
      ...(soFar ? [`== it was ended\nIt was not done after ${RUN_MS / 1000} s: the rest is not known.`] : []),
    ].join('\n\n'),
    ...(exitCode === undefined ? {} : { exitCode }),
    startedAt,
    tookMs: now() - startedAt,
    truncated,
    ...(diagnosis === 'services' ? { services } : {}),
    ...(diagnosis === 'disk' ? { deletedFiles } : {}),
  };
}

function commandOf(diagnosis: DiagnosisId, target: ProcessIdentity | undefined, asRoot: boolean): string[] {
  if (diagnosis === 'erlang-top' || diagnosis === 'erlang-nodes') {
    if (!target) throw failure('bad_arguments', 'Choose the node’s process.');
    return callNode(target, ERLANG[diagnosis]);
  }
  const script = `${DIAGNOSIS_PRELUDE}${target ? SAME : ''}${DIAGNOSIS_SCRIPTS[diagnosis]}`.replaceAll(
    '@{',
    '${',
  );
  const sudo = asRoot ? ['sudo', '-n', '--'] : [];
  const values = target ? [target.bootId, String(target.pid), String(target.startTicks)] : [];
  // How its last command ended says nothing of the whole.
  return [...sudo, 'sh', '-c', `# ${diagnosis}\n${script}\nexit 0\n`, 'fireline', ...values];
}

const SAME = `boot=$1 pid=$2 start=$3
b=; { read -r b < /proc/sys/kernel/random/boot_id; } 2>/dev/null; [ "$b" = "$boot" ] || { echo 'The host has rebooted since.'; exit 4; }
[ "$(field "$pid" 22)" = "$start" ] || { echo "Pid $pid is another process by now, or gone."; exit 4; }
`;

/** As observer and etop show them: the busiest by what they did in all, then what is large or has much waiting. */
const ERLANG = {
  'erlang-top':
    'L = [{element(2, R), element(2, M), element(2, Q), pid_to_list(P), case N of [] -> none; {_, X} -> X end, element(2, F)} || P <- processes(), ' +
    '[N, R, M, Q, F] <- [[process_info(P, K) || K <- [registered_name, reductions, memory, message_queue_len, current_function]]], R =/= undefined, M =/= undefined, Q =/= undefined, F =/= undefined], ' +
    '{[{reductions, lists:sublist(lists:reverse(lists:keysort(1, L)), 12)}, {memory, lists:sublist(lists:reverse(lists:keysort(2, L)), 6)}, {message_queue, lists:sublist(lists:reverse(lists:keysort(3, L)), 6)}, ' +
    '{processes, length(L)}, {run_queue, erlang:statistics(run_queue)}, {memory_total, erlang:memory()}]}',
  'erlang-nodes':
    '{[{node, node()}, {visible, nodes()}, {hidden, nodes(hidden)}, {connected, nodes(connected)}, {otp_release, erlang:system_info(otp_release)}, {uptime_ms, element(1, erlang:statistics(wall_clock))}, {schedulers_online, erlang:system_info(schedulers_online)}, {process_count, erlang:system_info(process_count)}]}',
} as const;

function erlangText(stdout: string, stderr: string): string {
  const answer = readAnswer({ stdout, stderr });
  if (answer.kind !== 'ok') return `It could not be asked: ${answer.reason}.`;
  // A term on one line is hard to read: a line an entry of the outer lists.
  return `== ${answer.node}\n${answer.value.replace(/\},\s*\{/g, '},\n {')}`;
}

function serviceOf(line: string): SeenService[] {
  const [mark, manager, name = '', state, words = ''] = line.split('\t');
  if (mark !== '@service') return [];
  const managers = ['systemd', 'runit', 'daemontools', 'upstart'] as const;
  const states = ['up', 'down', 'failed', 'changing'] as const;
  const known = managers.find((one) => one === manager);
  const seen = states.find((one) => one === state);
  return known && seen && isServiceName({ manager: known, name })
    ? [{ manager: known, name, state: seen, words: visibleText(words, 200) }]
    : [];
}

function deletedFileOf(line: string): DeletedFile[] {
  const [mark, pid, startTicks, process = '', descriptor, inode, bytes, path = ''] = line.split('\t');
  if (mark !== '@deleted') return [];
  const numbers = [pid, startTicks, descriptor, inode, bytes].map(Number);
  if (numbers.some((value) => !Number.isInteger(value) || value < 0)) return [];
  const [pidNumber = 0, start = 0, fd = 0, inodeNumber = 0, size = 0] = numbers;
  return [
    {
      pid: pidNumber,
      startTicks: start,
      process: visibleText(process.trim(), 32),
      descriptor: fd,
      inode: inodeNumber,
      bytes: size,
      path: visibleText(path.replace(/ \(deleted\)$/, ''), 300),
    },
  ];
}
