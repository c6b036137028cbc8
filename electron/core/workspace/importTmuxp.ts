import { fail, ok } from '../../../shared/base/result.ts';
import { type Foreign, foreignMap, foreignText, readForeignYaml } from './foreignYaml.ts';
import type { Importer } from './importers.ts';
import { createUnread, type TmuxSession, tmuxWorkspace } from './tmuxSession.ts';

/** They run programs on this machine, or load Python code. */
const HOOKS = ['before_script', 'plugins', 'shell_command_after'];
/** Words that stand for a pane without a command. */
const BLANK = ['', 'blank', 'pane', 'null'];

/**
 * A tmuxp workspace, YAML or JSON: `windows[]` with `window_name`, `layout`, `panes[]` of nothing, a command, a list, or a
 * map with `shell_command`; `shell_command_before` and `start_directory` at session, window and pane.
 */
export const importTmuxp: Importer = (text, { file }) => {
  const read = readForeignYaml(text, file);
  if (!read.ok) return read;
  const root = foreignMap(read.value);
  const windows = root?.get('windows');
  if (!root || !Array.isArray(windows))
    return fail({
      message: `${file}: this is no tmuxp workspace: it has no list of windows`,
      advice: 'Choose a file of ~/.config/tmuxp or ~/.tmuxp, or another kind of file above.',
    });
  const warnings: string[] = [];
  const hooks = HOOKS.filter((hook) => root.has(hook));
  if (hooks.length > 0)
    warnings.push(`Not imported, because it runs programs on this machine: ${hooks.join(', ')}.`);
  const unread = createUnread();
  unread.note(root, [...HOOKS, 'session_name', 'windows', 'shell_command_before', 'start_directory']);
  let held = 0;
  const commands = (value: Foreign | undefined): string[] =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => {
      const map = foreignMap(one);
      // Typed, and left for the person to enter.
      if (map?.get('enter') === false) {
        held++;
        return [];
      }
      const line = foreignText(map ? map.get('cmd') : one);
      return line === undefined || line.trim() === '' ? [] : [line];
    });
  const session: TmuxSession = {
    name: foreignText(root.get('session_name')) ?? '',
    tool: 'tmuxp',
    windows: windows.map((value, index) => {
      const window = foreignMap(value);
      unread.note(window, [
        'window_name',
        'layout',
        'panes',
        'shell_command_before',
        'start_directory',
        'focus',
      ]);
      const panes = window?.get('panes');
      const before = [
        ...commands(root.get('shell_command_before')),
        ...commands(window?.get('shell_command_before')),
      ];
      const directory =
        foreignText(window?.get('start_directory')) ?? foreignText(root.get('start_directory'));
      return {
        name: foreignText(window?.get('window_name')) ?? `${index + 1}`,
        layout: foreignText(window?.get('layout')),
        panes: (Array.isArray(panes) && panes.length > 0 ? panes : [null]).map((one) => {
          const pane = foreignMap(one);
          unread.note(pane, ['shell_command', 'shell_command_before', 'start_directory', 'focus']);
          const blank = typeof one === 'string' && BLANK.includes(one);
          return {
            directory: foreignText(pane?.get('start_directory')) ?? directory,
            before: [...before, ...commands(pane?.get('shell_command_before'))],
            lines: blank ? [] : commands(pane ? pane.get('shell_command') : one),
          };
        }),
      };
    }),
  };
  if (held > 0)
    warnings.push(`${held === 1 ? 'A command' : `${held} commands`} with "enter: false" left out.`);
  unread.warn(warnings);
  return ok(tmuxWorkspace(session, warnings));
};
