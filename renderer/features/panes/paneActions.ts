import type { PaneId } from '../../../shared/model/pane.ts';
import { ARRANGEMENTS } from '../../../shared/panes/arrangements.ts';
import type { Direction } from '../../../shared/panes/geometry.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import { activePane, dispatchLayout, usePanes } from '../../stores/panes.ts';
import { openDialog } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { usePaneSearch } from '../scrollback/searchPanes.ts';
import type { Action } from '../shell/actions.ts';
import { broadcastGroup, toggleExcluded, toggleWindowBroadcast } from './broadcast.ts';
import {
  askToClosePane,
  askToCloseWindow,
  enterCopyMode,
  focusActiveTerminal,
  focusPane,
  keepPaneAlive,
  newWindowId,
  openDurableWindow,
  openWindow,
  pasteCopied,
  restartPane,
  showLinks,
  splitPane,
} from './paneCommands.ts';
import { markedPane, usePaneUi } from './paneUi.ts';
import { layoutFromFile, layoutToFile } from './workspaceLayout.ts';

const hasPane = () => activePane() !== undefined;
const hasPanes = () => paneCount() > 1;
const hasWindows = (least: number) => () => usePanes.getState().layout.windows.length >= least;
const hasOtherMarked = () => markedPane() !== undefined && markedPane() !== activePane()?.id;
const layout = (action: Parameters<typeof dispatchLayout>[0]) => () => {
  dispatchLayout(action);
  focusActiveTerminal();
};

const DIRECTIONS: readonly Direction[] = ['left', 'right', 'up', 'down'];
const arrow = (direction: Direction) => direction[0]?.toUpperCase() + direction.slice(1);
/** Shares of the window: a cell or two, and five times that, as tmux's keys. */
const SMALL_STEP = 0.02;
const LARGE_STEP = 0.1;

