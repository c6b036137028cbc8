import type { LabHost } from '../labHost.ts';
import { waitUntil } from '../waitUntil.ts';

export interface RespawnOptions {
  /** Starts a second at most; absent: as fast as it dies. */
  ratePerSecond?: number;
  /** CPU that one start burns before it fails. Default 120. */
  burnMs?: number;
  /** Short-lived children of each start, each of which takes a pid. Default 2. */
  children?: number;
  /**
   * What the stale copy still holds. `pidfile`: the log names its pid. `port`: its pid file is lost, so the log has
   * only the address in use. Default `pidfile`.
   */
  holder?: 'pidfile' | 'port';
  /** Default 8080, on the host's own address. */
  port?: number;
}

export interface Respawn {
  /** Pids as the host sees them. */
  holderPid: number;
  supervisorPid: number;
  logFile: string;
  /** How many starts have failed so far, by the log. */
  failures(): Promise<number>;
  /** Ends supervisor, server and holder. */
  stop(): Promise<void>;
}

const ROOT = '/srv/www/legacy-video';
const CURRENT = `${ROOT}/current`;
const LOG = `${CURRENT}/log/unicorn.log`;

/** A stale unicorn that nobody supervises, and a supervisor that starts another one again and again. */
export async function startRespawn(host: LabHost, options: RespawnOptions): Promise<Respawn> {
  if (host.processes().some(isSupervisor))
    throw new Error(`lab: ${host.id} already has a respawn loop: end it first`);
  const prepared = await host.exec(
    `mkdir -p ${CURRENT}/bin ${CURRENT}/log ${CURRENT}/config ${ROOT}/shared/pids && ln -sf /usr/bin/perl ${CURRENT}/bin/ruby && cp /run/lab/lab/unicorn.pl ${CURRENT}/bin/unicorn`,
    { user: 'deploy' },
  );
  if (prepared.code !== 0) throw new Error(`lab: ${host.id}: ${prepared.stderr}`);
  const settings = [
    `UNICORN_ROOT=${ROOT}`,
    `UNICORN_ADDRESS=${host.address}`,
    `UNICORN_PORT=${options.port ?? 8080}`,
    `UNICORN_BURN_MS=${options.burnMs ?? 120}`,
    `UNICORN_CHILDREN=${options.children ?? 2}`,
  ];
  const server = [
    'env',
    ...settings,
    `${CURRENT}/bin/ruby`,
    'bin/unicorn',
    '-c',
    'config/unicorn.rb',
    '-E',
    'production',
  ];

  await host.start([...server, '-D'], { user: 'deploy', directory: CURRENT });
  const holder = await waitUntil(`${host.id}: the start of the stale unicorn`, 15_000, () =>
    host.processes().find(isMaster),
  );
  if (options.holder === 'port') await host.exec(['rm', '-f', `${ROOT}/shared/pids/unicorn.pid`]);

  const pause = options.ratePerSecond === undefined ? 0 : 1 / options.ratePerSecond;
  const supervise = ['perl', '/run/lab/lab/upstart.pl', 'legacy-video', String(pause), ...server];
  await host.start(supervise, { user: 'deploy', directory: CURRENT });
  const supervisor = await waitUntil(`${host.id}: the start of the supervisor`, 10_000, () =>
    host.processes().find(isSupervisor),
  );
  return {
    holderPid: holder.innerPid,
    supervisorPid: supervisor.innerPid,
    logFile: LOG,
    async failures() {
      const counted = await host.exec(`grep -cE 'Already running on PID:|EADDRINUSE' ${LOG}`);
      return Number(counted.stdout.trim());
    },
    stop: () => stopRespawn(host),
  };
}

/** Ends whatever of the scenario runs in the host. */
export async function stopRespawn(host: LabHost): Promise<void> {
  await waitUntil(`${host.id}: the end of the respawn loop`, 10_000, () => {
    const running = host
      .processes()
      .filter((one) => one.argv.some((argument) => /^upstart --job|unicorn/.test(argument)));
    // The supervisor first, or it would start another.
    for (const one of [...running.filter(isSupervisor), ...running]) {
      try {
        process.kill(one.pid, 'SIGKILL');
      } catch {
        // Ended meanwhile.
      }
    }
    return running.length === 0 ? true : undefined;
  });
}

function isSupervisor(one: { argv: string[] }): boolean {
  return one.argv[0]?.startsWith('upstart --job') === true;
}

function isMaster(one: { argv: string[] }): boolean {
  return one.argv[0]?.startsWith('unicorn master') === true;
}
