import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface HostSeed {
  hostname: string;
  address: string;
  port: number;
  /** The public line of the key that may log in, as root and as deploy. */
  authorizedKey: string;
  /** Lets both log in by password too. */
  password?: string;
  /** OpenSSH server options; they win over the lab's own. */
  sshdOptions: Record<string, string>;
}

/** The uid of the ordinary user of every lab host. */
const DEPLOY_UID = 1500;

/** Writes what host/setup.sh installs in the host, and its key. Returns the host's public key: `ssh-ed25519 AAAA…`. */
export function writeHostSeed(directory: string, seed: HostSeed): string {
  const ssh = join(directory, 'etc/ssh');
  mkdirSync(ssh, { recursive: true, mode: 0o755 });
  cpSync(fileURLToPath(new URL('host', import.meta.url)), join(directory, 'lab'), { recursive: true });
  const key = join(ssh, 'ssh_host_ed25519_key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', seed.hostname, '-f', key]);
  writeFileSync(join(ssh, 'authorized_keys'), `${seed.authorizedKey}\n`);
  writeFileSync(join(ssh, 'sshd_config'), sshdConfig(seed));
  if (existsSync('/etc/ssh/moduli')) cpSync('/etc/ssh/moduli', join(ssh, 'moduli'));

  const etc = join(directory, 'etc');
  const hash = seed.password === undefined ? '*' : hashPassword(seed.password);
  const without = (file: string) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(
        (line) => line !== '' && !/^(deploy|root):/.test(line) && line.split(':')[2] !== String(DEPLOY_UID),
      )
      .join('\n');
  const machineGroups = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('deploy:'));
  writeFileSync(
    join(etc, 'passwd'),
    `root:x:0:0:root:/root:/bin/bash\n${without('/etc/passwd')}\ndeploy:x:${DEPLOY_UID}:${DEPLOY_UID}::/home/deploy:/bin/bash\n`,
  );
  writeFileSync(join(etc, 'group'), `${machineGroups.join('\n')}\ndeploy:x:${DEPLOY_UID}:\n`);
  // A field of `*` refuses passwords without locking the account, which would refuse keys too.
  writeFileSync(
    join(etc, 'shadow'),
    `root:${hash}:19000::::::\nsshd:*:19000::::::\ndeploy:${hash}:19000::::::\n`,
    {
      mode: 0o600,
    },
  );
  writeFileSync(join(etc, 'hostname'), `${seed.hostname}\n`);
  writeFileSync(join(etc, 'boot_id'), `${randomUUID()}\n`);
  return readFileSync(`${key}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
}

function sshdConfig(seed: HostSeed): string {
  const own: Record<string, string> = {
    Port: String(seed.port),
    ListenAddress: seed.address,
    HostKey: '/etc/ssh/ssh_host_ed25519_key',
    AuthorizedKeysFile: '/etc/ssh/authorized_keys',
    PidFile: 'none',
    UsePAM: 'no',
    UseDNS: 'no',
    PermitRootLogin: 'yes',
    PasswordAuthentication: seed.password === undefined ? 'no' : 'yes',
    KbdInteractiveAuthentication: 'no',
    StrictModes: 'no',
    PrintMotd: 'no',
    MaxStartups: '100:30:200',
    AcceptEnv: 'LANG LC_*',
    Subsystem: 'sftp internal-sftp',
    LogLevel: 'INFO',
  };
  // sshd takes the first value of an option and names are case-insensitive.
  const chosen = new Set(Object.keys(seed.sshdOptions).map((name) => name.toLowerCase()));
  const lines = Object.entries(seed.sshdOptions).concat(
    Object.entries(own).filter(([name]) => !chosen.has(name.toLowerCase())),
  );
  return lines.map(([name, value]) => `${name} ${value}\n`).join('');
}

function hashPassword(password: string): string {
  const program =
    'my $salt = join "", map { ("a".."z")[rand 26] } 1..8; print crypt(<STDIN>, q($6$) . $salt . q($))';
  return execFileSync('perl', ['-e', program], { input: password, encoding: 'utf8' });
}
