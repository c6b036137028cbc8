import { type CgroupLayout, cgroupProcesses, cpuUsedMs, oomKillCount } from './cgroups.ts';
import { type ExecOptions, type ExecResult, enterCommand, execInHost } from './enterHost.ts';
import type { RecordedHost } from './labRecord.ts';
import { type SeenProcess, seeProcess } from './processIdentity.ts';
import { readBanner } from './readBanner.ts';
import { type Oom, type OomOptions, startOom } from './scenarios/oom.ts';
import { type Respawn, type RespawnOptions, startRespawn } from './scenarios/respawn.ts';
import { waitUntil } from './waitUntil.ts';

/** How a person or a transport reaches the host. */
export interface LabLogin {
  user: string;
  keyFile: string;
  knownHostsFile: string;
}

/** One running host of a lab. Everything it does is done to real processes. */
export class LabHost {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  readonly memoryLimitBytes: number;
  readonly #recorded: RecordedHost;
  readonly #layout: CgroupLayout;
  readonly #groups: readonly string[];

  constructor(recorded: RecordedHost, layout: CgroupLayout, groups: readonly string[], login: LabLogin) {
    this.id = recorded.id;
    this.address = recorded.address;
    this.port = recorded.port;
    this.memoryLimitBytes = recorded.memoryLimitBytes;
    this.user = login.user;
    this.keyFile = login.keyFile;
    this.knownHostsFile = login.knownHostsFile;
    this.#recorded = recorded;
    this.#layout = layout;
    this.#groups = groups;
  }

  /** Runs inside the host without ssh, as its root unless told otherwise. A string is a script for `sh`. */
  exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return execInHost(this.#groups, this.initPid(), command, options);
  }

