import { cgroupThrottled } from './cgroupThrottled.ts';
import { clockSkewed } from './clockSkewed.ts';
import { connectionsCapped } from './connectionsCapped.ts';
import { connectionsLeak } from './connectionsLeak.ts';
import { connectionsPiled } from './connectionsPiled.ts';
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
import { kernelTrouble } from './kernelTrouble.ts';
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
import { processPiles } from './processPiles.ts';
import { queueStalled } from './queueStalled.ts';
import { respawnLoop } from './respawnLoop.ts';
import { segfault } from './segfault.ts';
import { serviceFailed } from './serviceFailed.ts';
import { threadsGrowth } from './threadsGrowth.ts';
import { unmeasured } from './unmeasured.ts';

/** One line a detector. Its state is its own affair: nobody else sees what it is. */
export const DETECTORS: readonly Detector<unknown>[] = [
  oomKill,
  respawnLoop,
  link,
  unmeasured,
  hostReboot,
  erlangNodes,
  segfault,
  hungTask,
  kernelOops,
  kernelTrouble,
  filesystemReadonly,
  serviceFailed,
  cpuSaturated,
  cgroupThrottled,
  oomRisk,
  memoryLeak,
  threadsGrowth,
  processPiles,
  fdLeak,
  fdNearLimit,
  connectionsLeak,
  connectionsCapped,
  connectionsPiled,
  queueStalled,
  listenOverflow,
  diskFull,
  diskFilling,
  inodesFull,
  networkSaturated,
  networkErrors,
  clockSkewed,
  logMatched,
  logSurge,
  pidChanged,
  hostOutlier,
];

/** Every detector's thresholds with their defaults: what a workspace may override. */
export const detectorThresholds: Readonly<Record<string, Readonly<Record<string, number | boolean>>>> =
  Object.fromEntries(DETECTORS.map((d) => [d.name, d.thresholds]));
