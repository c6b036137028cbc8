import type { HostId } from '../../../shared/model/host.ts';
import { isUp } from '../../../shared/model/host.ts';
import { ARRANGEMENTS } from '../../../shared/panes/arrangements.ts';
import type { Direction } from '../../../shared/panes/geometry.ts';
import { useHosts } from '../../stores/hosts.ts';
import { activePane, dispatchLayout, usePanes } from '../../stores/panes.ts';
import { useTimeline } from '../../stores/timeline.ts';
import { focusHost, goLive, openDialog, selectEvent, useUi } from '../../stores/ui.ts';
import {
  askToClosePane,
  focusActiveTerminal,
  focusPane,
  keepPaneAlive,
  newWindowId,
  openWindow,
  restartPane,
  showHostPane,
  splitPane,
} from '../panes/paneCommands.ts';
import { usePaneUi } from '../panes/paneUi.ts';
import { openMachine } from '../workspace/workspaceCommands.ts';
import { reconnectHost, reconnectHosts } from './hostCommands.ts';

export type ActionGroup = 'Workspace' | 'Hosts' | 'Incident' | 'Timeline' | 'Panes' | 'Windows' | 'View';

/** One thing that can be done, the only place where its words and keys stand: palette, key sheet, menus and tooltips draw from it. */
export interface Action {
  id: string;
  label: string;
  group: ActionGroup;
  /** In the notation of keys.ts; the first is the one that is shown. */
  keys: readonly string[];
  /** Absent: always. */
  when?: () => boolean;
  run: () => void;
  /** May be repeated for half a second without the prefix. */
  repeats?: boolean;
}

const hasPane = () => activePane() !== undefined;
const hasWindows = (least: number) => () => usePanes.getState().layout.windows.length >= least;
const layout = (action: Parameters<typeof dispatchLayout>[0]) => () => {
  dispatchLayout(action);
  focusActiveTerminal();
};

const DIRECTIONS: readonly Direction[] = ['left', 'right', 'up', 'down'];
const arrow = (direction: Direction) => direction[0]?.toUpperCase() + direction.slice(1);
/** Shares of the window: a cell or two, and five times that, as tmux's keys. */
const SMALL_STEP = 0.02;
const LARGE_STEP = 0.1;

/** What AWS can do with the focused host's own instance, or task. */
const AWS_OPERATIONS = [
  { operation: 'reboot', label: 'Reboot the instance', task: false },
  { operation: 'stop', label: 'Stop the instance', task: false },
  { operation: 'start', label: 'Start the instance', task: false },
  { operation: 'stop_task', label: 'Stop the task', task: true },
] as const;

