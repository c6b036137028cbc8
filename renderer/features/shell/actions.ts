import type { HostId } from '../../../shared/model/host.ts';
import { isUp } from '../../../shared/model/host.ts';
import { useHosts } from '../../stores/hosts.ts';
import { useSettings } from '../../stores/settings.ts';
import { useTimeline } from '../../stores/timeline.ts';
import {
  FONT_SIZE,
  focusHost,
  goLive,
  openDialog,
  selectEvent,
  showDetail,
  toggleDetail,
  toggleTimeline,
  useUi,
} from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { PANE_ACTIONS, windowActions } from '../panes/paneActions.ts';
import { openWindow, showHostPane } from '../panes/paneCommands.ts';
import { openMachine } from '../workspace/workspaceCommands.ts';
import { reconnectHost, reconnectHosts } from './hostCommands.ts';
import { goToNextRegion, goToRegion } from './regions.ts';

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

/** What AWS can do with the focused host's own instance, or task. */
const AWS_OPERATIONS = [
  { operation: 'reboot', label: 'Reboot the instance', task: false },
  { operation: 'stop', label: 'Stop the instance', task: false },
  { operation: 'start', label: 'Start the instance', task: false },
  { operation: 'stop_task', label: 'Stop the task', task: true },
] as const;

const REGIONS = [
  { region: 'fleet', label: 'fleet' },
  { region: 'timeline', label: 'timeline' },
  { region: 'panes', label: 'terminal' },
  { region: 'detail', label: 'host detail' },
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
    keys: ['Prefix R'],
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
    id: 'ask',
    label: 'Ask every host…',
    group: 'Hosts',
    keys: ['A'],
    when: () => useHosts.getState().order.length > 0,
    run: () => openDialog({ kind: 'ask' }),
  },
  {
    id: 'profiles',
    label: 'Profiles and flame graphs…',
    group: 'Hosts',
    keys: [],
    run: () => openDialog({ kind: 'flame' }),
  },
  {
    id: 'host.diagnose',
    label: 'Diagnose the focused host',
    group: 'Hosts',
    keys: ['D'],
    when: () => focusedSummary() !== undefined,
    run: () => {
      showDetail('diagnose');
      goToRegion('detail');
    },
  },
  {
    id: 'ssh.protect',
    label: 'Protect SSH of the focused host from the OOM killer…',
    group: 'Hosts',
    keys: [],
    when: () => focusedSummary() !== undefined,
    run: () =>
      withFocusedHost((host) =>
        openDialog({
          kind: 'remediation',
          request: { action: 'ssh.protect', label: `Protect SSH of ${host}`, host, arguments: {} },
        }),
      ),
  },
  {
    id: 'ssh.protect.all',
    label: 'Protect SSH of all hosts from the OOM killer…',
    group: 'Hosts',
    keys: [],
    when: () => useHosts.getState().order.length > 1,
    run: () =>
      openDialog({
        kind: 'remediations',
        request: { action: 'ssh.protect', arguments: {} },
        label: 'Protect SSH',
        hosts: [...useHosts.getState().order],
      }),
  },
  {
    id: 'journal.vacuum',
    label: 'Cut the journal of the focused host down to 500 MB…',
    group: 'Hosts',
    keys: [],
    when: () => focusedSummary() !== undefined,
    run: () =>
      withFocusedHost((host) =>
        openDialog({
          kind: 'remediation',
          request: {
            action: 'journal.vacuum',
            label: `Cut the journal of ${host}`,
            host,
            arguments: { keepBytes: 500 * 1024 * 1024 },
          },
        }),
      ),
  },
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

  ...PANE_ACTIONS,

  {
    id: 'font.larger',
    label: 'Terminals: larger text',
    group: 'View',
    keys: ['Mod+=', 'Mod++', 'Mod+Shift++'],
    run: () => changeFontSize(1),
  },
  {
    id: 'font.smaller',
    label: 'Terminals: smaller text',
    group: 'View',
    keys: ['Mod+-'],
    run: () => changeFontSize(-1),
  },
  {
    id: 'font.reset',
    label: 'Terminals: text as it was',
    group: 'View',
    keys: ['Mod+0'],
    run: () => useUi.setState({ fontSize: FONT_SIZE }),
  },
  {
    id: 'theme',
    label: 'Change between dark and light',
    group: 'View',
    keys: [],
    run: () => useUi.setState((s) => ({ theme: s.theme === 'dark' ? 'light' : 'dark' })),
  },
  {
    id: 'go.next',
    label: 'Go to the next part of the screen',
    group: 'View',
    keys: ['Prefix Tab', 'F6'],
    run: () => goToNextRegion(1),
  },
  {
    id: 'go.previous',
    label: 'Go to the part of the screen before',
    group: 'View',
    keys: ['Prefix Shift+Tab', 'Shift+F6'],
    run: () => goToNextRegion(-1),
  },
  ...REGIONS.map(
    ({ region, label }): Action => ({
      id: `go.${region}`,
      label: `Go to the ${label}`,
      group: 'View',
      keys: [],
      run: () => goToRegion(region),
    }),
  ),
  {
    id: 'go.processes',
    label: 'Go to the process table of the focused host',
    group: 'View',
    keys: [],
    when: () => focusedSummary() !== undefined,
    run: () => {
      showDetail('processes');
      goToRegion('detail', ['[role="grid"]']);
    },
  },
  {
    id: 'timeline.fold',
    label: 'Show or fold the timeline',
    group: 'View',
    keys: ['['],
    run: toggleTimeline,
  },
  {
    id: 'detail.fold',
    label: 'Show or fold the host detail',
    group: 'View',
    keys: [']'],
    run: toggleDetail,
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
  const { keys } = useSettings.getState();
  // A key that a person has given away is no longer what it was.
  const given = new Set(Object.values(keys).flat());
  return withoutSettings().map((action) => {
    const own = keys[action.id];
    if (own) return { ...action, keys: own };
    return action.keys.some((key) => given.has(key))
      ? { ...action, keys: action.keys.filter((key) => !given.has(key)) }
      : action;
  });
}

