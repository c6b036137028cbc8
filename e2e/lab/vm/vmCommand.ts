import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quoteCommand } from '../../../electron/core/sessions/shellQuote.ts';
import { debianKernel, kernelIn } from './kernel.ts';
import { runInVm } from './runInVm.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What says whether the lab, and the core on it, hold on control groups of version 2. Ten minutes, emulated. */
const TESTS = [
  ...['vitest', 'run', '--config', 'build/vitest.config.ts', '--project', 'lab'],
  ...['e2e/lab/cgroups.test.ts', 'e2e/lab/lab.test.ts', 'e2e/lab/core.test.ts', 'e2e/lab/watch.test.ts'],
];

/** `lab vm [--kernel DIRECTORY] [--accelerated] [COMMAND…]`: runs it from the project's folder. @returns its exit status */
export async function vm(argv: readonly string[]): Promise<number> {
  // The command's own options are not ours.
  let ownEnd = 0;
  while (argv[ownEnd]?.startsWith('--')) ownEnd += argv[ownEnd] === '--kernel' ? 2 : 1;
  try {
    const { values } = parseArgs({
      args: argv.slice(0, ownEnd),
      options: { kernel: { type: 'string' }, accelerated: { type: 'boolean', default: false } },
    });
    const command = argv.slice(ownEnd);
    const kernel =
      values.kernel === undefined
        ? debianKernel(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fireline'))
        : kernelIn(values.kernel);
    if (kernel === undefined) throw new Error(`${values.kernel} has no boot/vmlinuz-VERSION`);
    const path = [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    const script = [
      `export PATH=${quoteCommand([path])}`,
      `cd ${quoteCommand([ROOT])} || exit`,
      quoteCommand(command.length > 0 ? command : TESTS),
    ].join('\n');
    return await runInVm({ kernel, script, accelerated: values.accelerated });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}
