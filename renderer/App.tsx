import * as Tooltip from '@radix-ui/react-tooltip';
import { PanelLeftClose, PanelLeftOpen, PanelTopOpen } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import styles from './App.module.css';
import { AskDialog } from './features/diagnosis/AskDialog.tsx';
import { Fleet } from './features/fleet/Fleet.tsx';
import { HostDetail } from './features/host/HostDetail.tsx';
import { IncidentDialog } from './features/incident/IncidentDialog.tsx';
import { ReportDialog } from './features/incident/ReportDialog.tsx';
import { Panes } from './features/panes/Panes.tsx';
import { FlameSheet } from './features/profile/FlameSheet.tsx';
import { ProfileSheet } from './features/profile/ProfileSheet.tsx';
import { Prompts } from './features/prompts/Prompts.tsx';
import { ManyHostsSheet } from './features/remediation/ManyHostsSheet.tsx';
import { RemediationSheet } from './features/remediation/RemediationSheet.tsx';
import { RunbookDialog } from './features/remediation/RunbookDialog.tsx';
import { CoreBanner } from './features/shell/CoreBanner.tsx';
import { DetailBar } from './features/shell/DetailBar.tsx';
import { ErrorScreen } from './features/shell/ErrorScreen.tsx';
import { KeysSheet } from './features/shell/KeysSheet.tsx';
import { Notice } from './features/shell/Notice.tsx';
import { Palette } from './features/shell/Palette.tsx';
import { Separator } from './features/shell/Separator.tsx';
import { TopBar } from './features/shell/TopBar.tsx';
import { useGlobalKeys } from './features/shell/useGlobalKeys.ts';
import { NoteDialog } from './features/timeline/NoteDialog.tsx';
import { Scrubber } from './features/timeline/Scrubber.tsx';
import { Timeline } from './features/timeline/Timeline.tsx';
import { AwsDialog } from './features/workspace/AwsDialog.tsx';
import { CreateDialog } from './features/workspace/CreateDialog.tsx';
import { ImportDialog } from './features/workspace/ImportDialog.tsx';
import { OpenDialog } from './features/workspace/OpenDialog.tsx';
import { SessionsDialog } from './features/workspace/SessionsDialog.tsx';
import { WorkspaceStrips } from './features/workspace/WorkspaceStrips.tsx';
import { showDetail, toggleTimeline, useUi } from './stores/ui.ts';
import { useWorkspace } from './stores/workspace.ts';

const LEAST_TIMELINE = 220;
const LEAST_DETAIL = 120;
/** The panes keep at least this much, whatever was remembered from a larger window. */
const LEAST_WORK_WIDTH = 480;
/** And this much in a window that has no more, or whose page was enlarged; with less they have it to themselves. */
const LEAST_PANES_WIDTH = 300;
const LEAST_PANES_HEIGHT = 170;

export function App() {
  useGlobalKeys();
  const opened = useWorkspace((s) => s.view !== undefined);
  const past = useUi((s) => s.time.kind === 'past');
  return (
    <Tooltip.Provider delayDuration={500}>
      <div className={styles.app} data-past={past}>
        <TopBar />
        <CoreBanner />
        {opened ? <Regions /> : <Booting />}
        {past && <div className={styles.pastFrame} aria-hidden />}
      </div>
      <Prompts />
      <Notice />
      <ErrorScreen>
        <Palette />
        <KeysSheet />
        <OpenDialog />
        <CreateDialog />
        <AwsDialog />
        <SessionsDialog />
        <ImportDialog />
        <AskDialog />
        <RunbookDialog />
        <ManyHostsSheet />
        <NoteDialog />
        <IncidentDialog />
        <ReportDialog />
        <ProfileSheet />
        <FlameSheet />
        <RemediationSheet />
      </ErrorScreen>
    </Tooltip.Provider>
  );
}

