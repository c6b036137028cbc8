import { LoaderCircle } from 'lucide-react';
import { useMemo, useRef } from 'react';
import type { PaneId } from '../../../shared/model/pane.ts';
import { type Rectangle, rectangles } from '../../../shared/panes/geometry.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import type { LayoutWindow } from '../../../shared/panes/layoutState.ts';
import { usePanes } from '../../stores/panes.ts';
import { SearchSheet } from '../scrollback/SearchSheet.tsx';
import { showPrefix } from '../shell/keys.ts';
import { LinkSheet } from '../terminal/LinkSheet.tsx';
import { BroadcastBar } from './BroadcastBar.tsx';
import { BroadcastSheet } from './BroadcastSheet.tsx';
import { CloseWindowSheet } from './CloseWindowSheet.tsx';
import { Pane } from './Pane.tsx';
import { PaneSeparators } from './PaneSeparators.tsx';
import styles from './Panes.module.css';
import { PasteSheet } from './PasteSheet.tsx';
import { usePaneUi } from './paneUi.ts';
import { WindowFinder } from './WindowFinder.tsx';
import { WindowTabs } from './WindowTabs.tsx';

const WHOLE: Rectangle = { left: 0, top: 0, width: 1, height: 1 };

/**
 * The active window's panes, each at its place by number alone: a split, a zoom or a move changes places and never
 * takes a terminal down. Windows that were looked at once stay, hidden.
 */
export function Panes() {
  const layout = usePanes((s) => s.layout);
  const renaming = usePaneUi((s) => s.renaming !== undefined);
  const area = useRef<HTMLDivElement>(null);
  const visited = useRef(new Set<string>());
  const hadPanes = useRef(false);
  if (layout.windows.length > 0) hadPanes.current = true;
  const active = layout.windows.find((w) => w.id === layout.activeWindow);
  if (active) visited.current.add(active.id);
  const windows = layout.windows.filter((w) => visited.current.has(w.id));

  return (
    <section aria-label="Panes" className={styles.region}>
      <BroadcastBar />
      {(layout.windows.length > 1 || renaming) && <WindowTabs />}
      <div className={styles.area} ref={area}>
        {!active && (
          <p className={styles.empty}>
            {!hadPanes.current ? (
              <>
                <LoaderCircle size={14} aria-hidden /> Opening a pane for every host…
              </>
            ) : (
              `No pane is open. Choose a host in the fleet, or press ${showPrefix()} c for a new window.`
            )}
          </p>
        )}
        <PlacedPanes windows={windows} active={active} />
        {active && active.zoomed === undefined && <PaneSeparators root={active.root} area={area} />}
      </div>
      <PasteSheet />
      <BroadcastSheet />
      <CloseWindowSheet />
      <WindowFinder />
      <SearchSheet />
      <LinkSheet />
    </section>
  );
}

interface Placed {
  pane: PaneId;
  place: Rectangle;
  shown: boolean;
  number: number;
}

function PlacedPanes({ windows, active }: { windows: LayoutWindow[]; active: LayoutWindow | undefined }) {
  const placed = useMemo(
    () =>
      windows
        .flatMap((window): Placed[] => {
          const places = rectangles(window.root);
          return panesOf(window.root).map((pane, number) => ({
            pane,
            number,
            place: window.zoomed === pane ? WHOLE : (places.get(pane) ?? WHOLE),
            shown: window === active && (window.zoomed === undefined || window.zoomed === pane),
          }));
        })
        // In one order whatever the layout: moving an element in the document would cost a terminal its focus.
        .sort((a, b) => (a.pane < b.pane ? -1 : 1)),
    [windows, active],
  );
  return placed.map(({ pane, place, shown, number }) => (
    <div
      key={pane}
      data-place={pane}
      className={styles.place}
      hidden={!shown}
      style={{
        left: `${place.left * 100}%`,
        top: `${place.top * 100}%`,
        width: `${place.width * 100}%`,
        height: `${place.height * 100}%`,
      }}
    >
      <Pane
        id={pane}
        number={number}
        active={active?.active === pane}
        zoomed={active?.zoomed === pane}
        alone={active !== undefined && active.root.kind === 'pane'}
      />
      <DropMark pane={pane} />
    </div>
  ));
}

/** Where a dragged pane would land. */
function DropMark({ pane }: { pane: PaneId }) {
  const to = usePaneUi((s) => s.dragging?.to);
  if (!to || to.kind === 'window' || to.pane !== pane) return null;
  return <div className={styles.drop} data-side={to.kind === 'swap' ? 'all' : to.side} aria-hidden />;
}
