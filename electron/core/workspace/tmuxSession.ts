import { isIPv6 } from 'node:net';
import type { ImportPreview } from '../../../shared/contract/commands.ts';
import { canBeHost, canBeUser } from './entryValues.ts';
import type { ForeignMap } from './foreignYaml.ts';
import { jumpHost } from './jumpCycles.ts';
import { splitArguments } from './splitArguments.ts';
import { tmuxLayout } from './tmuxLayout.ts';
import {
  type DraftHost,
  type DraftLayout,
  freeId,
  type WorkspaceDraft,
  workspaceText,
} from './workspaceDraft.ts';

/** A session of tmux as tmuxinator or tmuxp describes it. */
export interface TmuxSession {
  name: string;
  /** The tool's, for the comment. */
  tool: string;
  windows: {
    name: string;
    layout: string | undefined;
    /** Lines typed in each pane, in order; `before`: the file's and window's own, meant for this machine. */
    panes: { directory: string | undefined; before: string[]; lines: string[] }[];
  }[];
}

const MAXIMUM_PANES = 500;

/** What a tool's file says beyond what is read of it: named once, at the end. */
export function createUnread(): {
  note(map: ForeignMap | undefined, read: readonly string[]): void;
  warn(warnings: string[]): void;
} {
  const names = new Set<string>();
  return {
    note(map, read) {
      for (const key of map?.keys() ?? []) if (!read.includes(key)) names.add(key.slice(0, 60));
    },
    warn(warnings) {
      if (names.size === 0) return;
      const some = [...names].slice(0, 12).map((name) => JSON.stringify(name));
      warnings.push(
        `Not imported: ${some.join(', ')}${names.size > 12 ? ` and ${names.size - 12} more` : ''}.`,
      );
    },
  };
}

/**
 * A pane whose first line logs in by ssh becomes a pane of that host, so that it is watched and comes back after a lost
 * link; its other lines are typed there. Every other pane is a shell on this machine.
 */
export function tmuxWorkspace(session: TmuxSession, warnings: string[]): ImportPreview {
  const hosts = new Map<string, DraftHost>();
  const ids = new Map<string, string>();
  const windows: NonNullable<WorkspaceDraft['panes']>[number][] = [];
  let count = 0;
  let droppedBefore = 0;

  const hostOf = (key: string, name: string, host: Omit<DraftHost, 'id'>): string => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = freeId(name, hosts);
    ids.set(key, id);
    hosts.set(id, { id, ...host });
    return id;
  };
  const pane = ({
    directory,
    before,
    lines,
  }: TmuxSession['windows'][number]['panes'][number]): DraftLayout => {
    const login = lines[0] === undefined ? undefined : readLogin(lines[0], warnings);
    if (login !== undefined) {
      const id = hostOf(JSON.stringify(login.ssh), login.name, { ssh: login.ssh });
      if (before.length > 0) droppedBefore++;
      return withLines(id, [...(login.command === undefined ? [] : [login.command]), ...lines.slice(1)]);
    }
    const id = hostOf('local', 'here', { local: {} });
    return withLines(id, [
      ...(directory === undefined ? [] : [changeDirectory(directory)]),
      ...before,
      ...lines,
    ]);
  };
  const withLines = (id: string, lines: string[]): DraftLayout => {
    // A line break is a line's end; other control characters cannot be typed.
    const typed = lines.flatMap((line) => line.split(/\r?\n/)).filter((line) => line.trim() !== '');
    const clean = typed.filter((line) => !/[\u0000-\u001f\u007f]/.test(line));
    if (clean.length < typed.length) warnings.push(`${id}: a line with a control character was left out.`);
    if (clean.reduce((sum, line) => sum + line.length, 0) > 2000) {
      warnings.push(`${id}: commands of more than 2,000 characters were left out; put them into a script.`);
      return { pane: id };
    }
    if (clean.length === 0) return { pane: id };
    return { pane: id, run: clean.length === 1 && clean[0] !== undefined ? clean[0] : clean };
  };

  for (const window of session.windows) {
    count += window.panes.length;
    if (count > MAXIMUM_PANES) {
      warnings.push(`Only the first ${MAXIMUM_PANES} panes were imported.`);
      break;
    }
    const panes = window.panes.map(pane);
    let layout = tmuxLayout(window.layout, panes);
    if (layout === undefined && panes.length > 0) {
      warnings.push(
        `The layout ${JSON.stringify((window.layout ?? '').slice(0, 60))} of the window ${JSON.stringify(window.name)} does not fit its ${panes.length} panes; they are tiled.`,
      );
      layout = tmuxLayout('tiled', panes);
    }
    if (layout)
      windows.push({
        name: window.name.replace(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 200) || 'window',
        ...layout,
      });
  }
  if (droppedBefore > 0)
    warnings.push(
      `What is run before each pane's commands is meant for this machine; it was left out of ${droppedBefore === 1 ? 'the pane that logs' : `the ${droppedBefore} panes that log`} in elsewhere.`,
    );
  const held = windows.length > 0 && JSON.stringify(windows).includes('"run":');
  if (held) warnings.push('Commands are typed into their panes only after you approve the file.');
  if (hosts.size === 0) warnings.push(`The ${session.tool} file describes no pane.`);
  const name =
    session.name
      .replace(/[\u0000-\u001f\u007f]/g, ' ')
      .trim()
      .slice(0, 200) || session.tool;
  return {
    text: workspaceText({
      name,
      comment: `Imported from a ${session.tool} file.`,
      hosts: [...hosts.values()],
      panes: windows,
    }),
    hostCount: hosts.size,
    warnings,
  };
}

