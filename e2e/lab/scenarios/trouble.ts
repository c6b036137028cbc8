import type { LabHost } from '../labHost.ts';
import { waitUntil } from '../waitUntil.ts';

/**
 * What one service may do to its host. Each is a real process (or mount) in it, whose command line says `trouble.pl NAME`.
 */
export const TROUBLES = {
  /** 256 connections to one port, one by one, whose answers are never read: the connections, their cap and Recv-Q. */
  connections: { about: 'a client leaks 256 connections to one port and reads none of the answers' },
  /** A listener that never accepts, and clients that knock. */
  listen: { about: 'a server does not accept: its queue overflows' },
  files: { about: 'a process opens files and closes none, up to its limit' },
  memory: { about: 'a process grows steadily' },
  threads: { about: 'a process starts threads and ends none' },
  /** Needs a host with a CPU quota. */
  throttle: { about: 'a process burns CPU against the quota of its control group' },
  disk: { about: 'a small file system is written full' },
  inodes: { about: 'a small file system is filled with empty files' },
  surge: { about: 'a log that says one line a second says forty' },
  match: { about: 'a log says something that the workspace looks for' },
  restart: { about: 'a service that ran for a while comes back under another pid' },
} as const satisfies Record<string, { about: string }>;

export type TroubleName = keyof typeof TROUBLES;

export interface Trouble {
  /** When what is to be found was first true on the host, epoch ms. */
  startedAt: number;
  /** Ends its processes and unmounts what it mounted. */
  stop(): Promise<void>;
}

const SCRIPT = '/run/lab/lab/trouble.pl';
export const TROUBLE_LOG = '/srv/www/app/log/app.log';

export interface TroubleOptions {
  /** Seconds of a quiet log before it surges. Default 90. */
  quietSeconds?: number;
}

export async function startTrouble(
  host: LabHost,
  name: TroubleName,
  options: TroubleOptions = {},
): Promise<Trouble> {
  let startedAt = Date.now();
  const run = async (...argv: string[]) => {
    await host.start(['perl', SCRIPT, ...argv]);
    startedAt = Date.now();
  };
  switch (name) {
    case 'connections':
      await run('answer', host.address, '9243', '1101');
      await run('leak-connections', host.address, '9243', '256', '0.25');
      break;
    case 'listen':
      await run('accept-none', host.address, '8088', '8');
      break;
    case 'files':
      await host.start(['sh', '-c', `ulimit -n 1024 && exec perl ${SCRIPT} leak-files 16 1010`]);
      startedAt = Date.now();
      break;
    case 'memory':
      await run('leak-memory', '1', '150');
      break;
    case 'threads':
      await run('start-threads', '2', '120');
      break;
    case 'throttle':
      for (let n = 0; n < 4; n++) await run('burn');
      break;
    case 'disk':
      await mount(host, '/srv/fill', 'size=48m');
      await run('fill', '/srv/fill', '0.5');
      break;
    case 'inodes':
      await mount(host, '/srv/many', 'size=16m,nr_inodes=2000');
      await run('many-files', '/srv/many');
      break;
    case 'surge': {
      const quiet = options.quietSeconds ?? 90;
      await logFolder(host);
      await run('surge', TROUBLE_LOG, String(quiet), '40');
      startedAt += quiet * 1000;
      break;
    }
    case 'match':
      await logFolder(host);
      await host.exec(`echo 'FATAL out of cheese: redo from start' >>${TROUBLE_LOG}`);
      startedAt = Date.now();
      break;
    case 'restart':
      // The kernel names a process after the file that was executed.
      await host.exec('ln -sf /usr/bin/perl /run/lab/collector');
      if (troubleOf(host, 'stand').length > 0) await end(host, 'stand');
      await host.start(['/run/lab/collector', SCRIPT, 'stand']);
      startedAt = Date.now();
      break;
  }
  return {
    startedAt,
    stop: () => stopTrouble(host, name),
  };
}

const PROCESSES: Record<TroubleName, readonly string[]> = {
  connections: ['leak-connections', 'answer'],
  listen: ['accept-none', 'clients'],
  files: ['leak-files'],
  memory: ['leak-memory'],
  threads: ['start-threads'],
  throttle: ['burn'],
  disk: ['fill'],
  inodes: ['many-files'],
  surge: ['surge'],
  match: [],
  restart: ['stand'],
};

export async function stopTrouble(host: LabHost, name: TroubleName): Promise<void> {
  for (const process of PROCESSES[name]) await end(host, process);
  if (name === 'disk') await host.exec('umount /srv/fill');
  if (name === 'inodes') await host.exec('umount /srv/many');
}

async function mount(host: LabHost, directory: string, options: string): Promise<void> {
  const done = await host.exec(
    `mkdir -p ${directory} && { mountpoint -q ${directory} || mount -t tmpfs -o ${options} tmpfs ${directory}; }`,
  );
  if (done.code !== 0) throw new Error(`lab: ${host.id}: ${directory} could not be mounted: ${done.stderr}`);
}

async function logFolder(host: LabHost): Promise<void> {
  const done = await host.exec(`mkdir -p ${TROUBLE_LOG.replace(/\/[^/]*$/, '')} && touch ${TROUBLE_LOG}`);
  if (done.code !== 0) throw new Error(`lab: ${host.id}: ${done.stderr}`);
}

function troubleOf(host: LabHost, what: string) {
  return host
    .processes()
    .filter((one) => one.argv[0] === what || (one.argv[1] === SCRIPT && one.argv[2] === what));
}

async function end(host: LabHost, what: string): Promise<void> {
  await waitUntil(`${host.id}: the end of ${what}`, 10_000, () => {
    const running = troubleOf(host, what);
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
