import type { HostId } from '../model/host.ts';
import type { PaneId } from '../model/pane.ts';
import type { LayoutSpec } from '../model/workspace.ts';
import type { LayoutNode } from './layoutState.ts';
import { leaf, makeSplit } from './tree.ts';

/** Panes of a window of the workspace file, in reading order. */
export function panesOfSpec(spec: LayoutSpec): Extract<LayoutSpec, { host: HostId }>[] {
  return 'host' in spec ? [spec] : spec.children.flatMap((c) => panesOfSpec(c.layout));
}

/** Their hosts; one that stands twice gets two panes. */
export function hostsOfSpec(spec: LayoutSpec): HostId[] {
  return panesOfSpec(spec).map((pane) => pane.host);
}

/** The tree that a window of the workspace file asks for. Places whose pane could not be opened (`undefined`) are left out. */
export function layoutFromSpec(
  spec: LayoutSpec,
  take: (host: HostId) => PaneId | undefined,
): LayoutNode | undefined {
  if ('host' in spec) {
    const pane = take(spec.host);
    return pane === undefined ? undefined : leaf(pane);
  }
  const children = spec.children.flatMap(({ size, layout }) => {
    const node = layoutFromSpec(layout, take);
    return node ? [{ weight: size, node }] : [];
  });
  return children.length === 0 ? undefined : makeSplit(spec.split, children);
}
