import type { HostId } from '../../../shared/model/host.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { HostFigures } from './detector.ts';

const WINDOW_MS = 60_000;
/** A host that has not been heard of is not compared. */
const STALE_MS = 15_000;

/** Running means of a host's samples, of about the last minute: what hosts are compared by. */
export function meanFigures(host: HostId): {
  add(sample: Sample): void;
  at(now: number, kernel: string): HostFigures | undefined;
} {
  let mean: Omit<HostFigures, 'host' | 'kernel'> | undefined;
  let firstAt = 0;
  let lastAt = 0;
  return {
    add(sample) {
      if (!mean || sample.at - lastAt > WINDOW_MS) firstAt = sample.at;
      const fresh = sample.at === firstAt;
      lastAt = sample.at;
      const now = {
        cpu: 1 - sample.cpu.idle - sample.cpu.iowait,
        memory: sample.memory.usedBytes / Math.max(1, sample.memory.totalBytes),
        network: sample.network.receiveBytesPerSecond + sample.network.transmitBytesPerSecond,
      };
      // A true mean at first, then one that forgets.
      const weight = Math.min(
        1,
        sample.intervalMs / Math.min(WINDOW_MS, sample.at - firstAt + sample.intervalMs),
      );
      const before = mean ?? now;
      mean = fresh
        ? now
        : {
            cpu: before.cpu + (now.cpu - before.cpu) * weight,
            memory: before.memory + (now.memory - before.memory) * weight,
            network: before.network + (now.network - before.network) * weight,
          };
    },
    at: (now, kernel) => (mean && now - lastAt <= STALE_MS ? { host, ...mean, kernel } : undefined),
  };
}