const ACTIONS: readonly Action[] = [
  {
    id: 'palette',
    label: 'Search or do anything',
    group: 'View',
    keys: ['Mod+K', 'Ctrl+Shift+P', 'Prefix :'],
    run: () => openDialog({ kind: 'palette' }),
  },
  {
    id: 'keys',
    label: 'Show the keys',
    group: 'View',
    keys: ['?', 'Prefix ?'],
    run: () => openDialog({ kind: 'keys' }),
  },

  {
    id: 'workspace.open',
    label: 'Open a workspace…',
    group: 'Workspace',
    keys: ['Mod+O'],
    run: () => openDialog({ kind: 'openWorkspace' }),
  },
  {
    id: 'workspace.create',
    label: 'Create a workspace…',
    group: 'Workspace',
    keys: [],
    run: () => openDialog({ kind: 'createWorkspace' }),
  },
  {
    id: 'workspace.import',
    label: 'Import hosts or a session…',
    group: 'Workspace',
    keys: [],
    run: () => openDialog({ kind: 'importWorkspace' }),
  },
  {
    id: 'workspace.machine',
    label: 'Open this machine',
    group: 'Workspace',
    keys: [],
    run: () => void openMachine(),
  },

  {
    id: 'hosts.reconnect',
    label: 'Reconnect all hosts that are down',
    group: 'Hosts',
    keys: [],
    when: () => downHosts().length > 0,
    run: () => reconnectHosts(downHosts()),
  },
  {
    id: 'host.reconnect',
    label: 'Reconnect the focused host',
    group: 'Hosts',
    keys: [],
    when: () => useUi.getState().focusedHost !== undefined,
    run: () => withFocusedHost(reconnectHost),
  },
  {
    id: 'workspace.aws',
    label: 'Make a workspace of hosts from AWS…',
    group: 'Workspace',
    keys: [],
    run: () => openDialog({ kind: 'aws' }),
  },
  {
    id: 'host.sessions',
    label: 'Sessions of the focused host, everyone’s…',
    group: 'Hosts',
    keys: [],
    when: () => focusedSummary()?.transport === 'ssm',
    run: () => withFocusedHost((host) => openDialog({ kind: 'awsSessions', host })),
  },
  ...AWS_OPERATIONS.map(
    ({ operation, label, task }): Action => ({
      id: `host.aws.${operation}`,
      label: `${label} of the focused host…`,
      group: 'Hosts',
      keys: [],
      when: () => {
        const host = focusedSummary();
        return host?.transport === 'ssm' && !/\bm?i-[0-9a-f]/.test(host.address) === task;
      },
      run: () =>
        withFocusedHost((host) =>
          openDialog({
            kind: 'remediation',
            request: {
              action: 'aws.control_host',
              label: `${label} of ${host}`,
              host,
              arguments: { operation },
            },
          }),
        ),
    }),
  ),
  {
    id: 'host.window',
    label: 'Open a shell on the focused host in a new window',
    group: 'Hosts',
    keys: [],
    when: () => useUi.getState().focusedHost !== undefined,
    run: () => withFocusedHost((host) => void openWindow(host)),
  },

  {
    id: 'incident',
    label: 'Declare or edit the incident…',
    group: 'Incident',
    keys: ['Mod+I'],
    run: () => openDialog({ kind: 'incident' }),
  },
  {
    id: 'report',
    label: 'Export the report…',
    group: 'Incident',
    keys: ['Mod+E'],
    run: () => openDialog({ kind: 'report' }),
  },
  {
    id: 'note',
    label: 'Add a note to the timeline…',
    group: 'Timeline',
    keys: ['N'],
    run: () => openDialog({ kind: 'note' }),
  },
  {
    id: 'event.next',
    label: 'Next event (later)',
    group: 'Timeline',
    keys: ['J'],
    when: hasEvents,
    run: () => stepEvent(-1),
  },
  {
    id: 'event.previous',
    label: 'Previous event (earlier)',
    group: 'Timeline',
    keys: ['K'],
    when: hasEvents,
    run: () => stepEvent(1),
  },
  {
    id: 'live',
    label: 'Return to live',
    group: 'Timeline',
    keys: ['L'],
    when: () => useUi.getState().time.kind === 'past',
    run: goLive,
  },

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
    when: hasPane,
    run: layout({ type: 'swapPrevious' }),
  },
  {
    id: 'pane.swapNext',
    label: 'Swap with the pane after',
    group: 'Panes',
    keys: ['Prefix }'],
    when: hasPane,
    run: layout({ type: 'swapNext' }),
  },
  {
    id: 'pane.rotate',
    label: 'Rotate the panes',
    group: 'Panes',
    keys: ['Prefix Ctrl+O'],
    when: hasPane,
    run: layout({ type: 'rotate' }),
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
    label: 'Scroll the pane by keys',
    group: 'Panes',
    keys: ['Prefix ['],
    when: hasPane,
    run: () => usePaneUi.setState({ scrolling: activePane()?.id }),
  },
  {
    id: 'pane.search',
    label: 'Search the pane’s text',
    group: 'Panes',
    keys: ['Ctrl+Shift+F', 'Prefix /'],
    when: hasPane,
    run: () => usePaneUi.setState({ searching: activePane()?.id }),
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
    when: hasPane,
    run: layout({ type: 'nextArrangement' }),
  },
  ...ARRANGEMENTS.map(
    (arrangement, index): Action => ({
      id: `pane.arrange.${arrangement}`,
      label: `Arrange: ${arrangement.replace('-', ' ')}`,
      group: 'Panes',
      keys: [`Prefix Alt+${index + 1}`],
      when: hasPane,
      run: layout({ type: 'arrange', arrangement }),
    }),
  ),

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
    when: hasPane,
    run: () =>
      withActivePane(() => layout({ type: 'break', id: newWindowId(), name: activePane()?.host ?? '' })()),
  },

  {
    id: 'theme',
    label: 'Change between dark and light',
    group: 'View',
    keys: [],
    run: () => useUi.setState((s) => ({ theme: s.theme === 'dark' ? 'light' : 'dark' })),
  },
  {
    id: 'timeline.fold',
    label: 'Show or fold the timeline',
    group: 'View',
    keys: ['['],
    run: () => useUi.setState((s) => ({ timelineOpen: !s.timelineOpen })),
  },
  {
    id: 'detail.fold',
    label: 'Show or fold the host detail',
    group: 'View',
    keys: [']'],
    run: () => useUi.setState((s) => ({ detailOpen: !s.detailOpen, detailMaximised: false })),
  },
  {
    id: 'detail.maximise',
    label: 'Maximise the host detail, or back',
    group: 'View',
    keys: ['M'],
    run: () => useUi.setState((s) => ({ detailOpen: true, detailMaximised: !s.detailMaximised })),
  },
  {
    id: 'screenReader',
    label: 'Screen reader support in terminals: on or off',
    group: 'View',
    keys: [],
    run: () => useUi.setState((s) => ({ screenReader: !s.screenReader })),
  },
];