/** What tmux does with panes and windows, under tmux's keys. */
export const PANE_ACTIONS: readonly Action[] = [
  {
    id: 'pane.splitRow',
    label: 'Split the pane: left and right',
    group: 'Panes',
    keys: ['Prefix %'],
    when: hasPane,
    run: () => void splitPane('row'),
  },
  {
    id: 'pane.splitColumn',
    label: 'Split the pane: above and below',
    group: 'Panes',
    keys: ['Prefix "'],
    when: hasPane,
    run: () => void splitPane('column'),
  },
  {
    id: 'pane.durable',
    label: 'New window attached to tmux on the same host (survives the link)',
    group: 'Panes',
    keys: ['Prefix T'],
    when: hasPane,
    run: () => void openDurableWindow(),
  },
  {
    id: 'pane.zoom',
    label: 'Zoom the pane, or back',
    group: 'Panes',
    keys: ['Prefix z'],
    when: hasPane,
    run: layout({ type: 'zoom' }),
  },
  {
    id: 'pane.close',
    label: 'Close the pane',
    group: 'Panes',
    keys: ['Prefix x'],
    when: hasPane,
    run: () => askToClosePane(),
  },
  {
    id: 'pane.menu',
    label: 'Open the pane’s menu',
    group: 'Panes',
    keys: ['Prefix >'],
    when: hasPane,
    run: () => usePaneUi.setState({ menu: activePane()?.id }),
  },
  {
    id: 'pane.next',
    label: 'Focus the next pane',
    group: 'Panes',
    keys: ['Prefix o'],
    when: hasPane,
    run: layout({ type: 'focusNext' }),
  },
  {
    id: 'pane.last',
    label: 'Focus the last pane',
    group: 'Panes',
    keys: ['Prefix ;'],
    when: hasPane,
    run: layout({ type: 'focusLast' }),
  },
  ...DIRECTIONS.map(
    (direction): Action => ({
      id: `pane.focus.${direction}`,
      label: `Focus the pane ${where(direction)}`,
      group: 'Panes',
      keys: [`Prefix ${arrow(direction)}`],
      when: hasPane,
      repeats: true,
      run: layout({ type: 'focusDirection', direction }),
    }),
  ),
  ...DIRECTIONS.map(
    (direction): Action => ({
      id: `pane.resize.${direction}`,
      label: `Resize the pane: border ${direction}`,
      group: 'Panes',
      keys: [`Prefix Ctrl+${arrow(direction)}`],
      when: hasPane,
      repeats: true,
      run: layout({ type: 'resize', direction, amount: SMALL_STEP }),
    }),
  ),
  ...DIRECTIONS.map(
    (direction): Action => ({
      id: `pane.resizeMore.${direction}`,
      label: `Resize the pane much: border ${direction}`,
      group: 'Panes',
      keys: [`Prefix Alt+${arrow(direction)}`],
      when: hasPane,
      repeats: true,
      run: layout({ type: 'resize', direction, amount: LARGE_STEP }),
    }),
  ),
  {
    id: 'pane.swapPrevious',
    label: 'Swap with the pane before',
    group: 'Panes',
    keys: ['Prefix {'],
    when: hasPanes,
    run: layout({ type: 'swapPrevious' }),
  },
  {
    id: 'pane.swapNext',
    label: 'Swap with the pane after',
    group: 'Panes',
    keys: ['Prefix }'],
    when: hasPanes,
    run: layout({ type: 'swapNext' }),
  },
  {
    id: 'pane.rotate',
    label: 'Rotate the panes',
    group: 'Panes',
    keys: ['Prefix Ctrl+O'],
    when: hasPanes,
    run: layout({ type: 'rotate' }),
  },
  {
    id: 'pane.rotateBack',
    label: 'Rotate the panes back',
    group: 'Panes',
    keys: ['Prefix Alt+O'],
    when: hasPanes,
    run: layout({ type: 'rotate', back: true }),
  },
  {
    id: 'pane.mark',
    label: 'Mark the pane, or unmark it',
    group: 'Panes',
    keys: ['Prefix m'],
    when: hasPane,
    run: () =>
      withActivePane((pane) => usePaneUi.setState({ marked: markedPane() === pane ? undefined : pane })),
  },
  {
    id: 'pane.unmark',
    label: 'Unmark the marked pane',
    group: 'Panes',
    keys: ['Prefix M'],
    when: () => markedPane() !== undefined,
    run: () => usePaneUi.setState({ marked: undefined }),
  },
  {
    id: 'pane.join',
    label: 'Bring the marked pane here, on the right',
    group: 'Panes',
    keys: [],
    when: hasOtherMarked,
    run: () => withMarked((pane, to) => dispatchLayout({ type: 'join', pane, to, direction: 'row' })),
  },
  {
    id: 'pane.joinBelow',
    label: 'Bring the marked pane here, below',
    group: 'Panes',
    keys: [],
    when: hasOtherMarked,
    run: () => withMarked((pane, to) => dispatchLayout({ type: 'join', pane, to, direction: 'column' })),
  },
  {
    id: 'pane.swapMarked',
    label: 'Swap with the marked pane',
    group: 'Panes',
    keys: [],
    when: hasOtherMarked,
    run: () => withMarked((pane, to) => dispatchLayout({ type: 'swap', pane: to, with: pane })),
  },
  {
    id: 'pane.numbers',
    label: 'Choose a pane by number',
    group: 'Panes',
    keys: ['Prefix q'],
    when: hasPane,
    run: () => usePaneUi.setState({ numbers: true }),
  },
  {
    id: 'pane.scroll',
    label: 'Copy mode: walk through what was printed',
    group: 'Panes',
    keys: ['Prefix [', 'Prefix PageUp'],
    when: hasPane,
    run: enterCopyMode,
  },
  {
    id: 'pane.search',
    label: 'Search what the pane printed…',
    group: 'Panes',
    keys: ['Ctrl+Shift+F', 'Prefix /'],
    when: hasPane,
    run: () => openSearch(false),
  },
  {
    id: 'pane.searchAll',
    label: 'Search what all panes printed…',
    group: 'Panes',
    keys: ['Prefix Ctrl+F'],
    when: hasPane,
    run: () => openSearch(true),
  },
  {
    id: 'pane.links',
    label: 'Links on the pane’s screen…',
    group: 'Panes',
    keys: ['Prefix u'],
    when: hasPane,
    run: showLinks,
  },
  {
    id: 'pane.paste',
    label: 'Paste what was copied last here',
    group: 'Panes',
    keys: ['Prefix ]'],
    when: () => hasPane() && usePaneUi.getState().copied !== '',
    run: pasteCopied,
  },
  {
    id: 'pane.restart',
    label: 'Start a new shell in the pane',
    group: 'Panes',
    keys: [],
    when: () => activePane()?.state.kind === 'exited',
    run: () => withActivePane((pane) => void restartPane(pane)),
  },
  {
    id: 'pane.keepAlive',
    label: 'Keep the pane’s session alive',
    group: 'Panes',
    keys: [],
    when: () => activePane()?.expiresAt !== undefined,
    run: () => withActivePane((pane) => void keepPaneAlive(pane)),
  },
  {
    id: 'pane.arrange',
    label: 'Next arrangement',
    group: 'Panes',
    keys: ['Prefix Space'],
    when: hasPanes,
    run: layout({ type: 'nextArrangement' }),
  },
  ...ARRANGEMENTS.map(
    (arrangement, index): Action => ({
      id: `pane.arrange.${arrangement}`,
      label: `Arrange: ${arrangement.replace('-', ' ')}`,
      group: 'Panes',
      keys: [`Prefix Alt+${index + 1}`],
      when: hasPanes,
      run: layout({ type: 'arrange', arrangement }),
    }),
  ),
  {
    id: 'pane.even',
    label: 'Spread the panes evenly',
    group: 'Panes',
    keys: ['Prefix E'],
    when: hasPanes,
    run: layout({ type: 'even' }),
  },
  {
    id: 'broadcast.window',
    label: 'Broadcast what is typed to this window, or stop',
    group: 'Panes',
    keys: ['Prefix S'],
    when: hasPane,
    run: toggleWindowBroadcast,
  },
  {
    id: 'broadcast.choose',
    label: 'Broadcast what is typed to a tag or chosen panes…',
    group: 'Panes',
    keys: ['Prefix Alt+S'],
    when: hasPane,
    run: () => openDialog({ kind: 'broadcast' }),
  },
  {
    id: 'broadcast.exclude',
    label: 'Take the pane out of the broadcast, or in again',
    group: 'Panes',
    keys: ['Prefix X'],
    when: () => broadcastGroup().includes(activePane()?.id ?? ('' as PaneId)),
    run: () => toggleExcluded(),
  },

  {
    id: 'window.new',
    label: 'New window on the same host',
    group: 'Windows',
    keys: ['Prefix c'],
    run: () => void openWindow(),
  },
  {
    id: 'window.next',
    label: 'Next window',
    group: 'Windows',
    keys: ['Prefix n'],
    when: hasWindows(2),
    run: layout({ type: 'nextWindow' }),
  },
  {
    id: 'window.previous',
    label: 'Previous window',
    group: 'Windows',
    keys: ['Prefix p'],
    when: hasWindows(2),
    run: layout({ type: 'previousWindow' }),
  },
  {
    id: 'window.last',
    label: 'Last window',
    group: 'Windows',
    keys: ['Prefix l'],
    when: hasWindows(2),
    run: layout({ type: 'lastWindow' }),
  },
  {
    id: 'window.nextBell',
    label: 'Next window whose bell rang',
    group: 'Windows',
    keys: ['Prefix Alt+N'],
    when: hasWindows(2),
    run: () => goToBell(1),
  },
  {
    id: 'window.previousBell',
    label: 'Previous window whose bell rang',
    group: 'Windows',
    keys: ['Prefix Alt+P'],
    when: hasWindows(2),
    run: () => goToBell(-1),
  },
  {
    id: 'window.find',
    label: 'Find a window or pane…',
    group: 'Windows',
    keys: ['Prefix f', 'Prefix w', 'Prefix s', "Prefix '"],
    when: hasPane,
    run: () => openDialog({ kind: 'windows' }),
  },
  {
    id: 'window.rename',
    label: 'Rename the window',
    group: 'Windows',
    keys: ['Prefix ,'],
    when: hasWindows(1),
    run: () => usePaneUi.setState({ renaming: usePanes.getState().layout.activeWindow }),
  },
  {
    id: 'window.break',
    label: 'Move the pane to a window of its own',
    group: 'Windows',
    keys: ['Prefix !'],
    when: hasPanes,
    run: () =>
      withActivePane(() => layout({ type: 'break', id: newWindowId(), name: activePane()?.host ?? '' })()),
  },
  {
    id: 'window.later',
    label: 'Move the window to the right',
    group: 'Windows',
    keys: ['Prefix .'],
    when: hasWindows(2),
    run: layout({ type: 'moveWindow', by: 1 }),
  },
  {
    id: 'window.earlier',
    label: 'Move the window to the left',
    group: 'Windows',
    keys: [],
    when: hasWindows(2),
    run: layout({ type: 'moveWindow', by: -1 }),
  },
  {
    id: 'window.close',
    label: 'Close the window with its panes',
    group: 'Windows',
    keys: ['Prefix &'],
    when: hasWindows(1),
    run: askToCloseWindow,
  },
  {
    id: 'layout.toFile',
    label: 'Save the layout in the workspace file',
    group: 'Windows',
    keys: [],
    when: () => hasPane() && useWorkspace.getState().view?.path !== undefined,
    run: () => void layoutToFile(),
  },
  {
    id: 'layout.fromFile',
    label: 'Arrange windows as the workspace file says',
    group: 'Windows',
    keys: [],
    when: () => (useWorkspace.getState().view?.panes?.length ?? 0) > 0,
    run: () => void layoutFromFile(),
  },
];

