// biome-ignore-all lint/a11y/useSemanticElements: a virtual list of thousands of rows cannot be laid out as a table; the roles say what it is
import { useVirtualizer } from '@tanstack/react-virtual';
import { Snowflake } from 'lucide-react';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import { asText, formatAge, formatClock, formatCount, plural } from '../../../shared/model/format.ts';
import type { HostSummary } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { coreNow } from '../../series/coreTime.ts';
import { seriesOf } from '../../series/samples.ts';
import { useUi } from '../../stores/ui.ts';
import { readMemoryTotal } from '../host/charts/chartSpec.ts';
import { STALE_MS } from '../host/charts/gaps.ts';
import { ProcessDetail } from './ProcessDetail.tsx';
import { PROCESS_COLUMNS, ProcessLine } from './ProcessLine.tsx';
import styles from './ProcessTable.module.css';
import { askTo, askToProfile, lookAt } from './processDeeds.ts';
import {
  heldList,
  type ListedProcess,
  listProcesses,
  type ProcessColumn,
  type ProcessSort,
} from './processOrder.ts';
import { useWatchedProcesses } from './useWatchedProcesses.ts';

const ROW_HEIGHT = 20;

/** The live process table of one host. The order is held while the pointer is over it, or for as long as it is frozen. */
export function ProcessTable({ host }: { host: HostSummary }) {
  const { at, rows, error } = useWatchedProcesses(host.id);
  const past = useUi((s) => s.time.kind === 'past');
  const [sort, setSort] = useState<ProcessSort>({ column: 'cpu', descending: true });
  const [filter, setFilter] = useState('');
  const [tree, setTree] = useState(false);
  const [kernelThreads, setKernelThreads] = useState(true);
  const [frozen, setFrozen] = useState(false);
  const [pointed, setPointed] = useState(false);
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const [detail, setDetail] = useState(false);
  const filterBox = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);

  const wanted = `${sort.column} ${sort.descending} ${filter} ${tree} ${kernelThreads}`;
  const listed = useHeldList(
    useMemo(
      () => listProcesses(rows, { sort, filter, tree, kernelThreads }),
      [rows, sort, filter, tree, kernelThreads],
    ),
    frozen || pointed,
    wanted,
  );
  const chosenIndex = listed.findIndex((one) => one.key === chosen);
  const current = listed[chosenIndex];
  const virtual = useVirtualizer({
    count: listed.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    getItemKey: (index) => listed[index]?.key ?? index,
  });

  const choose = (index: number) => {
    const one = listed[Math.min(listed.length - 1, Math.max(0, index))];
    if (!one) return;
    setChosen(one.key);
    virtual.scrollToIndex(Math.min(listed.length - 1, Math.max(0, index)), { align: 'auto' });
  };
  const page = () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 200) / ROW_HEIGHT) - 1);
  const kill = () => {
    if (current && !current.gone) askTo('kill', host, current.row);
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // The buttons of the headings keep their own Enter.
    if (event.target instanceof HTMLButtonElement && event.key === 'Enter') return;
    const keys: Record<string, () => void> = {
      ArrowDown: () => choose(chosenIndex + 1),
      ArrowUp: () => choose(chosenIndex - 1),
      PageDown: () => choose(chosenIndex + page()),
      PageUp: () => choose(chosenIndex - page()),
      Home: () => choose(0),
      End: () => choose(listed.length - 1),
      Enter: () => setDetail(current !== undefined && !detail),
      '/': () => filterBox.current?.focus(),
      k: kill,
      d: () => {
        if (current && !current.gone) lookAt(host, current.row);
      },
      p: () => {
        if (current && !current.gone) askToProfile(host, current.row, false);
      },
      t: () => setTree(!tree),
      f: () => setFrozen(!frozen),
    };
    if (event.key === 'Escape') {
      if (!detail && chosen === undefined) return;
      if (detail) setDetail(false);
      else setChosen(undefined);
    } else {
      const act = keys[event.key];
      if (!act) return;
      act();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const memoryTotal = totalOf(host);
  const now = coreNow();
  const late = at !== undefined && now - at > STALE_MS ? now - at : undefined;
  return (
    <div className={styles.region}>
      <div className={styles.toolbar}>
        <input
          ref={filterBox}
          type="search"
          className={styles.filter}
          aria-label="Filter processes"
          placeholder="Filter: pid, user, command  ( / )"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && filter !== '') setFilter('');
            else if (event.key === 'ArrowDown' || event.key === 'Enter' || event.key === 'Escape') {
              grid.current?.focus();
              if (event.key !== 'Escape' && chosenIndex < 0) choose(0);
            } else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <button
          type="button"
          className={styles.toggle}
          aria-pressed={tree}
          onClick={() => setTree(!tree)}
          title="Parents and children (t)"
        >
          Tree
        </button>
        <button
          type="button"
          className={styles.toggle}
          aria-pressed={kernelThreads}
          onClick={() => setKernelThreads(!kernelThreads)}
        >
          Kernel threads
        </button>
        <button
          type="button"
          className={styles.toggle}
          aria-pressed={frozen}
          onClick={() => setFrozen(!frozen)}
          title="Keep the order as it is (f); it is kept anyway while the pointer is over the table"
        >
          <Snowflake size={11} aria-hidden /> Freeze order
        </button>
        <span className={styles.status}>{statusOf(listed, rows.length, frozen || pointed, past, late)}</span>
        <button
          type="button"
          className={styles.kill}
          disabled={!current || current.gone || !host.facts}
          onClick={kill}
          title="Open the remediation sheet (k)"
        >
          Kill…
        </button>
      </div>
      <div className={styles.split}>
        <div
          ref={grid}
          role="grid"
          aria-label={`Processes of ${visibleText(host.id, 64)}`}
          aria-rowcount={listed.length + 1}
          aria-activedescendant={current ? `process-${current.key}` : undefined}
          tabIndex={0}
          className={styles.table}
          data-keys="Process table"
          onKeyDown={onKey}
        >
          <div role="row" className={styles.headings} aria-rowindex={1} tabIndex={-1}>
            {PROCESS_COLUMNS.map((column) => (
              <Heading key={column.id} {...column} sort={sort} onSort={setSort} />
            ))}
          </div>
          <div
            ref={scroller}
            role="rowgroup"
            className={styles.rows}
            onPointerEnter={() => setPointed(true)}
            onPointerLeave={() => setPointed(false)}
          >
            {listed.length === 0 ? (
              <p className={styles.empty}>{emptyWords(host, rows.length, filter, error?.message)}</p>
            ) : (
              <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
                {virtual.getVirtualItems().map((item) => {
                  const one = listed[item.index];
                  return one ? (
                    <ProcessLine
                      key={one.key}
                      process={one}
                      index={item.index}
                      top={item.start}
                      tree={tree}
                      chosen={one.key === chosen}
                      memoryShare={one.row.residentBytes / memoryTotal}
                      started={[
                        formatClock(one.row.startedAt),
                        formatAge(now + (host.facts?.clockOffsetMs ?? 0) - one.row.startedAt),
                      ]}
                      onChoose={() => setChosen(one.key)}
                      onOpen={() => {
                        setChosen(one.key);
                        setDetail(true);
                      }}
                    />
                  ) : null;
                })}
              </div>
            )}
          </div>
        </div>
        {detail && current && (
          <ProcessDetail
            host={host}
            process={current}
            rows={rows}
            onChoose={(key) => setChosen(key)}
            onClose={() => {
              setDetail(false);
              grid.current?.focus();
            }}
          />
        )}
      </div>
    </div>
  );
}