/** Everything that can be done now or later, with what hosts and windows there are. */
export function allActions(): Action[] {
  const { order, byId } = useHosts.getState();
  const { windows } = usePanes.getState().layout;
  return [
    ...ACTIONS,
    ...windows.slice(0, 10).map(
      (window, index): Action => ({
        id: `window.select.${window.id}`,
        label: `Go to window ${index}: ${window.name}`,
        group: 'Windows',
        keys: [`Prefix ${index}`],
        run: layout({ type: 'selectWindow', id: window.id }),
      }),
    ),
    ...order.flatMap((host): Action[] => [
      {
        id: `host.focus.${host}`,
        label: `Focus ${host}`,
        group: 'Hosts',
        keys: [],
        run: () => showHost(host),
      },
      {
        id: `host.reconnect.${host}`,
        label: `Reconnect ${host}`,
        group: 'Hosts',
        keys: [],
        when: () => {
          const link = byId[host]?.link;
          return link !== undefined && !isUp(link);
        },
        run: () => reconnectHost(host),
      },
    ]),
  ];
}

export function actionById(id: string): Action | undefined {
  return ACTIONS.find((a) => a.id === id);
}

/** What a key does now. */
export function actionForKey(matches: (key: string) => boolean): Action | undefined {
  return allActions().find((a) => a.keys.some(matches) && (a.when?.() ?? true));
}

/** A host to the front everywhere: its detail, and its pane. */
export function showHost(host: HostId): void {
  focusHost(host);
  void showHostPane(host);
}

function downHosts(): HostId[] {
  const { order, byId } = useHosts.getState();
  return order.filter((id) => {
    const link = byId[id]?.link;
    return (
      link &&
      !isUp(link) &&
      link.kind !== 'held' &&
      link.kind !== 'connecting' &&
      link.kind !== 'authenticating'
    );
  });
}

function focusedSummary() {
  const { focusedHost } = useUi.getState();
  return focusedHost === undefined ? undefined : useHosts.getState().byId[focusedHost];
}

function withFocusedHost(run: (host: HostId) => void): void {
  const { focusedHost } = useUi.getState();
  if (focusedHost !== undefined) run(focusedHost);
}

function withActivePane(run: (pane: NonNullable<ReturnType<typeof activePane>>['id']) => void): void {
  const pane = activePane();
  if (!pane) return;
  focusPane(pane.id);
  run(pane.id);
}

function hasEvents(): boolean {
  return useTimeline.getState().order.length > 0;
}

/** Newest first: -1 is later, 1 is earlier. */
function stepEvent(by: -1 | 1): void {
  const { order, selected } = useTimeline.getState();
  const index = selected === undefined ? (by === 1 ? -1 : order.length) : order.indexOf(selected);
  const next = order[Math.min(order.length - 1, Math.max(0, index + by))];
  if (next !== undefined) selectEvent(next);
}

function where(direction: Direction): string {
  return { left: 'on the left', right: 'on the right', up: 'above', down: 'below' }[direction];
}