/** Those that name a window of now. */
export function windowActions(): Action[] {
  const { windows, activeWindow } = usePanes.getState().layout;
  return windows.slice(0, 20).flatMap((window, index): Action[] => [
    {
      id: `window.select.${window.id}`,
      label: `Go to window ${index}: ${window.name}`,
      group: 'Windows',
      keys: index < 10 ? [`Prefix ${index}`] : [],
      run: layout({ type: 'selectWindow', id: window.id }),
    },
    {
      id: `pane.toWindow.${window.id}`,
      label: `Move the pane to window ${index}: ${window.name}`,
      group: 'Panes',
      keys: [],
      when: () => hasPane() && window.id !== activeWindow,
      run: () => withActivePane((pane) => movePaneToWindow(pane, window.id)),
    },
  ]);
}

export function movePaneToWindow(pane: PaneId, id: string): void {
  const window = usePanes.getState().layout.windows.find((w) => w.id === id);
  if (!window) return;
  dispatchLayout({ type: 'join', pane, to: window.active, direction: 'row' });
  focusActiveTerminal();
}

function openSearch(all: boolean): void {
  usePaneSearch.setState({ all });
  openDialog({ kind: 'search' });
}

function goToBell(by: 1 | -1): void {
  const { windows, activeWindow } = usePanes.getState().layout;
  const { bells } = usePaneUi.getState();
  const from = windows.findIndex((w) => w.id === activeWindow);
  for (let step = 1; step < windows.length; step++) {
    const window = windows[(from + by * step + windows.length * step) % windows.length];
    const pane = window && panesOf(window.root).find((p) => bells[p]);
    if (pane !== undefined) {
      focusPane(pane);
      return;
    }
  }
}

function withActivePane(run: (pane: PaneId) => void): void {
  const pane = activePane();
  if (!pane) return;
  focusPane(pane.id);
  run(pane.id);
}

function withMarked(run: (marked: PaneId, active: PaneId) => void): void {
  const marked = markedPane();
  const active = activePane()?.id;
  if (marked === undefined || active === undefined) return;
  run(marked, active);
  usePaneUi.setState({ marked: undefined });
  focusActiveTerminal();
}

function paneCount(): number {
  const { windows, activeWindow } = usePanes.getState().layout;
  const window = windows.find((w) => w.id === activeWindow);
  return window ? panesOf(window.root).length : 0;
}

function where(direction: Direction): string {
  return { left: 'on the left', right: 'on the right', up: 'above', down: 'below' }[direction];
}
