import type { SshTarget } from './sshTarget.ts';

/** What `ssh -G` prints: a keyword in lower case, a blank and its value, one a line. */
export const printSshConfig = (target: SshTarget): string =>
  target.settings.map(([keyword, value]) => `${keyword} ${value}\n`).join('');