  /** What an agent that runs in this host would start: for sessions that come in by another way than its sshd. */
  enter(argv?: readonly string[]): { file: string; args: string[] } {
    return enterCommand(this.#groups, this.initPid(), argv);
  }

  /** Starts something that goes on by itself, adopted by the host's init. */
  async start(
    argv: readonly string[],
    options: { user?: 'root' | 'deploy'; directory?: string } = {},
  ): Promise<void> {
    const script = 'cd "$1" && shift && setsid "$@" </dev/null >/dev/null 2>&1 &';
    const run = await this.exec(['sh', '-c', script, 'start', options.directory ?? '/', ...argv], options);
    if (run.code !== 0) throw new Error(`lab: ${this.id} could not start ${argv.join(' ')}: ${run.stderr}`);
  }

  /** The machine's pid of the host's pid 1. Throws when the host is not up. */
  initPid(): number {
    const init = this.processes().find((one) => one.innerPid === 1 && one.state !== 'Z');
    if (init === undefined) throw new Error(`lab: ${this.id} is not running`);
    return init.pid;
  }

  /** Everything in the host's control group, by the machine's pids and by the host's. */
  processes(): SeenProcess[] {
    return cgroupProcesses(this.#recorded.cgroup)
      .map(seeProcess)
      .filter((one) => one !== undefined);
  }

  /** How often the kernel killed in this host for want of memory. */
  oomKills(): number {
    return oomKillCount(this.#layout, this.#recorded.cgroupPath);
  }

  /** CPU time that all in this host has used, by the kernel's own count, ms. */
  cpuUsedMs(): number | undefined {
    return cpuUsedMs(this.#layout, this.#recorded.cgroupPath);
  }

  /** Ends the server's side of every ssh connection at once, as a dying network card does; the listener stays. */
  async dropLinks(): Promise<number> {
    const sessions = this.#connections();
    for (const one of sessions) signal(one.pid, 'SIGKILL');
    await waitUntil(`${this.id}: the end of its ssh connections`, 5000, () => {
      const left = new Set(this.#connections().map((one) => one.pid));
      return sessions.some((one) => left.has(one.pid)) ? undefined : true;
    });
    return sessions.length;
  }

  /**
   * Freezes the server's side of every ssh connection: TCP stands, nothing answers. With `listener` new ones are
   * accepted by the kernel and get no banner, as on a host whose user space is starved.
   */
  async stallLink(options: { listener?: boolean } = {}): Promise<number> {
    const frozen = options.listener ? this.#daemons() : this.#connections();
    for (const one of frozen) signal(one.pid, 'SIGSTOP');
    const stopped = await waitUntil(`${this.id}: the stop of its ssh connections`, 5000, () => {
      const now = frozen
        .map((one) => seeProcess(one.pid))
        .filter((one) => one !== undefined && one.state !== 'Z');
      return now.every((one) => one?.state === 'T') ? now : undefined;
    });
    // A daemon's child that was on its way to becoming the command: that is not the link, and would stay stopped.
    const daemons = new Set(this.#daemons().map((one) => one.pid));
    const others = stopped.filter((one) => one !== undefined && !daemons.has(one.pid));
    for (const one of others) if (one !== undefined) signal(one.pid, 'SIGCONT');
    return stopped.length - others.length;
  }

  resumeLink(): number {
    const frozen = this.#daemons().filter((one) => one.state === 'T');
    for (const one of frozen) signal(one.pid, 'SIGCONT');
    return frozen.length;
  }

  /** Connections that stand go on; new ones are refused. */
  async stopSshd(): Promise<void> {
    await waitUntil(`${this.id}: the end of its ssh listener`, 5000, () => {
      const listeners = this.#daemons().filter(isListener);
      for (const one of listeners) signal(one.pid, 'SIGKILL');
      return listeners.length === 0 ? true : undefined;
    });
  }

  async startSshd(): Promise<void> {
    const checked = await this.exec(['/usr/sbin/sshd', '-t', '-f', '/etc/ssh/sshd_config']);
    if (checked.code !== 0)
      throw new Error(`lab: sshd of ${this.id} did not start: ${checked.stderr.trim()}`);
    // As on a real host, the listener takes its own OOM score to -1000 where root may (CAP_SYS_RESOURCE).
    await this.exec(
      'setsid /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config </dev/null >>/var/log/auth.log 2>&1 &',
    );
    try {
      await waitUntil(`${this.id}: the banner of its sshd`, 15_000, async () =>
        (await readBanner(this.address, this.port, 1000))?.startsWith('SSH-') ? true : undefined,
      );
    } catch (error) {
      const log = await this.exec('tail -n 3 /var/log/auth.log');
      throw new Error(`${error instanceof Error ? error.message : error}: ${log.stdout.trim()}`);
    }
  }

  /** Lets a process grow until the kernel kills it. */
  oom(options: OomOptions = {}): Promise<Oom> {
    return startOom(this, options);
  }

  /** Starts a supervisor whose job cannot start, because an older copy of it still runs. */
  respawn(options: RespawnOptions = {}): Promise<Respawn> {
    return startRespawn(this, options);
  }

  /** Arguments for OpenSSH's client that reach this host with its own key and known_hosts, and nothing of the user's. */
  sshArguments(): string[] {
    return [
      ...['-F', 'none', '-i', this.keyFile, '-p', String(this.port)],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=yes'],
      ...['-o', `UserKnownHostsFile=${this.knownHostsFile}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
      `${this.user}@${this.address}`,
    ];
  }

  #daemons(): SeenProcess[] {
    return this.processes().filter((one) => /^sshd(-session|-auth)?$/.test(one.name) && one.state !== 'Z');
  }

  #connections(): SeenProcess[] {
    return this.#daemons().filter((one) => !isListener(one));
  }
}

/** The listener titles itself `sshd: /usr/sbin/sshd -D … [listener] 0 of 100-200 startups`. */
function isListener(one: SeenProcess): boolean {
  return one.argv.join(' ').includes('[listener]');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Ended meanwhile.
  }
}
