import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ContractFailure } from '../../shared/contract/errors.ts';
import { visibleLines } from '../../shared/model/hostText.ts';
import { sentences } from '../../shared/model/sentences.ts';
import type { Core, CoreOptions } from '../core/core.types.ts';
import { dataDirectory } from '../core/homes/dataDirectory.ts';
import { readOrCreateToken } from './accessToken.ts';
import { hasDisplay, openBrowser } from './openBrowser.ts';
import { parseWebFlags, USUAL_PORT, WEB_HELP, type WebFlags } from './webFlags.ts';
import { startWebHost, type WebHost, type WebHostOptions } from './webHost.ts';

export interface RunWebOptions {
  args: readonly string[];
  createCore: (options: CoreOptions) => Promise<Core>;
  /** Where the process's own would be used; tests give others. */
  environment?: Readonly<Record<string, string | undefined>>;
  rendererDirectory?: string;
  stdout?: (text: string) => void;
  stderr?: (text: string) => void;
  /** Resolves when we are to end. */
  ended?: () => Promise<void>;
}

/** The core's last writes and goodbyes; past this we end anyway, and the record is safe as it is after a kill. */
const CLOSE_WITHIN_MS = 5_000;

/** The web home from its arguments to its exit status. */
export async function runWeb(options: RunWebOptions): Promise<number> {
  const stdout = options.stdout ?? ((text) => process.stdout.write(text));
  const stderr = options.stderr ?? ((text) => process.stderr.write(text));
  const diagnostic = (line: string) => stderr(`fireline: ${visibleLines(line)}\n`);
  const flags = parseWebFlags(options.args);
  if (!flags.ok) {
    diagnostic(`${flags.error}\nTry: npm start -- --web --help`);
    return 2;
  }
  if (flags.value.help) {
    stdout(WEB_HELP);
    return 0;
  }
  const renderer =
    options.rendererDirectory ?? fileURLToPath(new URL('../../build/out/renderer', import.meta.url));
  if (!existsSync(join(renderer, 'index.html'))) {
    diagnostic(
      `the interface is not built (${join(renderer, 'index.html')} is missing). Start with: npm start -- --web`,
    );
    return 1;
  }

  // Listened for before anything starts, so that an early interrupt still closes what did.
  const ended = (options.ended ?? untilSignal)();
  const directory = dataDirectory(options.environment ?? process.env);
  let core: Core;
  try {
    core = await options.createCore({ home: 'web', dataDirectory: directory, diagnostic, interactive: true });
  } catch (error) {
    diagnostic(`Fireline could not start with the data in ${directory}: ${reasonOf(error)}`);
    return 1;
  }
  let host: WebHost | undefined;
  try {
    if (!(await openFirst(core, flags.value, diagnostic))) return 1;
    host = await listen(flags.value, {
      core,
      rendererDirectory: renderer,
      token: await readOrCreateToken(directory),
      diagnostic,
    });
    stdout(`Fireline is at ${host.url}\n`);
    if (flags.value.open && hasDisplay(options.environment)) {
      openBrowser(host.url, (reason) =>
        diagnostic(`no browser could be opened (${reason}); open the address above`),
      );
    }
    await ended;
    return 0;
  } catch (error) {
    diagnostic(reasonOf(error));
    return 1;
  } finally {
    await closeAll(core, host, diagnostic);
  }
}

async function openFirst(core: Core, flags: WebFlags, diagnostic: (line: string) => void): Promise<boolean> {
  if (flags.workspace === undefined) {
    await core.openMachine();
    return true;
  }
  const path = resolve(flags.workspace);
  const { opened, problems } = await core.openWorkspace(path, flags.partial);
  for (const p of problems) {
    diagnostic(`${p.file}:${p.line}:${p.column}: ${p.severity}: ${p.message}; expected ${p.expected}`);
  }
  if (!opened) {
    const some = problems.every((p) => p.severity === 'warning' || p.host !== undefined);
    const advice = some
      ? ' Mend the file, or add --partial to open the hosts that are fine.'
      : ' Mend the file and start again.';
    diagnostic(`${path} was not opened.${advice}`);
  }
  return opened;
}

/** The port that was asked for and no other; without a wish the usual one, else any. */
async function listen(flags: WebFlags, options: Omit<WebHostOptions, 'port'>): Promise<WebHost> {
  try {
    return await startWebHost({ ...options, port: flags.port ?? USUAL_PORT });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (flags.port === undefined && (code === 'EADDRINUSE' || code === 'EACCES')) {
      options.diagnostic(`port ${USUAL_PORT} is taken; using another`);
      return await startWebHost({ ...options, port: 0 });
    }
    if (code === 'EADDRINUSE')
      throw new Error(`port ${flags.port} is taken: choose another, or --port 0 for any free one`);
    if (code === 'EACCES')
      throw new Error(`port ${flags.port} may not be used by this user: choose one above 1023`);
    throw error;
  }
}

async function closeAll(
  core: Core,
  host: WebHost | undefined,
  diagnostic: (line: string) => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), CLOSE_WITHIN_MS);
  });
  const closed = Promise.all([host?.close(), core.close()]).then(
    () => 'closed' as const,
    (error: unknown) => {
      diagnostic(`closing: ${reasonOf(error)}`);
      return 'closed' as const;
    },
  );
  if ((await Promise.race([closed, late])) === 'late')
    diagnostic('closing took too long; ending anyway. The record is safe.');
  clearTimeout(timer);
}

/** Once: a terminal's Ctrl-C reaches us directly and again through npm, and must not cut the closing short. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof ContractFailure) {
    const { message, advice } = error.error;
    return advice === undefined ? message : sentences(message, advice);
  }
  return error instanceof Error ? error.message : String(error);
}
