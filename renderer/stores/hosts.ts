import { create } from 'zustand';
import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';
import type { HostId, HostSummary } from '../../shared/model/host.ts';
import { withChartsWhileTyping } from '../series/chartFrame.ts';

/** Changes only when a status changes; samples go to `series/`, never here. */
export const useHosts = create<{ order: HostId[]; byId: Record<string, HostSummary> }>(() => ({
  order: [],
  byId: {},
}));

const gathered = new Map<HostId, Partial<HostSummary>>();

export function setHosts(hosts: readonly HostSummary[]): void {
  gathered.clear();
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

/** Round trips of forty hosts are four changes a second, and each is a frame of what shows them. */
export function patchHost(id: HostId, patch: Partial<HostSummary>): void {
  gathered.set(id, { ...gathered.get(id), ...patch });
  withChartsWhileTyping(applyGathered);
}

function applyGathered(): void {
  const { byId } = useHosts.getState();
  const patched = [...gathered].flatMap(([id, patch]) => {
    const host = byId[id];
    return host ? [[id, { ...host, ...patch }]] : [];
  });
  gathered.clear();
  if (patched.length > 0) useHosts.setState({ byId: { ...byId, ...Object.fromEntries(patched) } });
}
