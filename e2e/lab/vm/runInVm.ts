import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCommand } from '../requirements.ts';
import { type ArchiveFile, cpioArchive, moduleFiles } from './initramfs.ts';
import type { Kernel } from './kernel.ts';

export interface VmOptions {
  kernel: Kernel;
  /** A script for sh, run as root; its output is ours. */
  script: string;
  /** What the machine has as its root, read-only under a layer in memory. Default: this machine's. */
  root?: string;
  /** Given to the script as /run/vm/share, writable: what it leaves there stays. Default: a temporary one. */
  share?: string;
  /** Default 4096. */
  memoryMiB?: number;
  /** Default an hour. */
  timeoutMs?: number;
  /** Lets the processor's virtualisation be used (/dev/kvm). Default: everything is emulated, which runs anywhere. */
  accelerated?: boolean;
}

/** The file systems of the machine, and the bus that they come by. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'fuse'];

/**
 * Boots a virtual machine of one processor with control groups of version 2 only, runs a script in it, and gives its
 * exit status; 124 when its time was up. Emulated, it is ten to twenty times slower than this machine.
 * @throws when qemu or busybox is missing, or when the machine ends without a status; the kernel's last words are told
 */
export async function runInVm(options: VmOptions): Promise<number> {
  for (const [command, name] of [
    ['qemu-system-x86_64', 'qemu-system-x86'],
    ['busybox', 'busybox'],
  ] as const)
    if (findCommand(command) === undefined) throw new Error(`${command} is missing: apt-get install ${name}`);
  const work = mkdtempSync(join(tmpdir(), 'fireline-vm-'));
  const share = options.share ?? join(work, 'share');
  mkdirSync(share, { recursive: true });
  rmSync(join(share, 'status'), { force: true });
  const initramfs = join(work, 'initramfs');
  writeFileSync(initramfs, cpioArchive(initramfsFiles(options)));
  const consoleLog = join(work, 'console.log');
  const qemu = spawn('nice', ['-n', '10', 'qemu-system-x86_64', ...qemuArguments()], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const end = () => qemu.kill('SIGKILL');
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, options.timeoutMs ?? 3_600_000);
  process.once('exit', end);
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const interrupted = (signal: (typeof signals)[number]) => {
    end();
    process.exitCode = 128 + constants.signals[signal];
  };
  for (const signal of signals) process.once(signal, interrupted);
  try {
    await new Promise((resolve, reject) => {
      qemu.on('error', reject);
      qemu.on('exit', resolve);
    });
    if (timedOut) return 124;
    const statusFile = join(share, 'status');
    if (!existsSync(statusFile))
      throw new Error(
        `the virtual machine ended early; its kernel's last words:\n${lastLines(consoleLog, 15)}`,
      );
    return Number(readFileSync(statusFile, 'utf8'));
  } finally {
    clearTimeout(timer);
    process.off('exit', end);
    for (const signal of signals) process.off(signal, interrupted);
    rmSync(work, { recursive: true, force: true });
  }

  function qemuArguments(): string[] {
    const folder = (id: string, path: string, more: string) => [
      '-fsdev',
      `local,id=${id},path=${path},security_model=none,multidevs=remap${more}`,
      '-device',
      `virtio-9p-pci,fsdev=${id},mount_tag=${id}`,
    ];
    return [
      ...['-accel', options.accelerated ? 'kvm' : 'tcg', '-cpu', options.accelerated ? 'host' : 'max'],
      ...[
        '-smp',
        '1',
        '-m',
        String(options.memoryMiB ?? 4096),
        '-nodefaults',
        '-no-reboot',
        '-display',
        'none',
      ],
      ...['-kernel', options.kernel.image, '-initrd', initramfs],
      ...['-append', 'console=ttyS0 quiet panic=-1 rdinit=/init psi=1'],
      ...['-serial', `file:${consoleLog}`, '-serial', 'stdio', '-device', 'virtio-rng-pci'],
      ...folder('root', options.root ?? '/', ',readonly=on'),
      ...folder('share', share, ''),
    ];
  }
}

function initramfsFiles(options: VmOptions): ArchiveFile[] {
  const busybox = findCommand('busybox');
  if (busybox === undefined) throw new Error('busybox is missing');
  // Nothing else is in the initramfs: it has no loader and no libraries.
  if (
    !execFileSync('sh', ['-c', 'ldd "$1" 2>&1 || true', 'ldd', busybox], { encoding: 'utf8' }).includes(
      'not a dynamic',
    )
  )
    throw new Error('busybox is not a static one: apt-get install busybox-static');
  const beside = (name: string) => readFileSync(fileURLToPath(new URL(name, import.meta.url)));
  return [
    { path: 'init', bytes: beside('init.sh'), mode: 0o755 },
    { path: 'stage2.sh', bytes: beside('stage2.sh'), mode: 0o644 },
    { path: 'command.sh', bytes: Buffer.from(options.script), mode: 0o644 },
    { path: 'bin/busybox', bytes: readFileSync(busybox), mode: 0o755 },
    ...moduleFiles(options.kernel.modules, MODULES),
  ];
}

function lastLines(file: string, count: number): string {
  return existsSync(file)
    ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
    : '(none)';
}
