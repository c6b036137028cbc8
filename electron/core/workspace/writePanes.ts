import { Document, isMap, isScalar, isSeq, parseDocument, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { LayoutSpec, WindowSpec } from '../../../shared/model/workspace.ts';

const KINDS = ['pane', 'row', 'column', 'tiled', 'run', 'durable'];

/**
 * The text of a workspace file with these windows as its `panes`. Every other byte stays as it is; in the section itself
 * a window that has not changed keeps its own words (`tiled: [web]`), one that has changed its comments. `before` is what
 * the file says now. The file must be one that reads without error.
 */
export function writePanes(
  text: string,
  before: readonly WindowSpec[],
  windows: readonly WindowSpec[],
): string {
  const document = parseDocument(text);
  const root = document.contents;
  if (!isMap(root)) throw new Error('a workspace file is a map');
  const pair = root.items.find((one) => isScalar(one.key) && one.key.value === 'panes');
  const sequence: YAMLSeq<unknown> | undefined = isSeq<unknown>(pair?.value) ? pair.value : undefined;
  const items = sequence?.items.filter((item) => isMap(item)) ?? [];
  const known = before.map((spec) => {
    const index = items.findIndex((item) => item.get('name') === spec.name);
    return { spec, item: index < 0 ? undefined : items.splice(index, 1)[0] };
  });

  const written = windows.map((window) => {
    const index = known.findIndex((one) => one.spec.name === window.name && one.item);
    const [old] = index < 0 ? [] : known.splice(index, 1);
    if (!old?.item) return windowNode(window);
    if (sameLayout(old.spec.layout, window.layout)) return old.item;
    for (const kind of KINDS) old.item.delete(kind);
    // A window on one line grows with its panes: its parts go below each other.
    old.item.flow = false;
    addLayout(old.item, window.layout);
    return old.item;
  });

  const key = pair?.key;
  const range = sequence?.range;
  if (isScalar(key) && key.range && sequence && range && !root.flow) {
    const from = key.range[0];
    const section = new YAMLSeq();
    section.items = written;
    section.commentBefore = sequence.commentBefore ?? null;
    // What follows the last window, comments too, is not ours.
    return text.slice(0, from) + renderSection(section, text, root) + text.slice(range[1]);
  }
  if (root.flow || pair) {
    document.set('panes', written);
    return document.toString({ lineWidth: 0 });
  }
  const section = new YAMLSeq();
  section.items = written;
  const { head, tail } = atEnd(text, root);
  const apart = /\n\r?\n$/.test(head) ? '' : lineEnd(text).repeat(head.endsWith('\n') ? 1 : 2);
  return `${head}${apart}${indentOf(text, root)}${renderSection(section, text, root)}${tail}`;
}

/** Where another key of the document goes: at the end, but before a line that ends the document. */
function atEnd(text: string, root: YAMLMap): { head: string; tail: string } {
  const from = root.range?.[2] ?? text.length;
  const marker = text.slice(from).search(/^\.\.\.(?=\s|$)/m);
  const end = marker < 0 ? text.length : from + marker;
  return { head: text.slice(0, end), tail: text.slice(end) };
}

/** Of the document's keys. */
function indentOf(text: string, root: YAMLMap): string {
  const start = root.range?.[0] ?? 0;
  return / *$/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))?.[0] ?? '';
}

/** From its key on, with the file's indentation and line ends. */
function renderSection(sequence: YAMLSeq, text: string, root: YAMLMap): string {
  const map = new YAMLMap();
  map.set(new Scalar('panes'), sequence);
  const part = new Document();
  part.contents = map;
  const rendered = part.toString({ lineWidth: 0 }).replace(/\n(?=.)/g, `\n${indentOf(text, root)}`);
  return rendered.replace(/\n/g, lineEnd(text));
}

const lineEnd = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n');

function windowNode({ name, layout }: WindowSpec): YAMLMap {
  const node = new YAMLMap();
  node.set('name', new Scalar(name));
  addLayout(node, layout);
  return node;
}

/** The layout's own keys, in the form that panesSection.ts reads: the outermost split a line each, the rest in it. */
function addLayout(node: YAMLMap, layout: LayoutSpec): void {
  if ('host' in layout) {
    node.set('pane', new Scalar(layout.host));
    if (layout.run) node.set('run', new Document().createNode(layout.run));
    if (layout.durable) node.set('durable', new Scalar(layout.durable));
    return;
  }
  const list = new YAMLSeq();
  const sizes = shares(layout.children);
  list.items = layout.children.map((child, index) =>
    new Document().createNode(plain(child.layout, sizes[index]), { flow: true }),
  );
  node.set(layout.split, list);
}

function plain(layout: LayoutSpec, size: number | undefined): unknown {
  const sized = size === undefined ? {} : { size };
  if ('host' in layout) {
    const { host, run, durable } = layout;
    if (size === undefined && !run && durable === undefined) return host;
    return { pane: host, ...sized, ...(run ? { run } : {}), ...(durable === undefined ? {} : { durable }) };
  }
  const sizes = shares(layout.children);
  return {
    [layout.split]: layout.children.map((child, index) => plain(child.layout, sizes[index])),
    ...sized,
  };
}

/** As multiples of the smallest, to two places; `undefined` where a 1 need not be said. */
function shares(children: readonly { size: number }[]): (number | undefined)[] {
  const least = Math.min(...children.map((child) => child.size));
  return children.map(({ size }) => {
    const share = Math.round((size / least) * 100) / 100;
    return share === 1 ? undefined : share;
  });
}

function sameLayout(a: LayoutSpec, b: LayoutSpec): boolean {
  return JSON.stringify(plain(a, undefined)) === JSON.stringify(plain(b, undefined));
}
