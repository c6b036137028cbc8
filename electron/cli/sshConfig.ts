import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type JumpHop, readJumpList } from '../core/transports/ssh/config/jumpList.ts';
import type { CliCommand } from './cliContext.ts';
import { parseFlags } from './commandFlags.ts';

const HELP = `Usage: npm run -s fireline -- ssh-config [USER@]ALIAS|ssh://[USER@]ALIAS[:PORT] [options]

Prints what Fireline makes of your ssh_config for one alias, in the form of ssh -G: a keyword and its value a line.
Compare the two with: diff <(ssh -G ALIAS) <(npm run -s fireline -- ssh-config ALIAS)

The lists of algorithms are those that Fireline can offer of what is asked for. As with ssh -G, Match exec commands of
your file are run; each may take 10 s. What the file asks for and Fireline does not do is said on stderr.

  --file FILE   read this file alone, as ssh -F does
  --help        print this

Exit status: 0 if every line was understood; 1 if ssh would refuse a line (it is passed over); 2 if the command line
was not understood.
`;

/** `fireline ssh-config`: an alias as it was resolved. */
export const sshConfig: CliCommand = {
  name: 'ssh-config',
  summary: 'print an alias of your ssh_config as Fireline resolves it, in the form of ssh -G',
  help: HELP,
  async run(args, context) {
    const { target: place, values } = parseFlags(args, 'ALIAS', { file: { type: 'string' } });
    const file = values.file === undefined ? undefined : resolve(values.file);
    if (file !== undefined && !existsSync(file)) throw new Error(`${file} does not exist`);
    const { resolveSshConfigRunning } = await import('../core/transports/ssh/sshConfig.ts');
    const { printSshConfig } = await import('../core/transports/ssh/printSshConfig.ts');
    const { host, ...overrides } = readPlace(place);
    const target = await resolveSshConfigRunning(
      host,
      {
        environment: context.environment,
        ...(file === undefined ? {} : { userFile: file, systemFile: null }),
      },
      overrides,
      context.clock,
    );
    context.stdout(printSshConfig(target));
    for (const fault of target.faults) context.stderr(`ssh would refuse: ${fault}\n`);
    for (const warning of target.warnings) context.stderr(`note: ${warning}\n`);
    return target.faults.length === 0 ? 0 : 1;
  },
};

/** What ssh takes as its destination. */
function readPlace(place: string): JumpHop {
  const [uri] = (place.startsWith('ssh://') && readJumpList(place)) || [];
  const at = place.lastIndexOf('@');
  return uri ?? { host: place.slice(at + 1), ...(at > 0 ? { user: place.slice(0, at) } : {}) };
}
