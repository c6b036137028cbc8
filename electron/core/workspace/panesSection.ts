import type { HostId } from '../../../shared/model/host.ts';
import type { LayoutSpec, WindowSpec } from '../../../shared/model/workspace.ts';
import { SESSION_NAME } from '../sessions/durableShell.ts';
import type { HostsSection } from './hostsSection.ts';
import { type Entries, type Item, quote, type YamlReader } from './yamlReader.ts';

const MAXIMUM_DEPTH = 20;
const MAXIMUM_RUN = 2000;
const KINDS = ['pane', 'row', 'column', 'tiled'] as const;

/**
 * Windows of panes, as tmux has them:
 *
 *     panes:
 *       - name: crawl
 *         row:                                   # side by side
 *           - { pane: crawl-3, size: 2 }         # twice as wide as its neighbour; 1 when not given
 *           - { pane: crawl-5, run: [cd /srv, htop] } # lines typed into its shell once this file is approved
 *           - { pane: crawl-6, durable: ops }  # attached to the tmux session `ops` there, and found again
 *           - column: [crawl-4, crawl-5]         # one above the other
 *       - { name: all, tiled: [web, here] }      # ids or tags, in a grid
 *
 * A pane of a host that is left out is left out too; a window without panes is dropped.
 */
export function readPanes(reader: YamlReader, item: Item, section: HostsSection): WindowSpec[] {
  const windows: WindowSpec[] = [];
  for (const [index, one] of (reader.list(item, 'panes') ?? []).entries()) {
    const entries = reader.map(one, `window ${index + 1}`, ['name', 'run', 'durable', ...KINDS]);
    if (!entries) continue;
    const nameItem = entries.get('name');
    const name = nameItem ? reader.text(nameItem, 'name') : `${index + 1}`;
    const layout = readLayout(reader, one, entries, section, 1);
    if (name !== undefined && layout) windows.push({ name, layout });
  }
  return windows;
}

function readLayout(
  reader: YamlReader,
  item: Item,
  entries: Entries,
  section: HostsSection,
  depth: number,
): LayoutSpec | undefined {
  const given = KINDS.filter((key) => entries.has(key));
  const [kind] = given;
  const value = kind && entries.get(kind);
  if (!kind || !value || given.length > 1) {
    const has = given.length > 1 ? `has ${given.join(' and ')}` : 'has no layout';
    const what = depth === 1 ? 'window' : 'split';
    reader.problem(item.offset, `This ${what} ${has}.`, 'exactly one of: pane, row, column, tiled');
    return undefined;
  }
  const run = readRun(reader, entries, kind);
  const durable = readDurable(reader, entries, kind);
  if (kind === 'pane') {
    const pane = readPane(reader, value, section);
    return (
      pane && {
        ...pane,
        ...(run === undefined ? {} : { run }),
        ...(durable === undefined ? {} : { durable }),
      }
    );
  }
  if (kind === 'tiled') return readTiled(reader, value, section);
  if (depth > MAXIMUM_DEPTH) {
    reader.problem(value.at, 'Panes are nested too deeply.', `at most ${MAXIMUM_DEPTH} levels`);
    return undefined;
  }
  const children: { size: number; layout: LayoutSpec }[] = [];
  for (const child of reader.list(value, kind) ?? []) {
    if (child.node && 'value' in child.node) {
      const layout = readPane(reader, child, section);
      if (layout) children.push({ size: 1, layout });
      continue;
    }
    const own = reader.map(child, `an entry of ${kind}`, ['size', 'run', 'durable', ...KINDS]);
    if (!own) continue;
    const layout = readLayout(reader, child, own, section, depth + 1);
    const size = readSize(reader, own.get('size'));
    if (layout) children.push({ size, layout });
  }
  return split(kind, children);
}

