import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupLayout, cgroupDirectories, createCgroup, detectCgroupsHere } from './cgroups.ts';
import { setupArgv, spawnInGroups } from './enterHost.ts';
import { writeHostSeed } from './hostSeed.ts';
import { LabHost } from './labHost.ts';
import {
  type LabRecord,
  labsDirectory,
  type RecordedHost,
  takeAddress,
  writeLabRecord,
} from './labRecord.ts';
import { startLxcfs } from './lxcfs.ts';
import { processIdentity } from './processIdentity.ts';
import { missingForLab } from './requirements.ts';
import { clearAbandoned, tearDown } from './tearDown.ts';

export interface LabOptions {
  hosts: number;
  /** The lab's own folder is made in it. Default: a private one under the system's temporary folder. */
  directory?: string;
  /** Of each host. Default 256 MiB. */
  memoryLimitBytes?: number;
  /** CPUs each host has, dealt out in turn so that hosts share them when there are too few. Default 1. */
  cpus?: number;
  /** A quota in cores, may be a fraction; absent: none. */
  cpuQuota?: number;
  /** A control group beside those of the hosts, for what is to be held back alone; the lab puts nothing in it. */
  quotaGroup?: { name: string; cpuQuota: number };
  /** OpenSSH server options of every host, such as `{ MaxSessions: '2' }`. */
  sshdOptions?: Record<string, string>;
  /** Host ids are this and a number from 1. Default `web`. */
  namePrefix?: string;
  /** Who logs in, by the workspace. Default root, who may read the kernel log and signal anything. */
  user?: 'root' | 'deploy';
  /** Lets both users log in by password too. */
  password?: string;
  /** Default `lab`. */
  name?: string;
  /** It outlives this process, until it is stopped by its name. */
  detached?: boolean;
}

export interface Lab {
  id: string;
  name: string;
  directory: string;
  hosts: LabHost[];
  /** A workspace of these hosts, and the file it is in. */
  workspaceYaml: string;
  workspaceFile: string;
  /** The host with this id; throws when there is none. */
  host(id: string): LabHost;
  /** Ends every process, mount, control group and file of it. */
  stop(): Promise<void>;
}

const PORT = 2222;
const MEMORY_BYTES = 256 * 1024 * 1024;

/** Real hosts on this machine: namespaces, control groups and an OpenSSH server each. Needs root. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const missing = missingForLab();
  if (missing.length > 0)
    throw new Error(`the lab cannot run here:\n${missing.map((one) => `  - ${one}`).join('\n')}`);
  await clearAbandoned();
  const layout = detectCgroupsHere();
  const id = randomBytes(4).toString('hex');
  const directory = join(options.directory ?? labsDirectory(), id);
  const owner = options.detached ? undefined : processIdentity(process.pid);
  const record: LabRecord = {
    id,
    name: options.name ?? 'lab',
    ...(owner === undefined ? {} : { owner }),
    directory,
    lxcfsMount: join(directory, 'lxcfs'),
    cgroups: [],
    cgroupMode: layout.mode,
    hosts: [],
    workspaceFile: join(directory, 'WORKSPACE.yaml'),
    user: options.user ?? 'root',
  };
  try {
    planHosts(record, layout, options);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    await makeHosts(record, layout, options);
  } catch (error) {
    await tearDown(record);
    throw error;
  }
  return openLab(record);
}

/** A lab that runs, from its record: the one this process made, or one that stays until `down`. */
export function openLab(record: LabRecord): Lab {
  const layout = detectCgroupsHere();
  const login = { user: record.user, keyFile: keyFile(record), knownHostsFile: knownHostsFile(record) };
  const hosts = record.hosts.map(
    (host) => new LabHost(host, layout, cgroupDirectories(layout, host.cgroupPath), login),
  );
  let stopped: Promise<void> | undefined;
  return {
    id: record.id,
    name: record.name,
    directory: record.directory,
    hosts,
    workspaceYaml: workspaceYaml(record),
    workspaceFile: record.workspaceFile,
    host(id) {
      const found = hosts.find((one) => one.id === id);
      if (found === undefined)
        throw new Error(`no host ${id} in the lab; there are ${hosts.map((one) => one.id).join(', ')}`);
      return found;
    },
    stop() {
      stopped ??= tearDown(record);
      return stopped;
    },
  };
}

/** As `/proc/PID/cgroup` says it of what is in the lab's `quotaGroup`, but for the first slash. */
export function quotaGroupPath({ id }: Pick<Lab, 'id'>, name: string): string {
  return `fireline-lab/${id}/${name}`;
}

/** Writes down what will exist, before any of it does. */
function planHosts(record: LabRecord, layout: CgroupLayout, options: LabOptions): void {
  writeLabRecord(record);
  const planGroup = (path: string): string => {
    const directories = cgroupDirectories(layout, path);
    for (const directory of directories)
      record.cgroups.push({ directory, mount: directory.slice(0, -path.length - 1) });
    const [first] = directories;
    if (first === undefined) throw new Error('no control groups are mounted');
    return first;
  };
  if (options.quotaGroup) planGroup(quotaGroupPath(record, options.quotaGroup.name));
  for (let number = 1; number <= options.hosts; number++) {
    const id = `${options.namePrefix ?? 'web'}${number}`;
    const cgroupPath = `fireline-lab/${record.id}/${id}`;
    const cgroup = planGroup(cgroupPath);
    record.hosts.push({
      id,
      address: takeAddress(record.id, (address) => !isListening(address, PORT)),
      port: PORT,
      cgroup,
      cgroupPath,
      memoryLimitBytes: options.memoryLimitBytes ?? MEMORY_BYTES,
    });
  }
  writeLabRecord(record);
}