/** The regions of the screen. Each fails alone: a fault in one leaves the terminals standing. */
function Regions() {
  const { timelineOpen, timelineOver, timelineWidth, detailOpen, detailHeight, detailMaximised } = useUi(
    // Not the whole of it: the crosshair moves with the pointer.
    useShallow(
      ({ timelineOpen, timelineOver, timelineWidth, detailOpen, detailHeight, detailMaximised }) => ({
        timelineOpen,
        timelineOver,
        timelineWidth,
        detailOpen,
        detailHeight,
        detailMaximised,
      }),
    ),
  );
  const body = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(body);
  const mostTimeline = Math.max(LEAST_TIMELINE, width - LEAST_WORK_WIDTH);
  const mostDetail = Math.max(LEAST_DETAIL, height - LEAST_PANES_HEIGHT);
  const timeline = Math.min(timelineWidth, mostTimeline);
  const detail = Math.min(detailHeight, mostDetail);
  const cramped = {
    timeline: width < LEAST_TIMELINE + LEAST_PANES_WIDTH,
    detail: height < LEAST_DETAIL + LEAST_PANES_HEIGHT,
  };
  useEffect(
    () => useUi.setState({ cramped: { timeline: cramped.timeline, detail: cramped.detail } }),
    [cramped.timeline, cramped.detail],
  );
  const maximised = detailOpen && detailMaximised;
  const over = cramped.timeline && timelineOver;

  return (
    <>
      <div className={styles.fleet} data-region="fleet">
        <ErrorScreen name="Fleet">
          <Fleet />
        </ErrorScreen>
      </div>
      <WorkspaceStrips />
      <main className={styles.body} ref={body}>
        {over ? (
          <>
            <div className={styles.timeline} data-region="timeline" style={{ flex: 1 }}>
              <ErrorScreen name="Timeline">
                <Timeline />
              </ErrorScreen>
            </div>
            <button
              type="button"
              className={styles.foldedTimeline}
              aria-label="Show the panes"
              onClick={toggleTimeline}
            >
              <PanelLeftClose size={14} aria-hidden />
              <span>Panes</span>
            </button>
          </>
        ) : timelineOpen && !cramped.timeline ? (
          <>
            <div className={styles.timeline} data-region="timeline" style={{ width: timeline }}>
              <ErrorScreen name="Timeline">
                <Timeline />
              </ErrorScreen>
            </div>
            <Separator
              label="Width of the timeline"
              orientation="vertical"
              value={timeline}
              least={LEAST_TIMELINE}
              most={mostTimeline}
              onChange={(value) => useUi.setState({ timelineWidth: value })}
              onFold={() => useUi.setState({ timelineOpen: false })}
            />
          </>
        ) : (
          <button
            type="button"
            className={styles.foldedTimeline}
            aria-label="Show the timeline"
            onClick={toggleTimeline}
          >
            <PanelLeftOpen size={14} aria-hidden />
            <span>Timeline</span>
          </button>
        )}
        <div className={styles.work} data-hidden={over}>
          <div className={styles.panes} data-region="panes" data-hidden={maximised}>
            <ErrorScreen name="Panes">
              <Panes />
            </ErrorScreen>
          </div>
          {detailOpen && (maximised || !cramped.detail) ? (
            <>
              {!maximised && (
                <Separator
                  label="Height of the host detail"
                  orientation="horizontal"
                  after
                  value={detail}
                  least={LEAST_DETAIL}
                  most={mostDetail}
                  onChange={(value) => useUi.setState({ detailHeight: value })}
                  onFold={() => useUi.setState({ detailOpen: false })}
                />
              )}
              <div
                className={styles.detail}
                data-region="detail"
                style={maximised ? { flex: 1 } : { height: detail }}
              >
                <ErrorScreen name="Host detail">
                  <HostDetail />
                </ErrorScreen>
                <DetailBar />
              </div>
            </>
          ) : (
            <button
              type="button"
              className={styles.foldedDetail}
              aria-label="Show the host detail"
              onClick={() => showDetail()}
            >
              <PanelTopOpen size={14} aria-hidden />
              <span>Host detail</span>
            </button>
          )}
        </div>
      </main>
      <div className={styles.scrubber}>
        <ErrorScreen name="Time axis">
          <Scrubber />
        </ErrorScreen>
      </div>
    </>
  );
}

function Booting() {
  return (
    <main className={styles.booting} aria-busy="true">
      <p>Connecting to Fireline’s core…</p>
    </main>
  );
}

function useSize(element: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: window.innerWidth, height: window.innerHeight - 160 });
  useEffect(() => {
    const observed = element.current;
    if (!observed) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
