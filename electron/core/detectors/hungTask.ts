import { visibleText } from '../../../shared/model/hostText.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { kernelLine, sharedKernelWords, type ToldLine } from './toldLine.ts';

interface State {
  open: Map<number, { name: string; seenBlocked: boolean; saidAt: number }>;
  /** Servers of network file systems that do not answer: when that was last said, of those that do not say when they do again. */
  servers: Map<string, number>;
}

/** The kernel looks every two minutes unless it is told otherwise. */
const SILENT_MS = 5 * 60_000;
/** net/sunrpc/clnt.c: whoever uses a file of that server waits, for as long as it takes where it is mounted hard. */
const SERVER = /^(?:nfs|NFS|nfs4|lockd): server (\S{1,255}) (not responding, (?:still trying|timed out)|OK)$/;
/** fs/smb/client/connect.c: said once for each try, and nothing when it answers again. */
const SMB_SERVER = /^CIFS(?: VFS|: VFS)?: (?:\\\\|Server )(\S{1,255}) has not responded in \d{1,6} seconds/;

/**
 * A task that has waited in the kernel without a break for longer than hung_task_timeout_secs, mostly for a disk or a
 * network file system: `INFO: task NAME:PID blocked for more than 122 seconds.` (kernel/hung_task.c). The kernel says so
 * ten times and then no more, so the end is seen in the process table: the task has another state, or is gone. Before that,
 * and at once, the kernel says of an NFS server that it does not answer, and that it does again.
 */
export const hungTask: Detector<State> = {
  name: 'hungTask',
  takes: ['sample', 'kernelLine', 'reboot'],
  thresholds: { criticalAfterSeconds: 300 },
  initial: () => ({ open: new Map(), servers: new Map() }),
  reduce(state, input, context) {
    if (input.type === 'reboot') return closeAll(state, context.now);
    if (input.type === 'sample')
      return state.open.size + state.servers.size === 0 ? NOTHING : takeSample(state, input.sample);
    const line = kernelLine(input, context);
    const server = line && SERVER.exec(line.text);
    if (line && server) return takeServer(state, line, 'NFS', server[1] ?? '', server[2] === 'OK', context);
    const smb = line && SMB_SERVER.exec(line.text)?.[1];
    if (line && smb !== undefined) return takeServer(state, line, 'SMB', smb, false, context);
    const match =
      line &&
      /^INFO: task (.{1,64}):(\d{1,10}) blocked (?:in I\/O wait )?for more than (\d{1,7}) seconds\./.exec(
        line.text,
      );
    if (!line || !match) return NOTHING;
    const [, name = '', pidText, secondsText] = match;
    const [pid, seconds] = [Number(pidText), Number(secondsText)];
    if (state.open.size < 200)
      state.open.set(pid, { name, seenBlocked: state.open.get(pid)?.seenBlocked ?? false, saidAt: line.at });
    return [
      {
        type: 'event',
        key: `${pid}`,
        draft: {
          kind: 'kernel.hung_task',
          severity: seconds >= Number(context.thresholds['criticalAfterSeconds']) ? 'critical' : 'warning',
          at: Math.max(0, line.at - seconds * 1000),
          ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt - seconds * 1000 }),
          title: `${visibleText(name, 40)} (pid ${pid}) hangs in the kernel for more than ${seconds} s${sharedKernelWords(context)}`,
          detail: {
            process: name,
            pid,
            pidNamespace: context.facts?.container ? 'machine' : 'host',
            blockedSeconds: seconds,
            past: line.past,
          },
          evidence: [
            line.evidence,
            {
              type: 'samples',
              metric: 'system.process.blocked',
              from: line.at - seconds * 1000 - 60_000,
              to: line.at,
            },
          ],
          actions: [],
          momentary: false,
        },
      },
    ];
  },
};

function takeServer(
  state: State,
  line: ToldLine,
  type: 'NFS' | 'SMB',
  server: string,
  answers: boolean,
  context: DetectorContext,
): readonly DetectorOutput[] {
  const key = `server ${server}`;
  if (answers) return state.servers.delete(server) ? [{ type: 'close', key, endedAt: line.at }] : NOTHING;
  // Each process that waits for it says so again.
  const known = state.servers.has(server);
  if (known || state.servers.size < 50)
    state.servers.set(server, type === 'SMB' ? line.at : Number.POSITIVE_INFINITY);
  if (known || !state.servers.has(server)) return NOTHING;
  return [
    {
      type: 'event',
      key,
      draft: {
        kind: 'kernel.hung_task',
        severity: 'warning',
        at: line.at,
        ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
        title: `The ${type} server ${visibleText(server, 80)} does not answer: whatever uses its files waits${sharedKernelWords(context)}`,
        detail: { server, past: line.past },
        evidence: [line.evidence],
        actions: [],
        momentary: false,
      },
    },
  ];
}

function takeSample(state: State, sample: Sample): readonly DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  for (const [server, saidAt] of state.servers) {
    if (sample.at - saidAt <= SILENT_MS) continue;
    state.servers.delete(server);
    outputs.push({ type: 'close', key: `server ${server}`, endedAt: sample.at });
  }
  return [...outputs, ...endsSeen(state, sample)];
}

function closeAll(state: State, endedAt: number): DetectorOutput[] {
  const keys = [
    ...[...state.open.keys()].map(String),
    ...[...state.servers.keys()].map((one) => `server ${one}`),
  ];
  state.open.clear();
  state.servers.clear();
  return keys.map((key) => ({ type: 'close', key, endedAt }));
}

/** Of a task that is told of: it was seen to wait, and waits no more. */
function endsSeen(state: State, sample: Sample): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  for (const [pid, task] of state.open) {
    const row = sample.table.find((one) => one.pid === pid && one.name === task.name);
    if (row?.state === 'D') task.seenBlocked = true;
    // A container's table has other pids, and a thread has no row: those are over when nothing more is said of them.
    else if (task.seenBlocked || sample.at - task.saidAt > SILENT_MS) {
      state.open.delete(pid);
      outputs.push({ type: 'close', key: `${pid}`, endedAt: sample.at });
    }
  }
  return outputs;
}
