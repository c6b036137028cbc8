import { z } from 'zod';
import type { HostId } from '../model/host.ts';
import type { PaneId } from '../model/pane.ts';

/**
 * Windows of panes, as in tmux. A node is a pane or a split whose children share its length by weight.
 * `row` places children side by side, `column` one above the other. A split has at least two children and
 * never a child split of its own direction (the reducer keeps this).
 */
export type LayoutNode =
  | { kind: 'pane'; pane: PaneId }
  | { kind: 'split'; direction: 'row' | 'column'; children: { weight: number; node: LayoutNode }[] };

export interface LayoutWindow {
  id: string;
  name: string;
  root: LayoutNode;
  active: PaneId;
  lastActive?: PaneId | undefined;
  zoomed?: PaneId | undefined;
}

export interface LayoutState {
  windows: LayoutWindow[];
  activeWindow: string;
  lastWindow?: string | undefined;
  /** Which host each pane was on, as saved: panes end with the core, and are opened anew in their places. */
  hosts?: Record<PaneId, HostId> | undefined;
}

const paneId = z
  .string()
  .min(1)
  .max(64)
  .transform((v) => v as PaneId);
const hostId = z
  .string()
  .min(1)
  .max(64)
  .transform((v) => v as HostId);
const MAXIMUM_DEPTH = 40;

const nodeSchema: z.ZodType<LayoutNode> = z.lazy(() =>
  z.union([
    z.object({ kind: z.literal('pane'), pane: paneId }).strict(),
    z
      .object({
        kind: z.literal('split'),
        direction: z.enum(['row', 'column']),
        children: z
          .array(z.object({ weight: z.number().positive().max(1e6), node: nodeSchema }).strict())
          .min(2)
          .max(100),
      })
      .strict(),
  ]),
);

function depth(node: LayoutNode): number {
  return node.kind === 'pane' ? 1 : 1 + Math.max(...node.children.map((c) => depth(c.node)));
}

export const layoutStateSchema: z.ZodType<LayoutState> = z
  .object({
    windows: z
      .array(
        z
          .object({
            id: z.string().min(1).max(64),
            name: z.string().max(200),
            root: nodeSchema,
            active: paneId,
            lastActive: paneId.optional(),
            zoomed: paneId.optional(),
          })
          .strict(),
      )
      .max(100),
    activeWindow: z.string().max(64),
    lastWindow: z.string().max(64).optional(),
    hosts: z
      .record(
        z
          .string()
          .min(1)
          .max(64)
          .transform((v) => v as PaneId),
        hostId,
      )
      .optional(),
  })
  .strict()
  .refine((s) => s.windows.every((w) => depth(w.root) <= MAXIMUM_DEPTH), 'layout is nested too deeply');
