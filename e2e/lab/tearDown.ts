import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupProcesses, removeCgroup } from './cgroups.ts';
import {
  claimAbandoned,
  isAbandoned,
  type LabRecord,
  labsDirectory,
  readLabRecords,
  releaseAddresses,
  removeLabRecord,
} from './labRecord.ts';
import { stopLxcfs } from './lxcfs.ts';
import { waitUntil } from './waitUntil.ts';

/** Ends a lab from its record alone, whoever made it: processes, mounts, control groups, files, addresses. */
export async function tearDown(record: LabRecord): Promise<void> {
  const groups = record.cgroups;
  await waitUntil('the end of the hosts’ processes', 20_000, () => {
    // Again each time: what was being forked when the first signals went out is caught by the next round.
    const pids = new Set(groups.flatMap((group) => cgroupProcesses(group.directory)));
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    }
    return pids.size === 0 ? true : undefined;
  });
  await stopLxcfs(record.lxcfsMount);
  for (const mount of mountsUnder(record.directory)) execFileSync('umount', ['--lazy', mount]);
  // The kernel lets go of a group shortly after its last process.
  await waitUntil('the end of the control groups', 10_000, () =>
    groups.every((group) => removeCgroup(group.directory, group.mount)) ? true : undefined,
  );
  const left = mountsUnder(record.directory);
  if (left.length > 0)
    throw new Error(`lab: ${left.join(', ')} is still mounted; its files were not removed`);
  rmSync(record.directory, { recursive: true, force: true });
  releaseAddresses(record.id);
  removeLabRecord(record.id);
}

/** Clears away what crashed owners left, but for what another lab that starts is clearing away already. */
export async function clearAbandoned(): Promise<LabRecord[]> {
  const records = readLabRecords();
  const abandoned = records.filter((record) => isAbandoned(record) && claimAbandoned(record.id));
  for (const record of abandoned) await tearDown(record);
  // Addresses are taken after the record is written: one whose record is missing is nobody's.
  const known = new Set(readLabRecords().map((record) => record.id));
  const addresses = join(labsDirectory(), 'addresses');
  for (const address of readdirSync(addresses)) {
    const owner = readAddressOwner(join(addresses, address));
    if (owner !== undefined && !known.has(owner)) releaseAddresses(owner);
  }
  return abandoned;
}

/** Innermost first. */
export function mountsUnder(directory: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`)).reverse();
}

function readAddressOwner(file: string): string | undefined {
  try {
    // An empty file is being written by its owner at this moment.
    return readFileSync(file, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
