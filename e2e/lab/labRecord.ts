import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive, type ProcessIdentity, processIdentity } from './processIdentity.ts';

/**
 * What a lab has on this machine, on disk before it is made, so that whoever comes next can clear it away when
 * its owner crashed.
 */
export interface LabRecord {
  id: string;
  name: string;
  /** Whose lab it is; absent for one that stays until `down`. */
  owner?: ProcessIdentity;
  /** Removed whole, with the keys in it. */
  directory: string;
  lxcfsMount: string;
  /** Leaf directories, one for each host and hierarchy, each with its hierarchy's mount. */
  cgroups: { directory: string; mount: string }[];
  cgroupMode: 'legacy' | 'hybrid' | 'unified';
  hosts: RecordedHost[];
  workspaceFile: string;
  user: string;
}

export interface RecordedHost {
  id: string;
  address: string;
  port: number;
  /** The memory hierarchy's directory: who is in the host. */
  cgroup: string;
  /** Relative to every hierarchy's mount. */
  cgroupPath: string;
  memoryLimitBytes: number;
}

/** Where labs of this user are noted: private, because the keys of running hosts are under it. */
export function labsDirectory(): string {
  const directory = join(tmpdir(), 'fireline-lab');
  mkdirSync(join(directory, 'addresses'), { recursive: true, mode: 0o700 });
  mkdirSync(join(directory, 'labs'), { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new Error(`${directory} belongs to someone else: remove it, or set TMPDIR to a folder of your own`);
  return directory;
}

export function writeLabRecord(record: LabRecord): void {
  const file = recordFile(record.id);
  writeFileSync(`${file}.new`, JSON.stringify(record, null, 2));
  renameSync(`${file}.new`, file);
}

export function readLabRecords(): LabRecord[] {
  const directory = join(labsDirectory(), 'labs');
  const records: LabRecord[] = [];
  for (const file of readdirSync(directory)) {
    if (!file.endsWith('.json')) continue;
    try {
      records.push(JSON.parse(readFileSync(join(directory, file), 'utf8')));
    } catch {
      // Removed by its lab between the two calls.
    }
  }
  return records;
}

export function removeLabRecord(id: string): void {
  rmSync(recordFile(id), { force: true });
  rmSync(claimFile(id), { force: true });
}

/** True for the first who asks, unless that one has died since: of two labs that start at once, one clears away. */
export function claimAbandoned(id: string): boolean {
  const file = claimFile(id);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, JSON.stringify(processIdentity(process.pid)), { flag: 'wx' });
      return true;
    } catch {
      const claimer = readClaimer(file);
      if (claimer === undefined || isProcessAlive(claimer)) return false;
      rmSync(file, { force: true });
    }
  }
  return false;
}

/** Undefined while it is being written, or when all is cleared away by now. */
function readClaimer(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** True when whoever made it is gone and nobody is left to stop it. */
export function isAbandoned(record: LabRecord): boolean {
  return record.owner !== undefined && !isProcessAlive(record.owner);
}

/**
 * Takes a loopback address that no other lab has, 127.0.1.1 onwards. The file is created exclusively, so two labs
 * that start at once cannot take the same one.
 */
export function takeAddress(labId: string, isFree: (address: string) => boolean): string {
  const directory = join(labsDirectory(), 'addresses');
  for (let third = 1; third <= 4; third++) {
    for (let fourth = 1; fourth <= 254; fourth++) {
      const address = `127.0.${third}.${fourth}`;
      try {
        writeFileSync(join(directory, address), labId, { flag: 'wx' });
      } catch {
        continue;
      }
      if (isFree(address)) return address;
      rmSync(join(directory, address), { force: true });
    }
  }
  throw new Error(
    'no loopback address from 127.0.1.1 to 127.0.4.254 is free for a lab host: run `npm run lab -- down --all`',
  );
}

export function releaseAddresses(labId: string): void {
  const directory = join(labsDirectory(), 'addresses');
  for (const address of readdirSync(directory)) {
    try {
      if (readFileSync(join(directory, address), 'utf8') === labId)
        rmSync(join(directory, address), { force: true });
    } catch {
      // Released by its own lab meanwhile.
    }
  }
}

function recordFile(id: string): string {
  return join(labsDirectory(), 'labs', `${id}.json`);
}

function claimFile(id: string): string {
  return join(labsDirectory(), 'labs', `${id}.clearing`);
}
