import type { EventKind } from './timelineEvent.ts';

/** What an event of a kind usually means, and what to look at next: for who sees it for the first time, at night. */
export const EVENT_MEANING: Partial<Record<EventKind, string>> = {
  'process.oom_killed':
    'The kernel, or a daemon in its place, ended the process because memory ran out: of the machine, or of the control group that holds it. The victim is the largest, not always the one to blame. It comes again while what grows still grows.',
  'process.oom_risk':
    'At this pace memory runs out soon. Whoever grows is named: restart or pause it while the way in still works, and protect SSH.',
  'process.respawn_loop':
    'A supervisor starts a program that ends at once, again and again. Most often an older copy still holds its port or pid file: then that copy is what to end, and the loop ends by itself. Otherwise its own log says why it ends.',
  'process.pid_changed':
    'A program that ought to stay was started anew: it crashed, or somebody restarted it. Its log and the kernel’s say which.',
  'processes.pile':
    'Processes pile up: started faster than they end, ended and not waited for by their parent, or waiting in the kernel for a disk or a file system that does not answer. In the end no pid, no memory or no slot is left for another.',
  'cpu.saturated':
    'There is no CPU left to give. When children that ended at once or no process at all take it, top shows nobody: look for a respawn loop. Time that is stolen belongs to the hypervisor; iowait is a disk’s.',
  'cgroup.throttled':
    'The control group has used its CPU quota before its period was over, and stands still until the next: everything in it is late although the machine has CPU to spare. Raise the quota, or find what burns it.',
  'erlang.node_up':
    'Another node joined this one. A name of rem-… or a hidden one is mostly a person’s shell or a tool.',
  'erlang.orphan_remote_shell':
    'Someone’s session ended and the Erlang shell that it had started did not: it is still connected, and often spins, or makes the service wait. Disconnect it; if it comes back, end its process or keep it out.',
  'link.lost':
    'Nothing answers on the way to the host. What ran there goes on; what was typed last may not have arrived.',
  'link.degraded': 'The host answers late. The network on the way, or a host that has no CPU or memory left.',
  'host.unmeasured':
    'The login works and the sampler does not run: no perl and no awk, no /proc, a menu or a forced command in place of a shell, or no process to spare. Nothing of this host is measured, so a calm row says nothing. Terminals and Diagnose may still work.',
  'host.silent':
    'The link answers and the sampler does not: the host can hardly start or run a process. Look at memory and pressure before it.',
  'host.ssh_dying':
    'TCP connects and sshd does not say a word, or does not let in: the machine is alive and has no memory, processes or CPU to serve a login. The out-of-memory killer may have ended sshd. Ping proves nothing. Use the console, or wait for a kill.',
  'host.rebooted':
    'It started anew: a crash, a watchdog, or a person. What was only in memory is gone, and every pid means something else.',
  'host.outlier':
    'One of several that ought to be alike is not. Compare what differs: versions, limits, neighbours, hardware.',
  'clock.skewed': 'Its clock is off. Times in its logs are too, certificates and tokens may be refused.',
  'connections.leak':
    'The number of connections to one place only grows: they are opened and not closed, or the other end does not close them. In the end descriptors, ports or the other end’s limit run out.',
  'connections.capped':
    'The number of connections to one place stands at a limit, of a pool or of the other end, and bytes wait in them: who comes next waits too. With Recv-Q the program here does not keep up with reading, with Send-Q the other end does not.',
  'connections.unanswered':
    'What this host needs elsewhere is down, overloaded or cut off by a firewall: each attempt waits for a minute or two before it fails, and whoever made it waits with it.',
  'listen.overflow':
    'Connections arrive faster than the program accepts them, and its queue is full: clients see time-outs. The program is stuck or too slow, or its backlog too small.',
  'queue.stalled':
    'Bytes wait in a socket and nobody reads or takes them: with Recv-Q the program here does not read, with Send-Q the other end does not.',
  'fd.leak':
    'The process opens files or sockets and does not close them. At its limit every open and accept fails.',
  'fd.near_limit': 'Soon every open and accept of this process fails with “Too many open files”.',
  'memory.leak': 'One process grows steadily. It ends with an OOM kill, unless it is restarted before.',
  'threads.growth':
    'One process starts threads and does not end them: each waits for something. Look at what they wait for.',
  'disk.full':
    'Writes fail. Logs and databases stop first. Deleted files that are held open free nothing until they are closed or emptied.',
  'disk.filling': 'At this pace it is full soon. See what grows: mostly a log.',
  'inodes.full': 'There is room and no inode left: very many small files, mostly sessions, caches or mail.',
  'filesystem.readonly':
    'The kernel found an error and stopped writing to save what is there. The disk or its cable, or the storage’s network.',
  'network.saturated': 'The interface carries what it can: everything else on it waits.',
  'network.errors': 'Frames are lost or broken: cable, port, driver, or a ring that is too small.',
  'disk.errors':
    'The disk, its cable or its controller fails, or the storage behind it does not answer. What waits for it hangs, and the file system may stop taking writes. Save what is there before anything else; smartctl and the storage’s own log say more.',
  'kernel.limit':
    'A table or a limit of the kernel is full: what needs another entry is refused until some are given back. Look at who uses them up before the limit is raised.',
  'kernel.segfault':
    'The program touched memory that is not its own and was ended: a bug in it or a library, rarely broken memory.',
  'kernel.hung_task':
    'A process waits in the kernel for minutes, mostly for a disk or a network file system, and cannot even be killed.',
  'kernel.oops':
    'The kernel itself failed. What it did since is not to be trusted: move the load away and reboot.',
  'service.failed':
    'It ended in a way that its manager calls a failure. Its log says why; “restart” tries again, also where the manager has given up.',
  'log.matched': 'A line that this workspace watches for.',
  'log.surge': 'Far more lines than usual. One of them, repeated, is mostly the cause or the first symptom.',
  'session.expired': 'AWS ended the session. What it started and what ignores a hang-up may still run.',
};
