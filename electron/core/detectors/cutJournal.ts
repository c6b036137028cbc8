import type { HostId } from '../../../shared/model/host.ts';
import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { SuggestedAction } from '../../../shared/model/timelineEvent.ts';

const KEEP_BYTES = 500 * 1024 * 1024;
/** Where journald keeps it (journald.conf(5)): on disk, or in memory until the next boot. */
const ON_DISK = '/var/log/journal';
const IN_MEMORY = '/run/log/journal';
/** The kernel keeps 15 bytes of a name. */
const JOURNALD = 'systemd-journal';

/** Offered where a journal of systemd is written, and to the file system that has it. */
export function cutJournal(fs: FileSystem, sample: Sample, host: HostId): SuggestedAction[] {
  const mounts = (sample.fileSystems ?? [fs]).map(({ mount }) => mount);
  const inMemory = isUnder(IN_MEMORY, fs.mount) && fs.mount !== '/';
  const holds = mounts.filter((mount) => isUnder(ON_DISK, mount)).sort((a, b) => b.length - a.length)[0];
  if (fs.mount !== holds && !inMemory) return [];
  if (!sample.table.some(({ name }) => name === JOURNALD)) return [];
  return [
    {
      action: 'journal.vacuum',
      label: 'Cut the journal down to 500 MB…',
      host,
      arguments: { keepBytes: KEEP_BYTES },
    },
  ];
}

function isUnder(folder: string, mount: string): boolean {
  return mount === '/' || folder === mount || folder.startsWith(`${mount}/`);
}
