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
  /** Logins see another network than the host's own: those that came before it was prepared do not. */
  wire: { about: 'a link carries all it can, and another takes nothing of what is sent into it' },
  /** To what perl programs of logins see; those that came before it was prepared see the right time. */
  clock: { about: 'the host’s clock is five minutes behind' },
  readonly: { about: 'a file system that took writes takes no more' },
  restart: { about: 'a service that ran for a while comes back under another pid' },
} as const satisfies Record<string, { about: string }>;

export type TroubleName = keyof typeof TROUBLES;

export interface Trouble {
  /** When what is to be found was first true on the host, epoch ms. */
  startedAt: number;
  /** Ends its processes and unmounts what it mounted. */
  stop(): Promise<void>;
}

const JOIN = 'echo $$ >"$1" && exec perl "$2" burn';
const SCRIPT = '/run/lab/lab/trouble.pl';
const TROUBLE_LOG = '/srv/www/app/log/app.log';

export interface TroubleOptions {
  /** Of `throttle`: the `cgroup.procs` of the control group that its processes go into, instead of the host's own. */
  group?: string;
  /** Of the link that carries all it can, and of the one that takes nothing: at most 15 bytes each. */
  wires?: readonly [string, string];
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
  await prepareTrouble(host, name, options);
  switch (name) {
    case 'wire':
      await host.exec(`touch ${GO}`);
      startedAt = Date.now();
      break;
    case 'clock':
      break;
    case 'readonly':
      await must(host, 'mount -o remount,ro /srv/data');
      startedAt = Date.now();
      break;
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
      for (let n = 0; n < 4; n++) {
        if (options.group === undefined) await run('burn');
        else await host.start(['sh', '-c', JOIN, 'burn', options.group, SCRIPT]);
      }
      startedAt = Date.now();
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

const GO = '/run/lab/wire-go';

/** What must stand before a session comes that is to see the trouble. Once: again, it does nothing. */
export async function prepareTrouble(
  host: LabHost,
  name: TroubleName,
  { wires = ['wire0', 'wire1'] }: Pick<TroubleOptions, 'wires'> = {},
): Promise<void> {
  if (name === 'readonly') await mount(host, '/srv/data', 'size=16m');
  if (name === 'clock') await letLoginsSee(host, CLOCK);
  if (name !== 'wire' || troubleOf(host, 'wire').length > 0) return;
  await host.start(['unshare', '--net', 'perl', SCRIPT, 'wire', GO, ...wires]);
  await waitUntil(`${host.id}: its wires`, 10_000, async () =>
    (await host.exec(`test -e ${GO}.ready`)).code === 0 ? true : undefined,
  );
  const [holder] = troubleOf(host, 'wire');
  await letLoginsSee(host, network(holder?.innerPid ?? 0));
}

/**
 * /sys shows the network of whoever mounted it: what is read of interfaces is laid over. Such logins have mounts of their own, so
 * what is mounted in the host later they do not see.
 */
const network = (pid: number) => `
exec nsenter --net=/proc/${pid}/ns/net unshare --mount sh -c '
  mkdir -p /run/lab/sys && mount -t sysfs sysfs /run/lab/sys &&
  for one in class/net devices/virtual/net; do mount --bind /run/lab/sys/$one /sys/$one || exit 1; done
  exec sh -c "\${SSH_ORIGINAL_COMMAND:-exec sh -l}"'`;

/** As a preloaded library does it elsewhere: no namespace of the kernel's has the time of day. */
const CLOCK = `
mkdir -p /run/lab/clock/Time
cat >/run/lab/clock/Time/HiRes.pm <<'END'
package Time::HiRes;
my ($own) = grep { $_ ne '/run/lab/clock' && -e "$_/Time/HiRes.pm" } @INC;
do "$own/Time/HiRes.pm" or die "Time::HiRes: $@ $!";
my $true = \\&Time::HiRes::time;
no warnings;
*Time::HiRes::time = sub { $true->() - 300 };
1;
END
export PERL5LIB=/run/lab/clock
exec sh -c "\${SSH_ORIGINAL_COMMAND:-exec sh -l}"`;

/** Commands of logins run by way of this script: sshd reads the keys, and what is forced with them, at each login. */
async function letLoginsSee(host: LabHost, script: string): Promise<void> {
  const file = '/run/lab/login.sh';
  await must(
    host,
    `cat >${file} <<'LOGIN'\n#!/bin/sh${script}\nLOGIN\nchmod 755 ${file}; sed -i 's|^ssh-|command="${file}" ssh-|' /etc/ssh/authorized_keys`,
  );
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
  wire: ['wire'],
  clock: [],
  readonly: [],
  restart: ['stand'],
};

export async function stopTrouble(host: LabHost, name: TroubleName): Promise<void> {
  for (const process of PROCESSES[name]) await end(host, process);
  if (name === 'disk') await host.exec('umount /srv/fill');
  if (name === 'readonly') await host.exec('umount /srv/data');
  if (name === 'wire') await host.exec(`rm -f ${GO} ${GO}.ready`);
  if (name === 'wire' || name === 'clock')
    await host.exec(`sed -i 's|^command="[^"]*" ||' /etc/ssh/authorized_keys`);
  if (name === 'inodes') await host.exec('umount /srv/many');
}

async function mount(host: LabHost, directory: string, options: string): Promise<void> {
  const done = await host.exec(
    `mkdir -p ${directory} && { mountpoint -q ${directory} || mount -t tmpfs -o ${options} tmpfs ${directory}; }`,
  );
  if (done.code !== 0) throw new Error(`lab: ${host.id}: ${directory} could not be mounted: ${done.stderr}`);
}

async function must(host: LabHost, script: string): Promise<void> {
  const done = await host.exec(script);
  if (done.code !== 0) throw new Error(`lab: ${host.id}: ${script.slice(0, 80)}: ${done.stderr}`);
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