async function makeHosts(record: LabRecord, layout: CgroupLayout, options: LabOptions): Promise<void> {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'fireline lab', '-f', keyFile(record)]);
  const authorizedKey = readFileSync(`${keyFile(record)}.pub`, 'utf8').trim();
  await startLxcfs(record.lxcfsMount, join(record.directory, 'lxcfs.log'));
  if (options.quotaGroup) {
    const { name, cpuQuota } = options.quotaGroup;
    const memoryBytes = options.memoryLimitBytes ?? MEMORY_BYTES;
    createCgroup(layout, quotaGroupPath(record, name), {
      memoryBytes,
      cpus: dealCpus(0, options.cpus ?? 1),
      cpuQuota,
    });
  }
  const publicKeys = await Promise.all(
    record.hosts.map(async (host, index) => {
      const seed = join(record.directory, 'hosts', host.id);
      const publicKey = writeHostSeed(seed, {
        hostname: host.id,
        address: host.address,
        port: host.port,
        authorizedKey,
        ...(options.password === undefined ? {} : { password: options.password }),
        sshdOptions: options.sshdOptions ?? {},
      });
      createCgroup(layout, host.cgroupPath, {
        memoryBytes: host.memoryLimitBytes,
        cpus: dealCpus(index, options.cpus ?? 1),
        ...(options.cpuQuota === undefined ? {} : { cpuQuota: options.cpuQuota }),
      });
      await boot(host, layout, seed, record.lxcfsMount);
      return publicKey;
    }),
  );
  const lines = record.hosts.map((host, index) => `[${host.address}]:${host.port} ${publicKeys[index]}\n`);
  writeFileSync(knownHostsFile(record), lines.join(''));
  writeFileSync(record.workspaceFile, workspaceYaml(record));
  await Promise.all(openLab(record).hosts.map((host) => host.startSshd()));
}

/** Resolves once the host's init runs. */
function boot(host: RecordedHost, layout: CgroupLayout, seed: string, lxcfsMount: string): Promise<void> {
  const child = spawnInGroups(
    cgroupDirectories(layout, host.cgroupPath),
    setupArgv(seed, host.id, lxcfsMount),
  );
  return new Promise((resolve, reject) => {
    let out = '';
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
      if (!out.includes('ready\n')) return;
      // It goes on by itself; nothing of it may keep this process alive.
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve();
    });
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      reject(new Error(`lab: ${host.id} did not boot (${code ?? signal}): ${errors.trim()}`)),
    );
  });
}

function workspaceYaml(record: LabRecord): string {
  const quote = (text: string) => JSON.stringify(text);
  const hosts = record.hosts.map(
    (host) =>
      `  - id: ${host.id}\n    tags: [lab, web]\n    ssh: { host: ${host.address}, port: ${host.port}, user: ${record.user}, ` +
      `identityFile: ${quote(keyFile(record))}, knownHostsFile: ${quote(knownHostsFile(record))} }\n`,
  );
  return (
    `version: 1\nname: ${quote(record.name)}\nhosts:\n${hosts.join('')}logs:\n` +
    '  - { path: "/srv/www/*/log/*.log" }\n  - { path: "/srv/www/*/current/log/*.log" }\n'
  );
}

/** `count` CPUs for the host with this index, of those this process may use: 0, 1, 0, 1 … on a machine of two. */
function dealCpus(index: number, count: number): string {
  const usable = allowedCpus();
  const wanted = Math.max(1, Math.min(count, usable.length));
  const dealt = Array.from(
    { length: wanted },
    (_, offset) => usable[(index * wanted + offset) % usable.length],
  );
  return dealt.join(',');
}

/** By /proc/self/status: `Cpus_allowed_list: 0-3,8`. */
function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [from, to] = range.split('-').map(Number);
    return Array.from({ length: (to ?? from ?? 0) - (from ?? 0) + 1 }, (_, offset) => (from ?? 0) + offset);
  });
}

/** By /proc/net/tcp: addresses are little-endian hexadecimal there; state 0A is LISTEN. */
function isListening(address: string, port: number): boolean {
  const hex = (part: number, width: number) => part.toString(16).toUpperCase().padStart(width, '0');
  const local = `${address
    .split('.')
    .reverse()
    .map((part) => hex(Number(part), 2))
    .join('')}:${hex(port, 4)}`;
  const taken = [local, `00000000:${hex(port, 4)}`];
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((line) => {
      const fields = line.trim().split(/\s+/);
      return fields[3] === '0A' && taken.includes(fields[1] ?? '');
    });
}

const keyFile = (record: LabRecord) => join(record.directory, 'id_ed25519');
const knownHostsFile = (record: LabRecord) => join(record.directory, 'known_hosts');