type Login = { name: string; ssh: NonNullable<DraftHost['ssh']>; command: string | undefined };

/**
 * `ssh [-p PORT] [-l USER] [-i FILE] [-J JUMPS] [-t…] [USER@]HOST [COMMAND…]`, its options before or after the host;
 * anything else is not taken apart.
 */
function readLogin(line: string, warnings: string[]): Login | undefined {
  const words = splitArguments(line.trim().replace(/^exec\s+/, ''));
  const secret = words !== undefined && dropPassword(words);
  // A shell would do more with these than split them.
  if (
    words === undefined ||
    words[0] !== 'ssh' ||
    /[;&|<>$`(){}\\\n*?~#]/.test(line.replace(/(^|\s)~\//g, ' '))
  )
    return undefined;
  const ssh: Exclude<DraftHost['ssh'], string | undefined> = {};
  let left = '';
  let destination: string | undefined;
  let at = 1;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      if (destination !== undefined) break;
      destination = word;
      continue;
    }
    if (/^-[tTAaXxYCqv46]+$/.test(word)) {
      left += word.replace(/[-tTaxqv]/g, '');
      continue;
    }
    const option = word.slice(0, 2);
    const value = word.length > 2 ? word.slice(2) : words[++at];
    if (value === undefined) return undefined;
    if (option === '-p' && /^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) < 65_536)
      ssh.port = Number(value);
    else if (option === '-l') ssh.user = value;
    else if (option === '-i') ssh.identityFile = value;
    else if (option === '-J') ssh.jump = value.split(',');
    else return undefined;
  }
  const [user, host, port] = splitDestination(destination ?? '');
  if (port !== undefined) ssh.port = port;
  if (
    host === '' ||
    !canBeHost(host) ||
    (host.includes(':') && !isIPv6(host)) ||
    (ssh.jump ?? []).some((one) => jumpHost(one) === undefined)
  )
    return undefined;
  if (user !== undefined) ssh.user = user;
  if (ssh.user !== undefined && !canBeUser(ssh.user)) return undefined;
  const command = words.slice(at).join(' ') || undefined;
  const plain = Object.keys(ssh).length === 0;
  if (secret) warnings.push(`${host}: its password was left out: Fireline asks for it, and keeps none.`);
  if (left !== '')
    warnings.push(
      `${host}: ssh's ${[...left].map((one) => `-${one}`).join(' ')} was left out; put it into your ssh_config.`,
    );
  return { name: host, ssh: plain ? host : { host, ...ssh }, command };
}

/** Takes `sshpass -p PASSWORD` and its like away from before a command. */
function dropPassword(words: string[]): boolean {
  if (words[0] !== 'sshpass') return false;
  let at = 1;
  for (; words[at]?.startsWith('-'); at++) if (/^-[pfdP]$/.test(words[at] ?? '')) at++;
  words.splice(0, at);
  return true;
}

/** `[USER@]HOST`, or `ssh://[USER@]HOST[:PORT]`. */
function splitDestination(destination: string): [user: string | undefined, host: string, port?: number] {
  const uri = /^ssh:\/\/(?:([^@/]+)@)?(?:\[([^\]]+)\]|([^:/[]+))(?::(\d{1,5}))?\/?$/.exec(destination);
  if (uri) {
    const port = Number(uri[4] ?? 0);
    const place: [string | undefined, string] = [uri[1], uri[2] ?? uri[3] ?? ''];
    return port > 0 && port < 65_536 ? [...place, port] : place;
  }
  const at = destination.lastIndexOf('@');
  return at > 0 ? [destination.slice(0, at), destination.slice(at + 1)] : [undefined, destination];
}

/** `~` is the shell's to expand, so it stays outside the quotes. */
function changeDirectory(directory: string): string {
  const quoted = (path: string) =>
    /^[A-Za-z0-9_@%+=:,./-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `cd ${directory === '~' ? '~' : directory.startsWith('~/') ? `~/${quoted(directory.slice(2))}` : quoted(directory)}`;
}