/** Actions that the settings name and that there are not. */
export function unknownActions(): string[] {
  const known = new Set(withoutSettings().map((action) => action.id));
  return Object.keys(useSettings.getState().keys).filter((id) => !known.has(id));
}

function withoutSettings(): Action[] {
  const { order, byId } = useHosts.getState();
  return [
    ...ACTIONS,
    ...windowActions(),
    ...(useWorkspace.getState().view?.runbooks ?? []).map(
      ({ name, title }): Action => ({
        id: `runbook.${name}`,
        label: `Runbook: ${title}…`,
        group: 'Hosts',
        keys: [],
        run: () => openDialog({ kind: 'runbook', runbook: name }),
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
  return allActions().find((a) => a.id === id);
}

/** What a key does now. */
export function actionForKey(matches: (key: string) => boolean): Action | undefined {
  return allActions().find((a) => a.keys.some(matches) && (a.when?.() ?? true));
}

/** A host to the front everywhere: its detail, and its pane. */
function showHost(host: HostId): void {
  focusHost(host);
  useUi.setState({ timelineOver: false });
  void showHostPane(host);
}

const [SMALLEST, LARGEST] = [7, 32];

function changeFontSize(by: 1 | -1): void {
  useUi.setState(({ fontSize }) => ({
    fontSize: Math.min(LARGEST, Math.max(SMALLEST, Math.round(fontSize + by))),
  }));
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

function hasEvents(): boolean {
  return useTimeline.getState().order.length > 0;
}

/** Newest first: -1 is later, 1 is earlier. */
function stepEvent(by: -1 | 1): void {
  const { order, selected } = useTimeline.getState();
  const index = selected === undefined ? (by === 1 ? -1 : order.length) : order.indexOf(selected);
  const next = order[Math.min(order.length - 1, Math.max(0, index + by))];
  if (next === undefined) return;
  selectEvent(next);
  goToRegion('timeline');
}
