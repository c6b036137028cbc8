import { resolve } from 'node:path';
import { DisposableStore } from '../../shared/base/disposable.ts';
import type { LinkState } from '../../shared/model/host.ts';
import { visibleLines, visibleText } from '../../shared/model/hostText.ts';
import { sentences } from '../../shared/model/sentences.ts';
import type { WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { Core } from '../core/core.types.ts';
import { dataDirectory } from '../core/homes/dataDirectory.ts';
import { answerPrompts } from './answerPrompts.ts';
import type { CliContext } from './cliContext.ts';

/**
 * Runs `use` with a core that has this workspace open; closes it whatever happens. `opened: false`: the file was
 * refused, its problems are told. Prompts go to the terminal. `before` is called ahead of the opening, so that no event is missed.
 */
export async function withWorkspace<T>(
  context: CliContext,
  options: { path: string; partial: boolean; approve: boolean; before?: (core: Core) => void },
  use: (core: Core, problems: WorkspaceProblem[]) => Promise<T>,
): Promise<{ opened: true; result: T } | { opened: false }> {
  const owned = new DisposableStore();
  let core: Core | undefined;
  try {
    const terminal = context.openTerminal();
    if (terminal) owned.addStop(() => terminal.close());
    core = await context.createCore({
      home: 'cli',
      dataDirectory: dataDirectory(context.environment),
      diagnostic: (line) => context.stderr(`fireline: ${visibleLines(line)}\n`),
      interactive: terminal !== undefined,
    });
    owned.add(answerPrompts(core, terminal, context.stderr));
    owned.add(tellLinks(core, context.stderr));
    options.before?.(core);
    const path = resolve(options.path);
    const { opened, problems } = await core.openWorkspace(path, options.partial);
    for (const p of problems) {
      context.stderr(
        `${p.file}:${p.line}:${p.column}: ${p.severity}: ${p.message}; expected ${p.expected}\n`,
      );
    }
    if (!opened) {
      context.stderr(
        options.partial
          ? `fireline: ${path} was not opened: mend the file and try again\n`
          : `fireline: ${path} was not opened: mend the file, or add --partial to use the hosts that are fine\n`,
      );
      return { opened: false };
    }
    if (options.approve) core.approveCommands();
    return { opened: true, result: await use(core, problems) };
  } finally {
    owned.dispose();
    await core?.close();
  }
}

/** Links that need a person, as they turn that way. */
function tellLinks(core: Core, stderr: (text: string) => void) {
  const told = new Map<string, LinkState['kind']>();
  return core.onEvent((event) => {
    if (event.name !== 'host.link') return;
    const { host, link } = event.data;
    if (told.get(host) === link.kind) return;
    told.set(host, link.kind);
    const words = needsPerson(link);
    if (words !== undefined) stderr(`fireline: ${host}: ${words}\n`);
  });
}

/** Why a link will not come up by itself, and what to do; `undefined` while it may. */
export function needsPerson(link: LinkState): string | undefined {
  if (link.kind === 'refused') return sentences(visibleText(link.reason), link.advice);
  if (link.kind === 'held') {
    return sentences(`held: ${visibleText(link.reason)}`, 'Look at the file, then add --approve');
  }
  return undefined;
}
