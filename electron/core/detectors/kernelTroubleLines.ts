import { visibleText } from '../../../shared/model/hostText.ts';
import type { EventKind, Severity } from '../../../shared/model/timelineEvent.ts';

/** A line of the kernel's log that says that something of the machine does not do its work, and goes on. */
export interface KernelTrouble {
  kind: Extract<EventKind, 'disk.errors' | 'kernel.limit' | 'network.errors'>;
  /** Of one thing all lines are one event: `disk sda`. Hostile text. */
  key: string;
  severity: Severity;
  /** What is the matter, without the figures that differ each time. Hostile text in it was made visible. */
  says: string;
  /** It is over when nothing was said for so long. */
  quietMs: number;
}

type Told = Omit<KernelTrouble, 'quietMs'> & { quietMs?: number };
type Rule = readonly [RegExp, (groups: readonly string[]) => Told | undefined];

const QUIET_MS = 5 * 60_000;
/** Limits are met again at once while they are met, and the kernel says so every few seconds. */
const LIMIT_QUIET_MS = 60_000;

/** Each by the words that it had from 2.6 to 6.x. What was corrected, a processor that was
 * too hot for a moment and a removable drive that is empty are none. */
const RULES: readonly Rule[] = [
  [
    /^(?:blk_update_request: |print_req_error: |end_request: )?(I\/O|critical (?:medium|target|nexus|space allocation)) error, dev (\S{1,64}?),? sector \d+(?: op \w+:\((\w{1,20})\))?/,
    ([what = '', device = '', operation]) =>
      isRemovable(device)
        ? undefined
        : disk(
            device,
            what.startsWith('critical medium') ? 'critical' : 'warning',
            what === 'critical space allocation'
              ? 'has no space left to give to what is written'
              : `fails to ${operation === 'READ' ? 'read' : operation === 'WRITE' ? 'write' : 'read or write'}${what === 'critical medium' ? ': its medium is damaged' : ''}`,
          ),
  ],
  [
    /^(?:Buffer I\/O error on dev(?:ice)?|JBD2: Detected IO errors while flushing file data on|Aborting journal on device) ([^\s,.:]{1,64})/,
    ([device = '']) => (isRemovable(device) ? undefined : disk(device, 'warning', 'fails to read or write')),
  ],
  [
    /^nvme (nvme\d+)(?:n\d+)?: (?:I\/O (?:tag )?\d.*timeout, (?:aborting|reset controller|disable controller)|controller is down; will reset|Device not ready; aborting|(Removing after probe failure|Disabling device after reset failure))/,
    ([device = '', removed]) =>
      removed === undefined
        ? disk(device, 'warning', 'does not answer, and is reset')
        : disk(device, 'critical', 'did not come back after a reset, and was removed'),
  ],
  [
    /^(ata\d{1,3})(?:\.\d\d)?: (?:exception Emask .*(?:frozen|t4)|failed command: |COMRESET failed|(disabled$|disabling device|reset failed, giving up))/,
    ([port = '', given]) =>
      given === undefined
        ? disk(port, 'warning', 'fails a command of its disk')
        : disk(port, 'critical', 'gave its disk up'),
  ],
  [
    /^sd \S{1,32}: (?:\[(sd\w{1,8})\] )?(?:tag#\d+ )?(?:Sense Key : (?:Medium|Hardware) Error|Add\. Sense: Unrecovered read error|(rejecting I\/O to (?:offline|dead) device))/,
    ([device = 'a SCSI disk', offline]) =>
      disk(device, 'critical', offline === undefined ? 'fails to read or write' : 'is offline'),
  ],
  [
    /^(?:md\/\S{1,20}?:(md\w{1,20})|raid\S{1,6}): Disk failure on (\S{1,32}), disabling/,
    ([array = 'a software RAID', device = '']) =>
      disk(array, 'critical', `lost its disk ${visibleText(device, 32)}`),
  ],
  [
    /^device-mapper: multipath: (?:\d+:\d+: )?Failing path (\S{1,32}?)\./,
    ([path = '']) => disk(`path ${path}`, 'warning', 'failed: its storage is reached by fewer ways'),
  ],
  [
    /^device-mapper: thin: (?:\S{1,16}: )?(?:switching pool to (out-of-data-space|read-only)|no free (?:data|metadata) space available)/,
    ([mode]) =>
      disk(
        'the thin pool',
        'critical',
        mode === 'read-only' ? 'takes no more writes' : 'has no space left to give to what is written',
      ),
  ],
  [
    /^ *(?:iscsi: )?(connection\d+:\d+): detected conn error|^ *(session\d+): session recovery timed out/,
    ([connection, session]) => disk(`iSCSI ${connection ?? session ?? ''}`, 'critical', 'lost its storage'),
  ],
  [
    /^EXT[234]-fs error \(device ([^\s()]{1,64})\)/,
    ([device = '']) => disk(device, 'warning', 'meets errors in its file system'),
  ],
  [
    /^BTRFS \w{4,8} \(device ([^\s:()]{1,64})(?:[: ]+state \w{1,12})?\): (?:csum failed|bdev \S{1,64} errs: |checksum (?:verify failed|error))/,
    ([device = '']) =>
      disk(device, 'warning', 'gives back other data than was written, or fails to read or write'),
  ],
  [
    /^XFS \(([^\s()]{1,64})\): (?:metadata I\/O error|Metadata (?:corruption|CRC error) detected|log I\/O error)/,
    ([device = '']) => disk(device, 'warning', 'meets errors in its file system'),
  ],
  [
    /conntrack: .{0,60}table full/,
    () =>
      limit('conntrack', 'critical', 'The table of tracked connections is full: new connections are dropped'),
  ],
  [
    /Possible SYN flooding on port (\S{1,64}?)\. +(Sending cookies|Dropping request)/,
    ([port = '', does]) =>
      limit(
        `syn ${port}`,
        'warning',
        `More connections to port ${visibleText(port, 64)} are begun than are taken up: a flood, or a program that accepts too slowly${does === 'Dropping request' ? '; they are dropped' : ''}`,
      ),
  ],
  [
    /^TCP: out of memory -- consider tuning tcp_mem/,
    () => limit('tcp_mem', 'critical', 'TCP has used all memory that it may have: connections stall'),
  ],
  [
    /^TCP: too many (?:of )?orphaned sockets/,
    () => limit('tcp orphans', 'warning', 'Too many closed connections wait for their other end'),
  ],
  [
    /^TCP: (?:\S{1,40}: )?time ?wait bucket table overflow/i,
    () => limit('tcp time wait', 'warning', 'Too many connections are in TIME_WAIT'),
  ],
  [
    /neighbou?r table overflow/i,
    () =>
      limit(
        'neighbours',
        'critical',
        'The table of neighbours (ARP) is full: hosts nearby cannot be reached',
      ),
  ],
  [
    /^VFS: file-max limit (\d{1,20}) reached/,
    ([most = '']) =>
      limit(
        'file-max',
        'critical',
        `The whole machine may open ${most} files, and has: no program can open another`,
      ),
  ],
  [
    /^cgroup: fork rejected by pids controller in (.{1,255})/,
    ([path = '']) =>
      limit(
        `pids ${path}`,
        'critical',
        `${visibleText(path, 100)} has as many processes and threads as it may: it can start none`,
      ),
  ],
  [
    /NETDEV WATCHDOG: (?:CPU: \d+: )?(?:(\S{1,15}) \(\S{1,32}\): )?transmit queue \d+ timed out|^\S{1,32} \S{1,32} (\S{1,15}): NETDEV WATCHDOG/,
    ([before, after]) => {
      const name = before ?? after ?? 'an interface';
      return network(
        `watchdog ${name}`,
        'warning',
        `${visibleText(name, 20)} does not send what it is given`,
      );
    },
  ],
  [
    /^(\S{1,15}): now running without any active interface/,
    ([bond = '']) => network(`bond ${bond}`, 'critical', `${visibleText(bond, 20)} has no link left`),
  ],
];

export function readKernelTrouble(text: string): KernelTrouble | undefined {
  for (const [pattern, read] of RULES) {
    const match = pattern.exec(text);
    const told = match && read(match.slice(1));
    if (told) return { quietMs: QUIET_MS, ...told };
  }
  return undefined;
}

const disk = (device: string, severity: Severity, does: string): Told => ({
  kind: 'disk.errors',
  key: `disk ${wholeDisk(device)}`,
  severity,
  says: `${visibleText(device.replace(JOURNAL, ''), 64)} ${does}`,
});

const limit = (key: string, severity: Severity, says: string): Told => ({
  kind: 'kernel.limit',
  key,
  severity,
  says,
  quietMs: LIMIT_QUIET_MS,
});

const network = (key: string, severity: Severity, says: string): Told => ({
  kind: 'network.errors',
  key,
  severity,
  says,
});

/** JBD2 calls the journal of sda1, in its inode 8, `sda1-8`. */
const JOURNAL = /(?<=\d)-\d{1,10}$/;

/** `sda` of `sda1`, `nvme0` of `nvme0n1p2`, `sda` of its journal, `sda1-8`. */
const wholeDisk = (device: string) =>
  device
    .replace(JOURNAL, '')
    .replace(/^((?:sd|hd|vd|xvd)[a-z]{1,3})\d{1,3}$/, '$1')
    .replace(/^(nvme\d{1,3})n\d.*$/, '$1')
    .replace(/^(mmcblk\d{1,3})p\d.*$/, '$1');

/** A virtual machine's floppy and an empty CD drive fail each read. */
const isRemovable = (device: string) => /^(?:fd|sr|loop|ram)\d/.test(device);

/** An interface that lost its link, or has it again; undefined for any other line. Hostile text. */
export function readCarrier(text: string): { name: string; up: boolean } | undefined {
  const bonded = /^\S{1,15}: \(slave (\S{1,15})\): link status definitely (down|up)\b/.exec(text);
  const [, name, state] =
    bonded ??
    /^(?:[\w-]{1,20} (?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.\d:? (?:[\w.-]{1,15}: )?)?(?:[\w-]{1,20}: )?([A-Za-z][\w.-]{0,14}):? (?:NIC )?Link (?:is )?([Dd]own|[Uu]p)\b/.exec(
      text,
    ) ??
    [];
  if (name === undefined || state === undefined) return undefined;
  return { name, up: state.toLowerCase() === 'up' };
}
