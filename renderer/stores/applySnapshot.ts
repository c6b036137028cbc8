import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';
import type { Snapshot } from '../../shared/contract/commands.ts';
import type { PaneId } from '../../shared/model/pane.ts';
import { pruneLayout } from '../../shared/panes/layout.ts';
import { clearSeries } from '../series/samples.ts';
import { setHosts } from './hosts.ts';
import { useIncident } from './incident.ts';
import { EMPTY_LAYOUT, usePanes } from './panes.ts';
import { usePrompts } from './prompts.ts';
import { useSettings } from './settings.ts';
import { setEvents, useTimeline } from './timeline.ts';
import { LIVE_SPAN_MS, useUi } from './ui.ts';
import { useWorkspace } from './workspace.ts';

let applied = 0;
const listeners = new Set<() => void>();

/** Told after every snapshot, when the stores hold it. */
export function onSnapshot(listener: () => void): Disposable {
  listeners.add(listener);
  return toDisposable(() => listeners.delete(listener));
}

/** Counts snapshots, so that the answer to `workspace.open` is not applied on top of the event that told the same. */
export function snapshotsApplied(): number {
  return applied;
}

/** Everything on the screen starts from here: at the start, after a reconnect, for another workspace. */
export function applySnapshot(snapshot: Snapshot): void {
  applied++;
  const before = useWorkspace.getState();
  const sameRecord =
    before.recordDirectory === snapshot.recordDirectory && before.view?.path === snapshot.workspace.path;
  const selected = useTimeline.getState().selected;

  useWorkspace.setState({
    version: snapshot.version,
    home: snapshot.home,
    recordDirectory: snapshot.recordDirectory,
    view: snapshot.workspace,
  });
  useSettings.setState(snapshot.settings, true);
  if (!sameRecord) clearSeries();
  setHosts(snapshot.hosts);
  setEvents(snapshot.events);
  if (sameRecord) useTimeline.setState({ selected });
  useIncident.setState({ incident: snapshot.incident });
  usePrompts.setState({ waiting: snapshot.prompts });

  const byId = Object.fromEntries(snapshot.panes.map((p) => [p.id, p]));
  const layout = snapshot.layout ?? EMPTY_LAYOUT;
  const open = new Set(snapshot.hosts.map((h) => h.id));
  // A pane that ended with its core keeps its place while its host is there: it is opened anew.
  const kept = (pane: PaneId) => {
    const host = layout.hosts?.[pane];
    return pane in byId || (host !== undefined && open.has(host));
  };
  usePanes.setState({ byId, layout: pruneLayout(layout, kept) });

  const { focusedHost } = useUi.getState();
  if (!snapshot.hosts.some((h) => h.id === focusedHost))
    useUi.setState({ focusedHost: snapshot.hosts[0]?.id });
  if (!sameRecord) useUi.setState({ time: { kind: 'live', spanMs: LIVE_SPAN_MS }, crosshair: undefined });
  document.title = `${snapshot.workspace.name} – Fireline`;
  for (const listener of [...listeners]) listener();
}
