import { cgroupThrottled } from './cgroupThrottled.ts';
import { clockSkewed } from './clockSkewed.ts';
import { connectionsCapped } from './connectionsCapped.ts';
import { connectionsLeak } from './connectionsLeak.ts';
import { cpuSaturated } from './cpuSaturated.ts';
import type { Detector } from './detector.ts';
import { diskFilling } from './diskFilling.ts';
import { diskFull } from './diskFull.ts';
import { erlangNodes } from './erlangNodes.ts';
import { fdLeak } from './fdLeak.ts';
import { fdNearLimit } from './fdNearLimit.ts';
import { filesystemReadonly } from './filesystemReadonly.ts';
import { hostOutlier } from './hostOutlier.ts';
import { hostReboot } from './hostReboot.ts';
import { hungTask } from './hungTask.ts';
import { inodesFull } from './inodesFull.ts';
import { kernelOops } from './kernelOops.ts';
import { link } from './link.ts';
import { listenOverflow } from './listenOverflow.ts';
import { logMatched } from './logMatched.ts';
import { logSurge } from './logSurge.ts';
import { memoryLeak } from './memoryLeak.ts';
import { networkErrors } from './networkErrors.ts';
import { networkSaturated } from './networkSaturated.ts';
import { oomKill } from './oomKill.ts';
import { oomRisk } from './oomRisk.ts';
import { pidChanged } from './pidChanged.ts';
import { queueStalled } from './queueStalled.ts';
import { respawnLoop } from './respawnLoop.ts';
import { segfault } from './segfault.ts';
import { serviceFailed } from './serviceFailed.ts';
import { threadsGrowth } from './threadsGrowth.ts';

/** One line a detector. Its state is its own affair: nobody else sees what it is. */
export const DETECTORS: readonly AnyDetector[] = [
  anyDetector(oomKill),
  anyDetector(respawnLoop),
  anyDetector(link),
  anyDetector(hostReboot),
  anyDetector(erlangNodes),
  anyDetector(segfault),
  anyDetector(hungTask),
  anyDetector(kernelOops),
  anyDetector(filesystemReadonly),
  anyDetector(serviceFailed),
  anyDetector(cpuSaturated),
  anyDetector(cgroupThrottled),
  anyDetector(oomRisk),
  anyDetector(memoryLeak),
  anyDetector(threadsGrowth),
  anyDetector(fdLeak),
  anyDetector(fdNearLimit),
  anyDetector(connectionsLeak),
  anyDetector(connectionsCapped),
  anyDetector(queueStalled),
  anyDetector(listenOverflow),
  anyDetector(diskFull),
  anyDetector(diskFilling),
  anyDetector(inodesFull),
  anyDetector(networkSaturated),
  anyDetector(networkErrors),
  anyDetector(clockSkewed),
  anyDetector(logMatched),
  anyDetector(logSurge),
  anyDetector(pidChanged),
  anyDetector(hostOutlier),
];

/** A detector whose state is inside: `start` gives a reducer. */
export interface AnyDetector {
  readonly name: string;
  readonly thresholds: Readonly<Record<string, number | boolean>>;
  readonly takes?: Detector<unknown>['takes'];
  readonly looksAt?: Detector<unknown>['looksAt'];
  start(): (
    input: Parameters<Detector<unknown>['reduce']>[1],
    context: Parameters<Detector<unknown>['reduce']>[2],
  ) => ReturnType<Detector<unknown>['reduce']>;
}

export function anyDetector<State>(detector: Detector<State>): AnyDetector {
  return {
    name: detector.name,
    thresholds: detector.thresholds,
    ...(detector.takes ? { takes: detector.takes } : {}),
    ...(detector.looksAt ? { looksAt: detector.looksAt } : {}),
    start() {
      const state = detector.initial();
      return (input, context) => detector.reduce(state, input, context);
    },
  };
}

/** Every detector's thresholds with their defaults: what a workspace may override. */
export const detectorThresholds: Readonly<Record<string, Readonly<Record<string, number | boolean>>>> =
  Object.fromEntries(DETECTORS.map((d) => [d.name, d.thresholds]));
