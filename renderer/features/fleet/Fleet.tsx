import { memo, useEffect, useRef, useState } from 'react';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { coreNow } from '../../series/coreTime.ts';
import { seriesOf } from '../../series/samples.ts';
import { onSecond } from '../../series/secondBeat.ts';
import { useHosts } from '../../stores/hosts.ts';
import { useTimeline } from '../../stores/timeline.ts';
import { focusHost, useUi } from '../../stores/ui.ts';
import { readBusy } from '../host/charts/chartSpec.ts';
import styles from './Fleet.module.css';
import { FleetCell } from './FleetCell.tsx';
import { fleetOrder, heldOrder } from './fleetOrder.ts';
import { openTrouble, type Trouble } from './openTrouble.ts';

/** One cell a host, worst first. Nothing moves while the pointer or the keyboard is in it. */
export const Fleet = memo(function Fleet() {
  const list = useRef<HTMLDivElement>(null);
  const { order, trouble, held, setPointed } = useFleetOrder(list);
  const focused = useUi((s) => s.focusedHost);
  const [roving, setRoving] = useState<HostId | undefined>(undefined);
  const inTabOrder = [roving, focused].find((id) => id !== undefined && order.includes(id)) ?? order[0];

  return (
    <section
      aria-label="Fleet"
      className={styles.fleet}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
    >
      <p className={styles.label}>
        <strong>Fleet</strong>
        <span>{order.length === 1 ? '1 host' : `${order.length} hosts`}</span>
        <span>{held ? 'order held while you are here' : 'worst first: events, link, CPU'}</span>
        <span className={styles.legend}>
          <i data-layer="user" /> user <i data-layer="system" /> sys <i data-layer="iowait" /> iowait{' '}
          <i data-layer="steal" /> steal <i data-layer="memory" /> memory, last 2 min
        </span>
      </p>
      {order.length === 0 ? (
        <p className={styles.empty}>
          No hosts in this workspace yet. Open a workspace, or add hosts to its file.
        </p>
      ) : (
        <div
          ref={list}
          role="listbox"
          aria-label="Hosts"
          aria-orientation="horizontal"
          tabIndex={-1}
          className={styles.cells}
          onKeyDown={(event) => {
            const target = moved(event.key, list.current, document.activeElement);
            if (!target) return;
            event.preventDefault();
            target.focus();
            setRoving((target.dataset['host'] ?? '') as HostId);
          }}
        >
          {order.map((id) => (
            <FleetCell
              key={id}
              id={id}
              focused={id === focused}
              tabbable={id === inTabOrder}
              trouble={trouble.get(id)}
              onChoose={(host) => {
                setRoving(host);
                focusHost(host);
              }}
            />
          ))}
        </div>
      )}
    </section>
  );
});

/** How often the order is looked at; it changes only when nobody is there. */
const REORDER_SECONDS = 3;

function useFleetOrder(list: React.RefObject<HTMLElement | null>): {
  order: HostId[];
  trouble: Map<string, Trouble>;
  held: boolean;
  setPointed: (pointed: boolean) => void;
} {
  const present = useHosts((s) => s.order);
  const events = useTimeline((s) => s.byId);
  const time = useUi((s) => s.time);
  const [pointed, setPointed] = useState(false);
  const [order, setOrder] = useState<HostId[]>([]);
  const [, setBeat] = useState(0);
  const live = time.kind === 'live';
  const known = useRef(new Map<string, Trouble>());
  const trouble = openTrouble(Object.values(events), live ? coreNow() : time.to, { live });
  // An event of one host is no reason to render the cells of all.
  for (const [id, one] of trouble) {
    const before = known.current.get(id);
    if (before?.worst === one.worst && before.count === one.count) trouble.set(id, before);
  }
  known.current = trouble;
  const look = useRef(() => {});
  look.current = () => {
    if (pointed || list.current?.querySelector(':focus-visible')) return;
    const { byId } = useHosts.getState();
    const entries = present.flatMap((id) => {
      const host = byId[id];
      return host
        ? [
            {
              id,
              severity: trouble.get(id)?.worst.severity,
              link: host.link,
              sampler: host.sampler,
              busy: busyNow(id),
            },
          ]
        : [];
    });
    const next = fleetOrder(entries);
    setOrder((before) =>
      next.every((id, i) => before[i] === id) && before.length === next.length ? before : next,
    );
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: looks again when hosts or events change, and when the pointer leaves
  useEffect(() => look.current(), [present, events, pointed, time]);
  useEffect(() => {
    const lifetime = new DisposableStore();
    let seconds = 0;
    lifetime.add(
      onSecond(() => {
        if (++seconds % REORDER_SECONDS !== 0) return;
        look.current();
        // Moments cease to be trouble by the clock alone.
        if (seconds % 30 === 0) setBeat(seconds);
      }),
    );
    return () => lifetime.dispose();
  }, []);
  return { order: heldOrder(order, present), trouble, held: pointed, setPointed };
}

function busyNow(host: HostId): number {
  const { ring } = seriesOf(host);
  if (ring.newestAt === undefined) return Number.NaN;
  const view = ring.window(ring.newestAt, ring.newestAt);
  return readBusy(view, view.length - 1);
}

/** The cell that an arrow leads to: left and right in order, up and down to the nearest in the next row. */
function moved(key: string, list: HTMLElement | null, from: Element | null): HTMLElement | undefined {
  const cells = [...(list?.querySelectorAll<HTMLElement>('[role=option]') ?? [])];
  const here = from instanceof HTMLElement ? cells.indexOf(from) : -1;
  if (here < 0) return undefined;
  switch (key) {
    case 'ArrowRight':
      return cells[here + 1];
    case 'ArrowLeft':
      return cells[here - 1];
    case 'Home':
      return cells[0];
    case 'End':
      return cells.at(-1);
    case 'ArrowDown':
    case 'ArrowUp': {
      const top = cells[here]?.offsetTop ?? 0;
      const columns = cells.filter((cell) => cell.offsetTop === top).length;
      const target = here + (key === 'ArrowDown' ? columns : -columns);
      return target < 0
        ? undefined
        : (cells[target] ?? (cells.at(-1)?.offsetTop === top ? undefined : cells.at(-1)));
    }
    default:
      return undefined;
  }
}
