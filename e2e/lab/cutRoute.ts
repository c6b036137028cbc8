import { execFileSync } from 'node:child_process';
import type { Disposable } from '../../shared/base/disposable.ts';
import { toDisposable } from '../../shared/base/disposable.ts';
import type { LabHost } from './labHost.ts';

/**
 * Every packet to and from the sshd of these hosts is dropped, as where a cable is pulled or a route withdrawn, until
 * it is disposed of. Only these addresses and ports: the machine has other labs.
 */
export function cutRoute(hosts: readonly LabHost[]): Disposable {
  const rules = hosts.flatMap(({ address, port }) => [
    `OUTPUT -p tcp -d ${address} --dport ${port} -j DROP`,
    `OUTPUT -p tcp -s ${address} --sport ${port} -j DROP`,
  ]);
  change(rules.map((rule) => `-I ${rule}`));
  return toDisposable(() => change(rules.map((rule) => `-D ${rule}`)));
}

function change(rules: readonly string[]): void {
  execFileSync('iptables-restore', ['--noflush', '--wait', '10'], {
    input: ['*filter', ...rules, 'COMMIT', ''].join('\n'),
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
}
