/**
 * Writes a sample and an event each 100 ms into the record in argv[2] and says each time after it is written, until
 * it is killed. Run by crash.test.ts.
 */
import { systemClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { METRICS } from '../../../shared/model/metric.ts';
import type { EventId } from '../../../shared/model/timelineEvent.ts';
import { openRecord } from './recordStore.ts';

const opened = openRecord(process.argv[2] ?? '', { clock: systemClock });
if (!opened.ok) throw new Error(opened.error.message);
const store = opened.value;
const host = 'web1' as HostId;

systemClock.every(100, () => {
  const at = Date.now();
  store.addSamples([{ host, vector: { at, values: METRICS.map((_, i) => i), cores: [0.5] } }]);
  store.putEvent({
    id: `e${at}` as EventId,
    revision: 1,
    host,
    kind: 'note',
    severity: 'info',
    source: 'person',
    at,
    seenAt: at,
    clockOffsetMs: 0,
    title: 'written',
    detail: {},
    evidence: [],
    actions: [],
  });
  process.stdout.write(`${at}\n`);
});
