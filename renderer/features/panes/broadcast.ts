import { create } from 'zustand';
import { describeLink } from '../../../shared/model/describeLink.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import { useHosts } from '../../stores/hosts.ts';
import { activePane, placedPanes, usePanes } from '../../stores/panes.ts';
import type { AnswerMark } from './broadcastAnswers.ts';

/** Whom a broadcast is for. A window's and a tag's panes are those of the moment; a hand-picked group stays as it is. */
export type BroadcastScope =
  | { kind: 'window'; id: string }
  | { kind: 'tag'; tag: string }
  | { kind: 'panes'; panes: readonly PaneId[] };

/** tmux's synchronised panes. One at a time, and nothing of it outlives the page: a forgotten broadcast is a danger. */
interface Broadcast {
  scope: BroadcastScope | undefined;
  excluded: readonly PaneId[];
  /** Who did not get what was typed: how many keys (a paste counts once), and why. */
  missed: Record<PaneId, { keys: number; why: string }>;
  marks: Record<PaneId, AnswerMark>;
  /** Different outputs of the last command. */
  kinds: number;
}

const NONE: Broadcast = { scope: undefined, excluded: [], missed: {}, marks: {}, kinds: 0 };

export const useBroadcast = create<Broadcast>(() => NONE);

export function startBroadcast(scope: BroadcastScope): void {
  useBroadcast.setState({ ...NONE, scope });
}

export function stopBroadcast(): void {
  useBroadcast.setState(NONE);
}

/** The whole group, those that are excluded too. */
export function broadcastGroup(scope: BroadcastScope | undefined = useBroadcast.getState().scope): PaneId[] {
  const { layout, byId } = usePanes.getState();
  const hosts = useHosts.getState().byId;
  switch (scope?.kind) {
    case undefined:
      return [];
    case 'window': {
      const window = layout.windows.find((w) => w.id === scope.id);
      return window ? panesOf(window.root).filter((pane) => pane in byId) : [];
    }
    case 'tag':
      return placedPanes(layout).filter((pane) => {
        const host = byId[pane]?.host;
        return host !== undefined && hosts[host]?.tags.includes(scope.tag);
      });
    case 'panes':
      return scope.panes.filter((pane) => pane in byId);
  }
}

/** Those that get what is typed in `pane`: itself alone unless it takes part. */
export function receiversOf(pane: PaneId): PaneId[] {
  const { scope, excluded } = useBroadcast.getState();
  const group = broadcastGroup(scope).filter((one) => !excluded.includes(one));
  return group.includes(pane) ? group : [pane];
}

/** Takes a pane (the active one) out of the broadcast, or in again. */
export function toggleExcluded(pane = activePane()?.id): void {
  const { scope, excluded } = useBroadcast.getState();
  if (pane === undefined || !broadcastGroup(scope).includes(pane)) return;
  useBroadcast.setState({
    excluded: excluded.includes(pane) ? excluded.filter((one) => one !== pane) : [...excluded, pane],
  });
}

export function toggleWindowBroadcast(): void {
  const { scope } = useBroadcast.getState();
  const { activeWindow } = usePanes.getState().layout;
  if (scope) stopBroadcast();
  else startBroadcast({ kind: 'window', id: activeWindow });
}

/** Why nothing can be typed into a pane now; `undefined` where it can. Half a command that arrives later is worse than none. */
export function whyDeaf(pane: PaneId): string | undefined {
  const summary = usePanes.getState().byId[pane];
  if (!summary) return 'closed';
  const link = useHosts.getState().byId[summary.host]?.link;
  if (link && link.kind !== 'good' && link.kind !== 'degraded') return `link ${describeLink(link).word}`;
  return summary.state.kind === 'open' ? undefined : 'no shell';
}

export function countMissed(pane: PaneId, why: string): void {
  useBroadcast.setState(({ missed }) => ({
    missed: { ...missed, [pane]: { keys: (missed[pane]?.keys ?? 0) + 1, why } },
  }));
}

/** How the group is called, for people. */
export function scopeWords(scope: BroadcastScope): string {
  if (scope.kind === 'tag') return `hosts with the tag ${scope.tag}`;
  if (scope.kind === 'panes') return 'a chosen group';
  const { windows } = usePanes.getState().layout;
  return `window ${windows.find((w) => w.id === scope.id)?.name ?? ''}`;
}

/** A group that is gone ends its broadcast: it must not come back by surprise. */
usePanes.subscribe(({ byId, layout }, before) => {
  if (byId === before.byId && layout === before.layout) return;
  const { scope } = useBroadcast.getState();
  if (scope && broadcastGroup(scope).length === 0) stopBroadcast();
});
