import { useEffect, useState } from 'react';
import { coreNow } from '../../series/coreTime.ts';
import { useTimeline } from '../../stores/timeline.ts';
import { newEventWords } from './newEvents.ts';
import styles from './Timeline.module.css';

/** What comes together is told together; and one sentence is heard to its end before the next. */
const TOGETHER_MS = 1_000;
const APART_MS = 6_000;
/** What was seen longer ago comes with a record that is opened, and is no news. */
const NEWS_MS = 60_000;

/** For those who hear the screen: what is new and wrong, a sentence at a time, however much comes at once. */
export function Announcer() {
  const [words, setWords] = useState('');
  useEffect(() => {
    const told = new Set(useTimeline.getState().order);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let notBefore = 0;
    const tell = () => {
      timer = undefined;
      notBefore = performance.now() + APART_MS;
      const { byId, order } = useTimeline.getState();
      const fresh = order.flatMap((id) => (told.has(id) ? [] : (byId[id] ?? [])));
      for (const { id } of fresh) told.add(id);
      const wrong = fresh.filter(
        ({ severity, seenAt }) =>
          (severity === 'critical' || severity === 'warning') && coreNow() - seenAt < NEWS_MS,
      );
      if (wrong.length > 0) setWords(newEventWords(wrong));
    };
    const stop = useTimeline.subscribe((state, before) => {
      if (state.order.length === before.order.length || timer !== undefined) return;
      timer = setTimeout(tell, Math.max(TOGETHER_MS, notBefore - performance.now()));
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  return (
    <p role="status" aria-label="New events" className={styles.hidden}>
      {words}
    </p>
  );
}
