import type { LabHost } from './labHost.ts';

/** What sudo allows the ordinary user of a host: as its sudoers file says, or `absent`, as where it is not installed. */
export type SudoRights = 'absent' | 'none' | 'password' | 'no password' | 'another command';

const RULES: Record<Exclude<SudoRights, 'absent'>, string> = {
  none: '',
  password: 'deploy ALL=(ALL) ALL',
  'no password': 'deploy ALL=(ALL) NOPASSWD: ALL',
  'another command': 'deploy ALL=(ALL) /bin/true',
};

/** Of this host alone: its own /etc/sudoers, and with `absent` nothing where the program is. */
export async function allowSudo(host: LabHost, rights: SudoRights): Promise<void> {
  const rule = rights === 'absent' ? '' : RULES[rights];
  const done = await host.exec(
    [
      'sh',
      '-ec',
      `umount /usr/bin/sudo 2>/dev/null || :; umount /etc/sudoers 2>/dev/null || :
printf 'Defaults env_reset, lecture=never\\nroot ALL=(ALL:ALL) ALL\\n%s\\n' "$1" >/run/lab/sudoers; chmod 440 /run/lab/sudoers
mount --bind /run/lab/sudoers /etc/sudoers
rm -rf /run/sudo
[ "$2" != absent ] || mount --bind /dev/null /usr/bin/sudo`,
      'sudoers',
      rule,
      rights,
    ],
    {},
  );
  if (done.code !== 0) throw new Error(`lab: ${host.id}: ${done.stderr}`);
}
