import type { CommandInput } from '../../../shared/contract/commands.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId, PaneSummary } from '../../../shared/model/pane.ts';
import type { WindowSpec } from '../../../shared/model/workspace.ts';
import { panesOf, reduceLayout } from '../../../shared/panes/layout.ts';
import { hostsOfSpec, layoutFromSpec } from '../../../shared/panes/layoutFromSpec.ts';
import type { LayoutState } from '../../../shared/panes/layoutState.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { useHosts } from '../../stores/hosts.ts';
import {
  activePane,
  closePaneLocally,
  dispatchLayout,
  placedPanes,
  putPane,
  usePanes,
} from '../../stores/panes.ts';
import { openDialog, useUi } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { closeScrollback, openScrollback, viewElements } from '../scrollback/scrollbackViews.ts';
import { terminalOf } from '../terminal/terminals.ts';
import { usePaneUi } from './paneUi.ts';

/** Before anything is laid out; the pane's own size follows as soon as it is drawn. */
const FIRST_SIZE = { columns: 80, rows: 24 };
const LEAST = { columns: 10, rows: 3 };

/** Panes a default window holds; more are too small to read on a laptop. */
const PANES_A_WINDOW = 9;
/** Hosts beyond these, as many as the fleet is made to show, get their pane when it is asked for. */
const PANES_AT_FIRST = 100;

/** Splits a pane (the active one) with a new shell on the same host. */
export async function splitPane(direction: 'row' | 'column', pane = activePane()?.id): Promise<void> {
  const source = pane === undefined ? undefined : usePanes.getState().byId[pane];
  if (!source) return;
  const { columns, rows } = terminalOf(source.id)?.size ?? source;
  const half =
    direction === 'row'
      ? { columns: Math.floor(columns / 2), rows }
      : { columns, rows: Math.floor(rows / 2) - 1 };
  const split = (added: PaneId) => ({ type: 'split', pane: source.id, direction, added }) as const;
  const { layout } = usePanes.getState();
  const hasNoPlace = reduceLayout(layout, split('another' as PaneId)) === layout;
  if (half.columns < LEAST.columns || half.rows < LEAST.rows || hasNoPlace) {
    tell('This pane is too small to be split. A new window has room, or enlarge the pane first.');
    return;
  }
  const opened = await openPane(source.host, half);
  if (!opened) return;
  dispatchLayout(split(opened.id));
  // The pane that was split is gone: its new shell must not run where nobody sees it.
  if (!placedPanes(usePanes.getState().layout).includes(opened.id))
    dispatchLayout({ type: 'openWindow', id: newWindowId(), name: source.host, panes: [opened.id] });
  focusPane(opened.id);
}

/** A new window with a shell on the host. */
export async function openWindow(host = activePane()?.host ?? useHosts.getState().order[0]): Promise<void> {
  if (host === undefined) return;
  const opened = await openPane(host, activePane() ?? FIRST_SIZE);
  if (!opened) return;
  dispatchLayout({ type: 'openWindow', id: newWindowId(), name: host, panes: [opened.id] });
  focusPane(opened.id);
}

/** A new window attached to a session of tmux or screen on the host, which goes on when the link is lost. */
export async function openDurableWindow(host = activePane()?.host): Promise<void> {
  if (host === undefined) return;
  const taken = new Set(
    Object.values(usePanes.getState().byId).flatMap((p) => (p.host === host ? (p.durable?.name ?? []) : [])),
  );
  let durable = 'fireline';
  for (let n = 2; taken.has(durable); n++) durable = `fireline-${n}`;
  const opened = await openPane(host, activePane() ?? FIRST_SIZE, { durable });
  if (!opened) return;
  dispatchLayout({ type: 'openWindow', id: newWindowId(), name: host, panes: [opened.id] });
  focusPane(opened.id);
}

/** Brings a host's pane to the front, opening one if it has none. */
export async function showHostPane(host: HostId): Promise<void> {
  const { byId, layout } = usePanes.getState();
  const placed = placedPanes(layout);
  const active = activePane();
  const pane = active?.host === host ? active.id : placed.find((id) => byId[id]?.host === host);
  if (pane === undefined) await openWindow(host);
  else focusPane(pane);
}

export function focusPane(pane: PaneId): void {
  dispatchLayout({ type: 'focus', pane });
  focusActiveTerminal();
}

/** What takes keys of its own. */
const FIELD = 'input, select, textarea:not(.xterm-helper-textarea), [role="dialog"], [role="menu"]';

/**
 * After React has drawn: a terminal that is not shown yet cannot take the focus. A browser takes keys before timers, so that
 * a key may have opened a field by then, and what is typed for it must not go to a shell.
 */
export function focusActiveTerminal(): void {
  const before = document.activeElement;
  setTimeout(() => {
    const now = document.activeElement;
    if (now !== before && now?.closest(FIELD)) return;
    const pane = activePane();
    if (!pane) return;
    const view = viewElements.get(pane.id);
    if (view) view.focus();
    else terminalOf(pane.id)?.focus();
  }, 0);
}