/** One line, or a list of them. */
function readRun(reader: YamlReader, entries: Entries, kind: (typeof KINDS)[number]): string[] | undefined {
  const item = entries.get('run');
  if (!item) return undefined;
  if (kind !== 'pane') {
    reader.problem(item.at, `"run" stands beside ${kind}.`, '"run" beside "pane": it is typed into that one');
    return undefined;
  }
  const lines =
    item.node && 'items' in item.node ? reader.texts(item, 'run') : oneLine(reader.text(item, 'run'));
  const length = (lines ?? []).reduce((sum, line) => sum + line.length, 0);
  if (length <= MAXIMUM_RUN) return lines;
  reader.problem(
    item.at,
    `"run" has ${length} characters.`,
    `at most ${MAXIMUM_RUN}, so that it can be read before it is approved`,
  );
  return undefined;
}

function readDurable(reader: YamlReader, entries: Entries, kind: (typeof KINDS)[number]): string | undefined {
  const item = entries.get('durable');
  if (!item) return undefined;
  const name = reader.text(item, 'durable');
  if (kind !== 'pane') {
    reader.problem(
      item.at,
      `"durable" stands beside ${kind}.`,
      '"durable" beside "pane": it names the session that this one is attached to',
    );
    return undefined;
  }
  if (name === undefined || SESSION_NAME.test(name)) return name;
  reader.problem(
    item.offset,
    `${quote(name)} cannot be the name of a session of tmux.`,
    'a letter, then letters, digits, _ and -, at most 64 in all',
  );
  return undefined;
}

function oneLine(line: string | undefined): string[] | undefined {
  return line === undefined ? undefined : [line];
}

function readPane(reader: YamlReader, item: Item, section: HostsSection): { host: HostId } | undefined {
  const id = reader.text(item, 'a pane');
  if (id === undefined) return undefined;
  if (section.hosts.some((host) => host.id === id)) return { host: id as HostId };
  if (!section.ids.has(id))
    reader.unknownName(item.offset, `There is no host ${quote(id)}`, id, [...section.ids]);
  return undefined;
}

function readSize(reader: YamlReader, item: Item | undefined): number {
  if (!item) return 1;
  const value = item.node && 'value' in item.node ? item.node.value : undefined;
  if (typeof value === 'number' && value > 0 && value <= 1e6) return value;
  reader.problem(
    item.offset,
    'The size cannot be used.',
    'a share above 0, such as 2; neighbours without one have 1',
  );
  return 1;
}

/** As tmux tiles: as square as can be, the last row shared by what is left. */
function readTiled(reader: YamlReader, item: Item, section: HostsSection): LayoutSpec | undefined {
  const ids: HostId[] = [];
  for (const one of reader.list(item, 'tiled') ?? []) {
    const name = reader.text(one, 'an entry of tiled');
    if (name === undefined) continue;
    if (!section.names.has(name)) {
      reader.unknownName(one.offset, `No host has the id or tag ${quote(name)}`, name, [...section.names]);
    }
    for (const host of section.hosts) {
      if ((host.id === name || host.tags.includes(name)) && !ids.includes(host.id)) ids.push(host.id);
    }
  }
  const columns = Math.ceil(Math.sqrt(ids.length));
  const rows: { size: number; layout: LayoutSpec }[] = [];
  for (let start = 0; start < ids.length; start += columns) {
    const layout = split(
      'row',
      ids.slice(start, start + columns).map((host) => ({ size: 1, layout: { host } })),
    );
    if (layout) rows.push({ size: 1, layout });
  }
  return split('column', rows);
}

/** A split of one is that one, and a split of its own direction is spread out in it, at the same sizes. */
function split(
  direction: 'row' | 'column',
  children: readonly { size: number; layout: LayoutSpec }[],
): LayoutSpec | undefined {
  const spread = children.flatMap((child) => {
    if (!('split' in child.layout) || child.layout.split !== direction) return [child];
    const total = child.layout.children.reduce((sum, one) => sum + one.size, 0);
    return child.layout.children.map((one) => ({
      size: (one.size / total) * child.size,
      layout: one.layout,
    }));
  });
  if (spread.length <= 1) return spread[0]?.layout;
  return { split: direction, children: spread };
}
