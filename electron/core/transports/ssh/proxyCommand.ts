import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/**
 * The user's own ProxyCommand, run as ssh runs it: by their shell, with `exec`, its standard input and output as
 * the wire. It ends, with its children, when the wire does. Its words to people go to our stderr.
 */
export function openProxyCommand(command: string): Duplex {
  const child = spawn(process.env['SHELL'] || '/bin/sh', ['-c', `exec ${command}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const wire = Duplex.from({ writable: child.stdin, readable: child.stdout });
  child.on('error', (error) => wire.destroy(error));
  wire.on('close', () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It has just ended by itself.
    }
  });
  return wire;
}
