import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type PointerEvent, useMemo, useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { useTimeline } from '../../stores/timeline.ts';
import { goLive, selectEvent, useUi } from '../../stores/ui.ts';
import { useNow } from '../shell/useNow.ts';
import styles from './Scrubber.module.css';
import { clockTime } from './timeFormat.ts';

/** What the axis spans when live. */
const AXIS_MS = 60 * 60_000;
const TICKS = 6;

/** Events of all hosts on one axis. A click looks at that time; `LIVE` returns to now. */
export function Scrubber() {
  const time = useUi((s) => s.time);
  const crosshair = useUi((s) => s.crosshair);
  const byId = useTimeline((s) => s.byId);
  const now = useNow();
  const [back, setBack] = useState(0);
  const to = now - back;
  const from = to - AXIS_MS;

  const marks = useMemo(
    () => Object.values(byId).filter((e) => e.at >= from && e.at <= to && e.severity !== 'info'),
    [byId, from, to],
  );
  const place = (at: number) => `${((at - from) / AXIS_MS) * 100}%`;

  function lookAt(pointer: PointerEvent<HTMLDivElement>) {
    if (pointer.target !== pointer.currentTarget) return;
    const box = pointer.currentTarget.getBoundingClientRect();
    const at = from + ((pointer.clientX - box.left) / box.width) * AXIS_MS;
    useUi.setState({ time: { kind: 'past', from: at - 150_000, to: at + 150_000 }, crosshair: at });
  }

  return (
    <section className={styles.bar} aria-label="Time axis">
      <button
        type="button"
        className={styles.step}
        aria-label="Earlier"
        onClick={() => setBack(back + AXIS_MS / 2)}
      >
        <ChevronLeft size={14} aria-hidden />
      </button>
      <div className={styles.axis} onPointerDown={lookAt}>
        {Array.from({ length: TICKS }, (_, i) => from + ((i + 0.5) * AXIS_MS) / TICKS).map((at) => (
          <time key={Math.round(at / 1000)} className={styles.tick} style={{ left: place(at) }}>
            {clockTime(at, now).slice(0, -3)}
          </time>
        ))}
        {time.kind === 'past' && (
          <span
            className={styles.window}
            style={{
              left: place(Math.max(time.from, from)),
              width: `${((time.to - time.from) / AXIS_MS) * 100}%`,
            }}
          />
        )}
        {crosshair !== undefined && crosshair >= from && crosshair <= to && (
          <span className={styles.crosshair} style={{ left: place(crosshair) }} />
        )}
        {marks.map((event) => (
          <Mark key={event.id} event={event} left={place(event.at)} />
        ))}
      </div>
      <button
        type="button"
        className={styles.step}
        aria-label="Later"
        disabled={back === 0}
        onClick={() => setBack(Math.max(0, back - AXIS_MS / 2))}
      >
        <ChevronRight size={14} aria-hidden />
      </button>
      <button
        type="button"
        className={styles.live}
        data-on={(time.kind === 'live' && back === 0) || undefined}
        title="Return to now (Escape)"
        onClick={() => {
          setBack(0);
          goLive();
        }}
      >
        LIVE <time>{clockTime(now, now)}</time>
      </button>
    </section>
  );
}

function Mark({ event, left }: { event: TimelineEvent; left: string }) {
  const label = `${clockTime(event.at, Date.now())} ${event.host ?? ''} ${visibleText(event.title, 160)}`;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.mark}
      data-severity={event.severity}
      style={{ left }}
      title={label}
      aria-label={label}
      onClick={() => selectEvent(event.id)}
    />
  );
}
