import { create } from 'zustand';
import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';
import type { HostId, HostSummary } from '../../shared/model/host.ts';

/** Changes only when a status changes; samples go to `series/`, never here. */
export const useHosts = create<{ order: HostId[]; byId: Record<string, HostSummary> }>(() => ({
  order: [],
  byId: {},
}));

export function setHosts(hosts: readonly HostSummary[]): void {
  useHosts.setState({
    order: hosts.map((h) => h.id),
    byId: Object.fromEntries(hosts.map((h) => [h.id, h])),
  });
}

const listeners = new Set<(before: readonly HostId[]) => void>();

/** Told when hosts came or went while the workspace stayed open, with those that were there before. */
export function onHostsChanged(listener: (before: readonly HostId[]) => void): Disposable {
  listeners.add(listener);
  return toDisposable(() => listeners.delete(listener));
}

export function changeHosts(hosts: readonly HostSummary[]): void {
  const before = useHosts.getState().order;
  setHosts(hosts);
  for (const listener of [...listeners]) listener(before);
}

export function patchHost(id: HostId, patch: Partial<HostSummary>): void {
  useHosts.setState((state) => {
    const host = state.byId[id];
    return host ? { byId: { ...state.byId, [id]: { ...host, ...patch } } } : state;
  });
}
