import { spawn } from 'node:child_process';
import type { ExecResult } from './enterHost.ts';
import type { LabHost } from './labHost.ts';

/** One command through OpenSSH's own client, with the lab's key and known_hosts. 255 is ssh's own failure. */
export function runSsh(host: LabHost, command: string, options: readonly string[] = []): Promise<ExecResult> {
  const child = spawn('ssh', [...options, ...host.sshArguments(), command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 137, stdout, stderr }));
  });
}
