import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import type { LabHost } from './labHost.ts';

/** A workspace file of a lab whose hosts are reached elsewhere, such as through wires of a test. Their keys are checked. */
export function workspaceThrough(lab: Lab, by: (host: LabHost) => { address: string; port: number }): string {
  const hosts = lab.hosts.map((host) => {
    const { address, port } = by(host);
    const alias = `[${host.address}]:${host.port}`;
    const ssh = {
      host: address,
      port,
      user: host.user,
      identityFile: host.keyFile,
      knownHostsFile: host.knownHostsFile,
      hostKeyAlias: alias,
    };
    return `  - ${JSON.stringify({ id: host.id, ssh })}\n`;
  });
  const file = join(lab.directory, `through-${Math.random()}.yaml`);
  writeFileSync(file, `version: 1\nname: through\nhosts:\n${hosts.join('')}`);
  return file;
}
