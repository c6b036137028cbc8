import { create } from 'zustand';
import type { HostId } from '../../shared/model/host.ts';
import type { ProfileId, ProfileTargets } from '../../shared/model/profile.ts';
import type { PlanId, RemediationRequest } from '../../shared/model/remediation.ts';
import type { EventId, SuggestedAction } from '../../shared/model/timelineEvent.ts';
import { useTimeline } from './timeline.ts';

/** The one time axis: following now, or a window of the past (epoch ms, workbench clock). */
export type TimeWindow = { kind: 'live'; spanMs: number } | { kind: 'past'; from: number; to: number };

export type Dialog =
  | { kind: 'palette' }
  | { kind: 'keys' }
  | { kind: 'windows' }
  | { kind: 'broadcast' }
  /** What panes have printed. */
  | { kind: 'search' }
  | { kind: 'links'; links: readonly { address: string; text?: string }[] }
  | { kind: 'openWorkspace' }
  | { kind: 'createWorkspace' }
  | { kind: 'importWorkspace' }
  | { kind: 'aws' }
  | { kind: 'awsSessions'; host: HostId }
  | { kind: 'note' }
  | { kind: 'ask' }
  | { kind: 'runbook'; runbook: string }
  | { kind: 'remediations'; request: RemediationRequest; label: string; hosts: HostId[] }
  | { kind: 'profile'; host: HostId; targets: ProfileTargets; label: string; event?: EventId }
  | { kind: 'flame'; profile?: ProfileId; against?: ProfileId }
  | { kind: 'incident' }
  | { kind: 'report' }
  | {
      kind: 'remediation';
      request: SuggestedAction;
      event?: EventId;
      plan?: PlanId;
    };

interface UiState {
  focusedHost: HostId | undefined;
  time: TimeWindow;
  /** Where the crosshair stands on every chart, epoch ms. */
  crosshair: number | undefined;
  dialog: Dialog | undefined;
  theme: 'dark' | 'light';
  /** Of terminals, pixels. */
  fontSize: number;
  /** Terminals keep a copy of their text for screen readers. */
  screenReader: boolean;
  timelineOpen: boolean;
  /** False: the focused host's detail is folded away. */
  detailOpen: boolean;
  /** The focused host's detail takes the place of the panes too. */
  detailMaximised: boolean;
  /** The window has no room for these beside the panes: each is there when it is asked for, and then in the panes' place. */
  cramped: { timeline: boolean; detail: boolean };
  /** Asked for where it is cramped. */
  timelineOver: boolean;
  detailTab: 'overview' | 'processes' | 'diagnose' | 'link';
  /** Sizes of the regions, pixels; remembered. */
  timelineWidth: number;
  detailHeight: number;
  /** One line at the foot, gone after a while. */
  notice: { text: string; tone: 'plain' | 'warning' } | undefined;
}

export const LIVE_SPAN_MS = 5 * 60_000;
/** Of terminals, until another is chosen. */
export const FONT_SIZE = 12.5;
const REMEMBERED = 'fireline.ui';

export const useUi = create<UiState>(() => ({
  focusedHost: undefined,
  time: { kind: 'live', spanMs: LIVE_SPAN_MS },
  crosshair: undefined,
  dialog: undefined,
  theme: 'dark',
  fontSize: FONT_SIZE,
  screenReader: false,
  timelineOpen: true,
  detailOpen: true,
  detailMaximised: false,
  cramped: { timeline: false, detail: false },
  timelineOver: false,
  detailTab: 'overview',
  // From a laptop's screen to a large one; what was dragged is remembered instead.
  timelineWidth: Math.round(Math.min(420, Math.max(300, windowSize().width * 0.23))),
  detailHeight: Math.round(Math.max(260, windowSize().height * 0.38)),
  notice: undefined,
  ...recall(),
}));

let remembered = '';

useUi.subscribe((state) => {
  const { theme, fontSize, screenReader, timelineOpen, detailOpen, timelineWidth, detailHeight } = state;
  const next = JSON.stringify({
    theme,
    fontSize,
    screenReader,
    timelineOpen,
    detailOpen,
    timelineWidth,
    detailHeight,
  });
  if (next === remembered) return;
  remembered = next;
  localStorage.setItem(REMEMBERED, next);
});

export function openDialog(dialog: Dialog): void {
  useUi.setState({ dialog });
}

export function closeDialog(): void {
  useUi.setState({ dialog: undefined });
}

export function focusHost(host: HostId): void {
  useUi.setState({ focusedHost: host });
}

export function toggleTimeline(): void {
  useUi.setState((s) =>
    s.cramped.timeline ? { timelineOver: !s.timelineOver } : { timelineOpen: !s.timelineOpen },
  );
}

/** On the tab that is named, or the one that was shown last. */
export function showDetail(detailTab = useUi.getState().detailTab): void {
  useUi.setState((s) => ({
    detailTab,
    detailOpen: true,
    detailMaximised: s.detailMaximised || s.cramped.detail,
    timelineOver: false,
  }));
}

export function toggleDetail(): void {
  const { detailOpen, detailMaximised, cramped } = useUi.getState();
  if (!detailOpen || (cramped.detail && !detailMaximised)) showDetail();
  // Where it is cramped that is all it takes, and a larger window has it as it was.
  else useUi.setState({ detailOpen: cramped.detail, detailMaximised: false });
}

export function goLive(): void {
  // The crosshair too: values are those under it.
  useUi.setState({ time: { kind: 'live', spanMs: LIVE_SPAN_MS }, crosshair: undefined });
  useTimeline.setState({ selected: undefined });
}

/** Selecting an event moves every region: its host is focused and its window is on the charts. */
export function selectEvent(id: EventId | undefined): void {
  useTimeline.setState({ selected: id });
  const event = id === undefined ? undefined : useTimeline.getState().byId[id];
  if (!event) return;
  const window = event.evidence.find((e) => e.type === 'samples');
  const from = window ? window.from : event.at - 2 * 60_000;
  const to = Math.max(window ? window.to : 0, event.at + 60_000);
  useUi.setState({
    time: { kind: 'past', from, to },
    crosshair: event.at,
    ...(event.host ? { focusedHost: event.host, detailOpen: true } : {}),
  });
}

function recall(): Partial<UiState> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Partial<UiState>) : {};
  } catch {
    return {};
  }
}

/** Tests of the stores run without a window. */
function windowSize(): { width: number; height: number } {
  return typeof window === 'undefined'
    ? { width: 1280, height: 800 }
    : { width: window.innerWidth, height: window.innerHeight };
}
