import { VERSION } from '../core/version.ts';
import { type CliCommand, type CliContext, reasonOf, UsageError } from './cliContext.ts';
import { doctor } from './doctor.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { sshConfig } from './sshConfig.ts';
import { watch } from './watch.ts';

const COMMANDS: readonly CliCommand[] = [watch, report, doctor, sshConfig, replay];

/** The command line from its arguments to its exit status: 0 done, 1 failed, 2 not understood. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    context[name === undefined ? 'stderr' : 'stdout'](overview());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    context.stdout(`fireline ${VERSION}\n`);
    return 0;
  }
  const command = COMMANDS.find((c) => c.name === name);
  if (!command) {
    const names = COMMANDS.map((c) => c.name).join(', ');
    context.stderr(`fireline: unknown command ${JSON.stringify(name)}; expected ${names}\n`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    context.stdout(command.help);
    return 0;
  }
  try {
    return await command.run(rest, context);
  } catch (error) {
    context.stderr(`fireline ${name}: ${reasonOf(error)}\n`);
    if (!(error instanceof UsageError)) return 1;
    context.stderr(`Try: npm run -s fireline -- ${name} --help\n`);
    return 2;
  }
}

function overview(): string {
  const rows = COMMANDS.map((c) => `  ${c.name.padEnd(10)} ${c.summary}`);
  return `Usage: npm run -s fireline -- COMMAND …

${rows.join('\n')}

COMMAND --help tells more; --version prints it. FIRELINE_HOME moves the data directory.
`;
}
