import { Plus } from 'lucide-react';
import { type KeyboardEvent, memo, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { isoTime } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { LASTING_KINDS } from '../../../shared/model/lastingKinds.ts';
import { type Story, toStories } from '../../../shared/model/stories.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { call } from '../../stores/connection.ts';
import { putEvents, useTimeline } from '../../stores/timeline.ts';
import { openDialog, selectEvent } from '../../stores/ui.ts';
import { Announcer } from './Announcer.tsx';
import { EventCard } from './EventCard.tsx';
import { holdEvents, newEventWords } from './newEvents.ts';
import { SeverityMark } from './SeverityMark.tsx';
import styles from './Timeline.module.css';
import { clockTime } from './timeFormat.ts';
import { useHeldOrder } from './useHeldOrder.ts';

const PAGE = 200;
/** Rows of the rank and file that a person rarely reads are folded away first. */
type Filter = 'all' | 'warning' | 'critical';

/** What happened, newest first, on all hosts. The selected event unfolds in place. */
export function Timeline() {
  const { byId, order, selected } = useTimeline();
  const [filter, setFilter] = useState<Filter>('all');
  const [text, setText] = useState('');
  const [shown, setShown] = useState(PAGE);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const list = useRef<HTMLOListElement>(null);

  const events = useMemo(
    () =>
      order
        .map((id) => byId[id])
        .filter((e) => e !== undefined && matches(e, filter, wanted)) as TimelineEvent[],
    [byId, order, filter, wanted],
  );

  const { known, ...whilePointed } = useHeldOrder();
  const { shown: still, waiting } = useMemo(
    () => holdEvents(events, known, selected),
    [events, known, selected],
  );
  const stories = useMemo(() => toStories(still), [still]);

  useEffect(() => {
    if (selected === undefined) return;
    list.current
      ?.querySelector(`[data-event="${CSS.escape(selected)}"]`)
      ?.scrollIntoView({ block: 'nearest' });
  }, [selected]);

  function onKeyDown(key: KeyboardEvent) {
    if (key.key !== 'ArrowDown' && key.key !== 'ArrowUp') return;
    const heads = [...(list.current?.querySelectorAll<HTMLElement>('[data-head]') ?? [])];
    const index = heads.indexOf(document.activeElement as HTMLElement);
    if (index < 0) return;
    key.preventDefault();
    heads[index + (key.key === 'ArrowDown' ? 1 : -1)]?.focus();
  }

  async function showEarlier() {
    const oldest = events.at(-1);
    if (shown >= stories.length && oldest) {
      putEvents(await call('timeline.read', { before: oldest.at, limit: PAGE }));
    }
    setShown(shown + PAGE);
  }

  return (
    <section className={styles.region} aria-label="Timeline" data-keys="Timeline">
      <header className={styles.header}>
        <h2 className={styles.heading}>Timeline</h2>
        <input
          className={styles.filterText}
          type="search"
          placeholder="Filter"
          aria-label="Filter the timeline"
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <select
          className={styles.filterSelect}
          aria-label="Least severity shown"
          value={filter}
          onChange={(e) => setFilter(e.target.value as Filter)}
        >
          <option value="all">all</option>
          <option value="warning">warnings up</option>
          <option value="critical">critical</option>
        </select>
        <button
          type="button"
          className={styles.iconButton}
          title="Add a note (n)"
          aria-label="Add a note to the timeline"
          onClick={() => openDialog({ kind: 'note' })}
        >
          <Plus size={14} aria-hidden />
        </button>
        {waiting.length > 0 && (
          <p className={styles.waiting} title="Shown when the pointer leaves the timeline, or rests">
            {newEventWords(waiting)}
          </p>
        )}
        <Announcer />
      </header>
      {events.length === 0 ? (
        <p className={styles.empty}>
          {order.length === 0
            ? 'Nothing has happened yet. Out-of-memory kills, respawn loops and lost links will appear here, with their evidence.'
            : 'No event matches the filter.'}
        </p>
      ) : (
        <ol className={styles.list} ref={list} onKeyDown={onKeyDown} {...whilePointed}>
          {stories.slice(0, shown).map((story) => (
            <StoryRows key={(story.before[0] ?? story.head).id} story={story} selected={selected} />
          ))}
          <li className={styles.more}>
            <button type="button" className={styles.textButton} onClick={() => void showEarlier()}>
              Show earlier events
            </button>
          </li>
        </ol>
      )}
    </section>
  );
}

/** A story's first line, and below it what came of it; the same moment again is a count. */
function StoryRows({ story, selected }: { story: Story; selected: EventId | undefined }) {
  const { head, rest, before } = story;
  const [open, setOpen] = useState(false);
  const inside = [...rest, ...before].some(({ id }) => id === selected);
  const all = [...before, ...rest].sort((a, b) => a.at - b.at);
  // What goes on is never folded away.
  const shown =
    open || inside ? all : rest.filter((event, index) => index >= rest.length - MOST_NESTED || goesOn(event));
  const hidden = all.length - shown.length;
  return (
    <>
      <Row event={head} selected={head.id === selected} times={before.length + 1} />
      {shown.map((event) => (
        <Row key={event.id} event={event} selected={event.id === selected} nested />
      ))}
      {hidden > 0 && (
        <li className={styles.nestedMore}>
          <button type="button" className={styles.textButton} onClick={() => setOpen(true)}>
            {hidden} more of this
          </button>
        </li>
      )}
    </>
  );
}

/** Of a story, so many are shown before one asks for more. */
const MOST_NESTED = 6;

const Row = memo(function Row({
  event,
  selected,
  nested,
  times = 1,
}: {
  event: TimelineEvent;
  selected: boolean;
  nested?: boolean;
  times?: number;
}) {
  const first = event.actions[0];
  const ongoing = goesOn(event);
  const select = (id: EventId | undefined) => selectEvent(id);
  return (
    <li
      className={styles.row}
      data-event={event.id}
      data-severity={event.severity}
      data-selected={selected || undefined}
      data-nested={nested}
    >
      <button
        type="button"
        data-head
        className={styles.head}
        aria-expanded={selected}
        onClick={() => select(selected ? undefined : event.id)}
      >
        <SeverityMark event={event} />
        <time className={styles.time} dateTime={isoTime(event.at)}>
          {clockTime(event.at, Date.now())}
        </time>
        <span className={styles.host}>{event.host ?? 'workspace'}</span>
        {times > 1 && <span className={styles.times}>×{times}</span>}
        {ongoing && <span className={styles.ongoing}>going on</span>}
        {/* Open, the verdict in its place says the same with more figures. */}
        <span className={selected && event.verdict !== undefined ? styles.hidden : styles.title}>
          {visibleText(event.title, 400)}
        </span>
      </button>
      {!selected && first && event.endedAt === undefined && (
        <button
          type="button"
          className={styles.inPlace}
          onClick={() => openDialog({ kind: 'remediation', request: first, event: event.id })}
        >
          {visibleText(first.label, 80)}
        </button>
      )}
      {selected && <EventCard event={event} />}
    </li>
  );
});

const goesOn = (event: TimelineEvent) => event.endedAt === undefined && LASTING_KINDS.has(event.kind);

function matches(event: TimelineEvent, filter: Filter, wanted: string): boolean {
  if (filter === 'critical' && event.severity !== 'critical') return false;
  if (filter === 'warning' && event.severity === 'info') return false;
  return wanted === '' || `${event.host ?? ''} ${event.kind} ${event.title}`.toLowerCase().includes(wanted);
}
