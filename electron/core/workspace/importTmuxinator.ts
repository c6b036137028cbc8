import { fail, ok } from '../../../shared/base/result.ts';
import { type Foreign, type ForeignMap, foreignMap, foreignText, readForeignYaml } from './foreignYaml.ts';
import type { Importer } from './importers.ts';
import { createUnread, type TmuxSession, tmuxWorkspace } from './tmuxSession.ts';

/** Hooks of a project, and what starts tmux: they run programs on this machine when the session starts or ends. */
const HOOKS = [
  ...[
    'on_project_start',
    'on_project_first_start',
    'on_project_restart',
    'on_project_exit',
    'on_project_stop',
  ],
  ...['pre', 'post', 'tmux_command', 'tmux_options', 'cli_args'],
];

const READ = [
  ...[
    'name',
    'project_name',
    'root',
    'project_root',
    'windows',
    'tabs',
    'pre_window',
    'pre_tab',
    'rbenv',
    'rvm',
  ],
  // How tmux itself is started, which is not what starts here.
  ...['attach', 'socket_name', 'socket_path'],
];

/**
 * A tmuxinator project: `windows` are a list of one-key maps whose value is a command, a list of commands for one pane,
 * nothing, or a map with `panes`, `layout`, `root` and `pre`. Old files say `project_name`, `project_root`, `tabs`,
 * `rbenv` and `rvm`. Templates (ERB) are Ruby programs and are refused.
 */
export const importTmuxinator: Importer = (text, { file }) => {
  const erb = /<%(?!%)/.exec(text);
  if (erb)
    return fail({
      message: `${file}: line ${text.slice(0, erb.index).split('\n').length} holds ERB (<% … %>), which is Ruby that would run`,
      advice: 'Write the values into a copy of the file, then import that.',
    });
  const read = readForeignYaml(text, file);
  if (!read.ok) return read;
  const project = foreignMap(read.value);
  const windows = project?.get('windows') ?? project?.get('tabs');
  if (!project || !Array.isArray(windows))
    return fail({
      message: `${file}: this is no tmuxinator project: it has no list of windows`,
      advice: 'Choose a file of ~/.config/tmuxinator or ~/.tmuxinator, or another kind of file above.',
    });
  const warnings: string[] = [];
  const hooks = HOOKS.filter((hook) => project.has(hook));
  if (hooks.length > 0)
    warnings.push(`Not imported, because it runs programs on this machine: ${hooks.join(', ')}.`);
  const unread = createUnread();
  unread.note(project, [...HOOKS, ...READ]);
  const root = foreignText(project.get('root') ?? project.get('project_root'));
  const before = [
    ...lines(project.get('pre_window') ?? project.get('pre_tab'), warnings),
    ...['rbenv', 'rvm'].flatMap((tool) => {
      const version = foreignText(project.get(tool));
      return version === undefined
        ? []
        : [tool === 'rbenv' ? `rbenv shell ${version}` : `rvm use ${version}`];
    }),
  ];
  const session: TmuxSession = {
    name: foreignText(project.get('name') ?? project.get('project_name')) ?? '',
    tool: 'tmuxinator',
    windows: windows.map((window, index) => readWindow(window, index, { root, before, warnings, unread })),
  };
  unread.warn(warnings);
  return ok(tmuxWorkspace(session, warnings));
};

function readWindow(
  window: Foreign,
  index: number,
  project: {
    root: string | undefined;
    before: readonly string[];
    warnings: string[];
    unread: ReturnType<typeof createUnread>;
  },
): TmuxSession['windows'][number] {
  const { warnings, unread } = project;
  const [[key, value] = ['', window]] = foreignMap(window) ?? [];
  unread.note(foreignMap(window), [key]);
  const name = key === '' ? `${index + 1}` : key;
  const map: ForeignMap | undefined = foreignMap(value);
  unread.note(map, ['root', 'pre', 'layout', 'synchronize', 'panes']);
  const directory = foreignText(map?.get('root')) ?? project.root;
  const shared = [...project.before, ...lines(map?.get('pre'), warnings)];
  const pane = (commands: Foreign | undefined) => ({
    directory,
    before: shared,
    lines: lines(commands, warnings),
  });
  if (map?.has('synchronize') && map.get('synchronize') !== false)
    warnings.push(
      `The window ${JSON.stringify(name)} types into all panes at once; turn broadcast on by hand.`,
    );
  const panes = map?.get('panes');
  // A map is a pane with a title, or several of them.
  const several = Array.isArray(panes) ? panes : panes instanceof Map ? [panes] : undefined;
  return {
    name,
    layout: foreignText(map?.get('layout')),
    panes: several?.length
      ? several.flatMap((one) => (one instanceof Map ? [...one.values()] : [one])).map(pane)
      : [pane(map ? panes : value)],
  };
}

/** A command, or a list of them; null in a list is an empty line. */
function lines(value: Foreign | undefined, warnings: string[]): string[] {
  const all = (Array.isArray(value) ? value : [value]).filter((one) => one !== null && one !== undefined);
  const texts = all.map(foreignText).filter((line) => line !== undefined);
  if (texts.length < all.length)
    warnings.push(
      `${JSON.stringify(
        all.find((one) => typeof one === 'object'),
        plain,
      ).slice(0, 80)} is no command; left out.`,
    );
  return texts.filter((line) => line.trim() !== '');
}

const plain = (_key: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
