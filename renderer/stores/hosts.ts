import { create } from 'zustand';
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

export function patchHost(id: HostId, patch: Partial<HostSummary>): void {
  useHosts.setState((state) => {
    const host = state.byId[id];
    return host ? { byId: { ...state.byId, [id]: { ...host, ...patch } } } : state;
  });
}