function Heading({
  id,
  label,
  className,
  title,
  wide,
  sort,
  onSort,
}: (typeof PROCESS_COLUMNS)[number] & { sort: ProcessSort; onSort: (sort: ProcessSort) => void }) {
  const by: ProcessColumn = id === 'memoryShare' ? 'memory' : id;
  const active = sort.column === by && id !== 'memoryShare';
  const numeric = by !== 'user' && by !== 'command' && by !== 'state';
  return (
    <div
      role="columnheader"
      aria-sort={active ? (sort.descending ? 'descending' : 'ascending') : 'none'}
      className={styles[className]}
      data-wide={wide ?? false}
      tabIndex={-1}
    >
      <button
        type="button"
        title={title}
        onClick={() =>
          onSort({ column: by, descending: sort.column === by ? !sort.descending : numeric && by !== 'pid' })
        }
      >
        {label}
        {active && <span aria-hidden="true">{sort.descending ? ' ▾' : ' ▴'}</span>}
      </button>
    </div>
  );
}

/** The list in its order, or as it stood when the order began to be held. Other sorting or filtering starts over. */
function useHeldList(next: ListedProcess[], hold: boolean, wanted: string): ListedProcess[] {
  const shown = useRef<{ wanted: string; list: ListedProcess[]; from: ListedProcess[] }>({
    wanted,
    list: next,
    from: next,
  });
  const last = shown.current;
  if (!hold || last.wanted !== wanted || last.list.length === 0)
    shown.current = { wanted, list: next, from: next };
  else if (last.from !== next) shown.current = { wanted, list: heldList(last.list, next), from: next };
  return shown.current.list;
}

function totalOf(host: HostSummary): number {
  const { ring } = seriesOf(host.id);
  if (ring.newestAt === undefined) return Number.NaN;
  const view = ring.window(ring.newestAt, ring.newestAt);
  return readMemoryTotal(view, view.length - 1);
}

function statusOf(
  listed: ListedProcess[],
  all: number,
  held: boolean,
  past: boolean,
  late: number | undefined,
): string {
  const shown = listed.filter((one) => !one.gone).length;
  const count =
    shown === all
      ? `${asText(formatCount(all))} ${plural(all, 'process', 'processes')}`
      : `${shown} of ${all} ${plural(all, 'process', 'processes')}`;
  const parts = [count];
  if (late !== undefined) parts.push(`no data for ${formatAge(late)}`);
  if (held) parts.push('order held');
  if (past) parts.push('these are of now: tables of the past are not on record');
  return parts.join(' · ');
}

function emptyWords(host: HostSummary, all: number, filter: string, error: string | undefined): string {
  if (error !== undefined) return `The processes could not be read: ${error}`;
  if (all > 0)
    return filter === ''
      ? 'Only kernel threads run here, and they are hidden.'
      : `No process matches “${filter}”.`;
  if (host.sampler.kind === 'failed' || host.sampler.kind === 'silent')
    return visibleText(host.sampler.reason, 300);
  return 'Waiting for the first table; it comes with the second tick after login.';
}
