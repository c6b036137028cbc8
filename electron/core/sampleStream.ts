import type { Clock } from '../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../shared/base/disposable.ts';
import type { HostId } from '../../shared/model/host.ts';
import { type MetricVector, toMetricVector } from '../../shared/model/metric.ts';
import type { Sample } from '../../shared/model/sample.ts';

type Batch = { host: HostId; vector: MetricVector }[];

/** Four batches a second: a chart may lag by a quarter of its own tick, and forty hosts cost four messages. */
const SEND_EVERY_MS = 250;
/** One transaction a second: what a kill -9 may take with it. */
const WRITE_EVERY_MS = 1000;

export interface SampleStream extends Disposable {
  add(host: HostId, sample: Sample): void;
}

/** Gathers the ticks of all hosts: to the windows in batches, to the record in one transaction a second. */
export function createSampleStream(options: {
  clock: Clock;
  send: (batch: Batch) => void;
  write: (batch: Batch) => void;
}): SampleStream {
  const owned = new DisposableStore();
  let toSend: Batch = [];
  let toWrite: Batch = [];

  function send(): void {
    if (toSend.length === 0) return;
    const batch = toSend;
    toSend = [];
    options.send(batch);
  }

  function write(): void {
    if (toWrite.length === 0) return;
    const batch = toWrite;
    toWrite = [];
    options.write(batch);
  }

  owned.add(options.clock.every(SEND_EVERY_MS, send));
  owned.add(options.clock.every(WRITE_EVERY_MS, write));
  owned.addStop(() => {
    send();
    write();
  });

  return {
    add(host, sample) {
      const entry = { host, vector: toMetricVector(sample) };
      toSend.push(entry);
      toWrite.push(entry);
    },
    dispose: () => owned.dispose(),
  };
}