/** tmux's copy mode, on all that the pane has printed. */
export function enterCopyMode(): void {
  const pane = activePane();
  const terminal = pane && terminalOf(pane.id);
  if (terminal) openScrollback(pane.id, { kind: 'terminal', entry: 'keys', ...terminal.standing });
}

/** Back to the live terminal. */
export function leaveCopyMode(pane: PaneId): void {
  closeScrollback(pane);
  terminalOf(pane)?.scrollToBottom();
  if (activePane()?.id === pane) focusActiveTerminal();
}

/** Links on the screen of the active pane, to be looked at before one is opened. */
export function showLinks(): void {
  const pane = activePane();
  openDialog({ kind: 'links', links: (pane && terminalOf(pane.id)?.links) ?? [] });
}

/** A shell that runs is asked about first; one that has ended is simply put away. */
export function askToClosePane(pane = activePane()?.id): void {
  const summary = pane === undefined ? undefined : usePanes.getState().byId[pane];
  if (!summary) return;
  if (summary.state.kind === 'open') usePaneUi.setState({ closing: summary.id });
  else void closePane(summary.id);
}

/** The shells of a window end with it, so it is asked about; one without is put away. */
export function askToCloseWindow(): void {
  const { layout, byId } = usePanes.getState();
  const window = layout.windows.find((w) => w.id === layout.activeWindow);
  if (!window) return;
  if (panesOf(window.root).some((pane) => byId[pane]?.state.kind === 'open'))
    usePaneUi.setState({ closingWindow: window.id });
  else void closeWindow(window.id);
}

export async function closeWindow(id: string): Promise<void> {
  usePaneUi.setState({ closingWindow: undefined });
  const window = usePanes.getState().layout.windows.find((w) => w.id === id);
  if (window) await Promise.all(panesOf(window.root).map((pane) => closePane(pane)));
}

/** tmux's paste-buffer: what was copied last in any pane. */
export function pasteCopied(): void {
  const pane = activePane();
  const { copied } = usePaneUi.getState();
  if (pane && copied !== '') terminalOf(pane.id)?.pasteFromUser(copied);
}

export async function closePane(pane: PaneId): Promise<void> {
  usePaneUi.setState({ closing: undefined });
  try {
    await call('pane.close', { pane });
    closePaneLocally(pane);
    focusActiveTerminal();
  } catch (thrown) {
    tell(`The pane could not be closed: ${errorOf(thrown).message}`);
  }
}

/** An idle session of Session Manager: kept from its end, as far as that can be done. */
export async function keepPaneAlive(pane: PaneId): Promise<void> {
  try {
    await call('pane.keepAlive', { pane });
  } catch (thrown) {
    tell(`It could not be kept alive: ${errorOf(thrown).message}`);
  }
}

export async function restartPane(pane: PaneId, another = false): Promise<void> {
  try {
    await call('pane.restart', { pane, another });
  } catch (thrown) {
    tell(`No new shell: ${errorOf(thrown).message}`);
  }
}

/**
 * Brings what is open into line with the layout, after a snapshot: panes that ended with the core are opened anew in
 * their places; without a layout the workspace file's windows are made, or one pane a host, tiled.
 */
export async function openMissingPanes(): Promise<void> {
  const { layout } = usePanes.getState();
  if (layout.windows.length > 0) await reopenPanes(layout);
  else if (useWorkspace.getState().view?.panes)
    await openSpecifiedWindows(useWorkspace.getState().view?.panes ?? []);
  else await openPaneForEveryHost();
  placeLoosePanes();
  focusActiveTerminal();
}

/** Hosts that came while the workspace was open, as a deployment's new tasks do, get their pane too. */
export async function openPanesOfNewHosts(before: readonly HostId[]): Promise<void> {
  const having = new Set(Object.values(usePanes.getState().byId).map((p) => p.host));
  const added = useHosts.getState().order.filter((h) => !before.includes(h) && !having.has(h));
  if (added.length === 0) return;
  await Promise.all(added.slice(0, PANES_AT_FIRST).map((host) => openPane(host, FIRST_SIZE)));
  placeLoosePanes();
}

async function reopenPanes(layout: LayoutState): Promise<void> {
  const missing = placedPanes(layout).filter((pane) => !(pane in usePanes.getState().byId));
  await Promise.all(
    missing.map(async (pane) => {
      const host = layout.hosts?.[pane];
      const opened = host === undefined ? undefined : await openPane(host, FIRST_SIZE, { after: pane });
      dispatchLayout(opened ? { type: 'replace', pane, by: opened.id } : { type: 'close', pane });
    }),
  );
}

