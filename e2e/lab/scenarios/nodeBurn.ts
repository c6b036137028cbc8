import { readFileSync } from 'node:fs';
import type { LabHost } from '../labHost.ts';
import { waitUntil } from '../waitUntil.ts';

const SCRIPT = '/run/lab/lab/service.cjs';
/** The one that runs the lab, wherever that is: a host has a /tmp and a /home of its own. */
const NODE = '/run/lab/node';

export interface NodeService {
  /** By the host's own numbers. */
  pids: number[];
  stop(): Promise<void>;
}

/**
 * Several Node processes of one service. `burn`: all of them are stuck in `parseHtml`, and pin the CPU; `well`: the same
 * service with the same work, but for the pages that do that. As root, where no account is given.
 */
export async function startNodeService(
  host: LabHost,
  kind: 'burn' | 'well',
  count = 2,
  account?: { uid: number; gid: number },
): Promise<NodeService> {
  const become = account
    ? ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--']
    : [];
  for (let n = 0; n < count; n++) await host.start([...become, NODE, SCRIPT, kind]);
  const pids = await waitUntil(`${host.id}: ${count} node processes`, 15_000, () => {
    const running = serviceOf(host).filter(({ pid }) => isStarted(pid));
    return running.length >= count ? running.map((one) => one.innerPid) : undefined;
  });
  return { pids, stop: () => stopNodeService(host) };
}

export async function stopNodeService(host: LabHost): Promise<void> {
  await waitUntil(`${host.id}: the end of its node processes`, 10_000, () => {
    const running = serviceOf(host);
    for (const one of running) {
      try {
        process.kill(one.pid, 'SIGKILL');
      } catch {
        // Ended meanwhile.
      }
    }
    return running.length === 0 ? true : undefined;
  });
}

/** Node catches SIGUSR1, the tenth bit of the mask, once it has started; before, an inspector cannot be asked for. */
function isStarted(pid: number): boolean {
  try {
    const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return (Number.parseInt(mask?.slice(-3) ?? '0', 16) & 0x200) !== 0;
  } catch {
    return false;
  }
}

function serviceOf(host: LabHost) {
  return host.processes().filter((one) => one.argv[1] === SCRIPT && one.state !== 'Z');
}
