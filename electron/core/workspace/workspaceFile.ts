import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Workspace, WorkspaceProblem } from '../../../shared/model/workspace.ts';
import { type HostsSection, readHosts } from './hostsSection.ts';
import { readLogs } from './logsSection.ts';
import { readPanes } from './panesSection.ts';
import { readRunbooks } from './runbooksSection.ts';
import { type KnownThresholds, readThresholds } from './thresholdsSection.ts';
import { type Item, quote, YamlReader } from './yamlReader.ts';

export interface WorkspaceFileOptions {
  /** Its path, for messages and for paths relative to it. */
  file: string;
  homeDirectory: string;
  /** Thresholds a workspace may set; names are not checked without it. */
  detectors?: KnownThresholds;
}

export interface ParsedWorkspace {
  /**
   * What can be opened: the hosts without fault. Absent when there is none. It is only what the file says as a whole
   * when no problem is an error.
   */
  workspace?: Workspace;
  /** In the file's order. */
  problems: WorkspaceProblem[];
}

const KEYS = ['version', 'name', 'hosts', 'logs', 'panes', 'thresholds', 'runbooks'];
const MAXIMUM_BYTES = 1_048_576;

/**
 * A workspace file:
 *
 *     version: 1
 *     name: crawlers
 *     hosts:
 *       - id: web1
 *         tags: [web]
 *         ssh: { host: 10.0.0.1, port: 22, user: deploy, identityFile: ~/.ssh/id_ed25519, knownHostsFile: ~/.ssh/known_hosts }
 *       - { id: web2, tags: [web], ssh: web2 }           # an alias of the user's ssh_config
 *       - { id: here, local: {} }
 *       - { id: pod, command: { shell: [kubectl, exec, -it, web-0, --, sh], exec: [kubectl, exec, -i, web-0, --, sh, -c] } }
 *     logs: …         see logsSection.ts
 *     panes: …        see panesSection.ts
 *     thresholds: …   see thresholdsSection.ts
 *     runbooks: …     see runbooksSection.ts
 */
export function parseWorkspace(text: string, options: WorkspaceFileOptions): ParsedWorkspace {
  const reader = new YamlReader(options.file, text);
  const workspace = readDocument(reader, text, options);
  const problems = reader.problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return workspace ? { workspace, problems } : { problems };
}

/** Reads and parses; a file that cannot be read is a problem at its first line. */
export async function readWorkspaceFile(
  file: string,
  options: Omit<WorkspaceFileOptions, 'file'>,
): Promise<ParsedWorkspace & { text?: string }> {
  const refuse = (message: string, expected: string): ParsedWorkspace => ({
    problems: [{ file, line: 1, column: 1, message, expected, severity: 'error' }],
  });
  let bytes: Uint8Array;
  try {
    const about = await stat(file);
    if (about.isDirectory()) return refuse('This is a directory.', 'a workspace file, such as crawlers.yaml');
    // A device or pipe may never end.
    if (!about.isFile())
      return refuse('This is not an ordinary file.', 'a workspace file, such as crawlers.yaml');
    if (about.size > MAXIMUM_BYTES)
      return refuse(`The file has ${about.size} bytes.`, 'a workspace of at most 1 MiB');
    bytes = await readFile(file);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT') return refuse('There is no such file.', 'the path of a workspace file');
    if (code === 'EACCES') return refuse('This user may not read the file.', 'a file that you can read');
    return refuse(`The file cannot be read: ${code ?? error}.`, 'a file that can be read');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('The file is not UTF-8 text.', 'YAML, saved as UTF-8');
  }
  return { ...parseWorkspace(text, { ...options, file }), text };
}

function readDocument(
  reader: YamlReader,
  text: string,
  options: WorkspaceFileOptions,
): Workspace | undefined {
  const { root } = reader;
  if (!root) return undefined;
  if (root.node === null || ('value' in root.node && root.node.value === null)) {
    reader.problem(0, 'The file is empty.', 'version: 1, a name and hosts');
    return undefined;
  }
  const entries = reader.map(root, 'the workspace', KEYS);
  if (!entries) return undefined;
  if (!readVersion(reader, entries.get('version'), root.offset)) return undefined;

  const nameItem = entries.get('name');
  const name = nameItem ? reader.text(nameItem, 'name') : undefined;
  if (!nameItem) reader.problem(root.offset, 'The workspace has no name.', 'name: what you call these hosts');
  const hostsItem = entries.get('hosts');
  if (!hostsItem) {
    reader.problem(
      root.offset,
      'The workspace has no hosts.',
      'hosts: a list, such as [{ id: here, local: {} }]',
    );
    return undefined;
  }
  const section = readHosts(reader, hostsItem, {
    homeDirectory: options.homeDirectory,
    base: dirname(resolve(options.file)),
  });
  const on = (item: Item) => readOn(reader, item, section);
  const logsItem = entries.get('logs');
  const logs = logsItem ? readLogs(reader, logsItem, on) : [];
  const panesItem = entries.get('panes');
  const panes = panesItem ? readPanes(reader, panesItem, section) : [];
  const thresholdsItem = entries.get('thresholds');
  const thresholds = thresholdsItem ? readThresholds(reader, thresholdsItem, options.detectors, on) : [];
  const runbooksItem = entries.get('runbooks');
  const runbooks = runbooksItem ? readRunbooks(reader, runbooksItem, on) : [];
  if (section.hosts.length === 0) return undefined;
  return {
    version: 1,
    name: name ?? basename(options.file).replace(/\.ya?ml$/i, ''),
    path: resolve(options.file),
    contentHash: contentHash(text),
    hosts: section.hosts,
    logs,
    ...(panes.length > 0 ? { panes } : {}),
    thresholds,
    runbooks,
  };
}

/** SHA-256 of the file's bytes: what an approval is for. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** A later version may mean something else by the same words: such a file is not opened at all. */
function readVersion(reader: YamlReader, item: Item | undefined, offset: number): boolean {
  if (!item) {
    reader.problem(offset, 'The workspace does not say which version of the format it is in.', 'version: 1');
    return true;
  }
  const value = item.node && 'value' in item.node ? item.node.value : undefined;
  if (value === 1) return true;
  const newer = typeof value === 'number' && value > 1;
  reader.problem(
    item.offset,
    newer
      ? `The file is in version ${value} of the format; this Fireline knows version 1.`
      : 'The version cannot be read.',
    newer ? 'version: 1, or a newer Fireline' : 'version: 1',
  );
  return false;
}

function readOn(reader: YamlReader, item: Item, section: HostsSection): string[] | undefined {
  const names: string[] = [];
  const items = reader.list(item, 'on');
  for (const one of items ?? []) {
    const name = reader.text(one, 'an entry of on');
    if (name === undefined) return undefined;
    if (!section.names.has(name)) {
      reader.problem(
        one.offset,
        `No host has the id or tag ${quote(name)}.`,
        `one of: ${[...section.names].join(', ')}`,
        'warning',
      );
    }
    names.push(name);
  }
  if (names.length > 0) return names;
  if (items)
    reader.problem(item.offset, '"on" names no host.', 'on: [host ids or tags]; leave it out for all hosts');
  return undefined;
}