/** Makes the windows that a file asks for, of the panes there are, and opens what is missing. */
export async function openSpecifiedWindows(windows: readonly WindowSpec[]): Promise<void> {
  const hosts = new Set(useHosts.getState().order);
  let front = true;
  const free = placedPanes(usePanes.getState().layout).filter((id) => id in usePanes.getState().byId);
  for (const [window, { name, layout }] of windows.entries()) {
    const panes = await Promise.all(
      hostsOfSpec(layout).map(async (host, place) => {
        const known = free.findIndex((id) => usePanes.getState().byId[id]?.host === host);
        const [reused] = known < 0 ? [] : free.splice(known, 1);
        if (reused !== undefined) return { host, id: reused };
        return hosts.has(host)
          ? await openPane(host, FIRST_SIZE, { place: { window, pane: place } })
          : undefined;
      }),
    );
    const left = panes.filter((p) => p !== undefined);
    const root = layoutFromSpec(layout, (host) => {
      const index = left.findIndex((p) => p.host === host);
      return index < 0 ? undefined : left.splice(index, 1)[0]?.id;
    });
    if (!root) continue;
    const id = newWindowId();
    const toFront = front;
    front = false;
    usePanes.setState((state) => {
      const taken = panesOf(root).reduce(
        (rest, pane) => reduceLayout(rest, { type: 'close', pane }),
        state.layout,
      );
      const opened = reduceLayout(taken, { type: 'openWindow', id, name, panes: panesOf(root), root });
      // The first comes to the front; the others do not take what is typed meanwhile.
      return {
        layout: toFront ? opened : reduceLayout(opened, { type: 'selectWindow', id: taken.activeWindow }),
      };
    });
  }
}

async function openPaneForEveryHost(): Promise<void> {
  const having = new Set(Object.values(usePanes.getState().byId).map((p) => p.host));
  const hosts = useHosts.getState().order.slice(0, PANES_AT_FIRST);
  await Promise.all(hosts.filter((h) => !having.has(h)).map((host) => openPane(host, FIRST_SIZE)));
}

/** Panes that stand in no window get some, in the order of their hosts. */
function placeLoosePanes(): void {
  const { layout } = usePanes.getState();
  usePanes.setState({ layout: withLoosePanes() });
  if (layout.windows.length === 0) showFirstWindow();
}

/** Another workspace may have been opened meanwhile. */
function withLoosePanes(): LayoutState {
  const { byId, layout } = usePanes.getState();
  const placed = new Set(placedPanes(layout));
  const { order } = useHosts.getState();
  const loose = Object.values(byId)
    .filter((p) => !placed.has(p.id))
    .sort((a, b) => order.indexOf(a.host) - order.indexOf(b.host));
  let all = layout;
  for (let at = 0; at < loose.length; at += PANES_A_WINDOW) {
    const part = loose.slice(at, at + PANES_A_WINDOW);
    const [first, last] = [part[0]?.host ?? '', part.at(-1)?.host ?? ''];
    const name = first === last ? first : `${first} … ${last}`;
    const panes = part.map((p) => p.id);
    all = reduceLayout(all, { type: 'openWindow', id: newWindowId(), name, panes });
  }
  return all;
}

function showFirstWindow(): void {
  const first = usePanes.getState().layout.windows[0];
  if (first) dispatchLayout({ type: 'selectWindow', id: first.id });
}

export function newWindowId(): string {
  return `w${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
}

/** Panes that are being opened here: each is put in its place soon. */
let underWay = 0;

/** A window for each pane that another window of Fireline has opened, behind what is in front; `false`: not now. */
export function placePanesOfOthers(): boolean {
  if (underWay > 0) return false;
  const { activeWindow, lastWindow } = usePanes.getState().layout;
  // At once: what follows the active pane must not see another in between.
  const { lastWindow: _behind, ...front } = reduceLayout(withLoosePanes(), {
    type: 'selectWindow',
    id: activeWindow,
  });
  usePanes.setState({ layout: lastWindow === undefined ? front : { ...front, lastWindow } });
  return true;
}

async function openPane(
  host: HostId,
  size: { columns: number; rows: number },
  how: Omit<CommandInput<'pane.open'>, 'host' | 'columns' | 'rows'> = {},
): Promise<PaneSummary | undefined> {
  underWay++;
  try {
    const pane = await call('pane.open', {
      host,
      ...how,
      columns: Math.max(LEAST.columns, size.columns),
      rows: Math.max(LEAST.rows, size.rows),
    });
    // Its event may have come first, with a newer state.
    if (!(pane.id in usePanes.getState().byId)) putPane(pane);
    return pane;
  } catch (thrown) {
    const { message, advice } = errorOf(thrown);
    tell(`No pane on ${host}: ${message}${advice ? `. ${advice}` : ''}`);
    return undefined;
  } finally {
    // Whoever asked for it places it first.
    setTimeout(() => underWay--, 0);
  }
}

function tell(text: string): void {
  useUi.setState({ notice: { text, tone: 'warning' } });
}
