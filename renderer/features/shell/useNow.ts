import { useEffect, useState } from 'react';
import { onChartFrame } from '../../series/chartFrame.ts';

/** The time, renewed every `everyMs`, with the charts; stands still while `everyMs` is undefined. */
export function useNow(everyMs: number | undefined = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (everyMs === undefined) return;
    setNow(Date.now());
    let asked = false;
    const timer = setInterval(() => {
      if (asked) return;
      asked = true;
      onChartFrame(() => {
        asked = false;
        setNow(Date.now());
      });
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
