import {
  asText,
  type Formatted,
  formatBytes,
  formatBytesPerSecond,
  formatCores,
  formatCount,
  formatLoad,
  formatPerSecond,
  formatShare,
} from '../../../../shared/model/format.ts';
import { type Metric, type MetricName, metricIndex } from '../../../../shared/model/metric.ts';
import type { SeriesView } from '../../../series/seriesRing.ts';
import type { ColourToken } from '../../../series/themeColours.ts';

/** One series in a chart. `read` gives NaN where nothing is known. */
export interface Layer {
  key: string;
  label: string;
  /** Where there is little room; `top`'s own words for CPU. */
  short?: string;
  colour: ColourToken;
  read: (view: SeriesView, index: number) => number;
  format: (value: number | undefined) => Formatted;
  /** What the values beside the chart say, where it is not what is drawn. */
  readShown?: (view: SeriesView, index: number) => number;
  dashed?: boolean;
  /** Whether its value is listed beside the chart; `wide`: where there is room. */
  legend?: 'always' | 'wide' | 'never';
  /** A second number after the value, as in `some/full`. */
  second?: (view: SeriesView, index: number) => number;
}

/**
 * One chart, however it is drawn. From the bottom: `stack` areas on each other, `below` areas mirrored under zero,
 * `lines`, and `right` lines on an axis of their own.
 */
export interface ChartSpec {
  id: string;
  title: string;
  unit: Metric['unit'];
  stack: Layer[];
  below: Layer[];
  lines: Layer[];
  right: Layer[];
  rightUnit?: Metric['unit'];
  /** The axis ends here, always. */
  fixedTop?: number;
  /** Values that are listed and not drawn. */
  also?: Layer[];
  /** The one number beside the title. */
  headline: (view: SeriesView, index: number) => Formatted;
  /** Shown instead when not one value is known in the window. */
  unknown: string;
}

const from = (name: MetricName) => {
  const metric = metricIndex(name);
  return (view: SeriesView, index: number) => view.valueAt(metric, index);
};

const READ = {
  user: from('system.cpu.utilization.user'),
  system: from('system.cpu.utilization.system'),
  iowait: from('system.cpu.utilization.iowait'),
  steal: from('system.cpu.utilization.steal'),
  load1: from('system.cpu.load_average.1m'),
  load5: from('system.cpu.load_average.5m'),
  cores: from('system.cpu.logical.count'),
  memoryTotal: from('system.memory.limit'),
  memoryUsed: from('system.memory.usage.used'),
  memoryCached: from('system.memory.usage.cached'),
  memoryAvailable: from('system.linux.memory.available'),
  swapTotal: from('system.paging.limit'),
  swapUsed: from('system.paging.usage'),
  receive: from('system.network.io.receive'),
  transmit: from('system.network.io.transmit'),
  read: from('system.disk.io.read'),
  write: from('system.disk.io.write'),
  diskBusy: from('system.disk.busy'),
  cpuSome: from('system.linux.pressure.cpu.some'),
  memorySome: from('system.linux.pressure.memory.some'),
  memoryFull: from('system.linux.pressure.memory.full'),
  ioSome: from('system.linux.pressure.io.some'),
  ioFull: from('system.linux.pressure.io.full'),
  processes: from('system.process.count'),
  running: from('system.process.running'),
  blocked: from('system.process.blocked'),
  forks: from('system.process.created'),
  visible: from('fireline.cpu.visible'),
  reaped: from('fireline.cpu.reaped'),
  unattributed: from('fireline.cpu.unattributed'),
} as const;

type Read = (view: SeriesView, index: number) => number;

/** Busy share of the whole machine, as `top` adds it up: all but idle and iowait. */
export const readBusy: Read = (view, index) =>
  READ.user(view, index) + READ.system(view, index) + READ.steal(view, index);
export const readMemoryShare: Read = (view, index) =>
  READ.memoryUsed(view, index) / READ.memoryTotal(view, index);
export const readLoad: Read = READ.load1;
export const readCores: Read = READ.cores;
export const readMemoryTotal: Read = READ.memoryTotal;

/** Used and cache overlap by shared memory, which is cached but not available: the stack must not pass the total. */
const cacheInStack: Read = (view, index) => {
  const room = READ.memoryTotal(view, index) - READ.memoryUsed(view, index);
  return Math.max(0, Math.min(READ.memoryCached(view, index), room));
};

function layer(
  key: string,
  label: string,
  colour: ColourToken,
  read: Read,
  format: Layer['format'],
  more: Partial<Layer> = {},
): Layer {
  return { key, label, colour, read, format, ...more };
}

export const CPU_LAYERS: Layer[] = [
  layer('user', 'user', '--cpu-user', READ.user, formatShare, { short: 'us' }),
  layer('system', 'system', '--cpu-system', READ.system, formatShare, { short: 'sy' }),
  layer('iowait', 'iowait', '--cpu-iowait', READ.iowait, formatShare, { short: 'wa' }),
  layer('steal', 'steal', '--cpu-steal', READ.steal, formatShare, { short: 'st' }),
];

/** Used memory as a share of all, for small pictures. */
export const MEMORY_SPARK: Layer[] = [layer('share', 'used', '--memory-used', readMemoryShare, formatShare)];

const NOT_MEASURED = 'Not measured in this window';

export const CHARTS: readonly ChartSpec[] = [
  {
    id: 'cpu',
    title: 'CPU',
    unit: 'share',
    fixedTop: 1,
    stack: CPU_LAYERS,
    below: [],
    lines: [],
    right: [],
    headline: (view, index) => formatShare(readBusy(view, index)),
    unknown: NOT_MEASURED,
  },
  {
    id: 'balance',
    title: 'CPU by whom',
    unit: 'cores',
    stack: [
      layer('visible', 'visible', '--balance-visible', READ.visible, formatLoad),
      layer('reaped', 'reaped', '--balance-reaped', READ.reaped, formatLoad),
      layer('unattributed', 'unattributed', '--balance-unattributed', READ.unattributed, formatLoad, {
        short: 'rest',
      }),
    ],
    below: [],
    lines: [
      layer('busy', 'busy', '--text-muted', (v, i) => readBusy(v, i) * READ.cores(v, i), formatLoad, {
        dashed: true,
        legend: 'wide',
      }),
    ],
    right: [],
    headline: (view, index) => formatCores(readBusy(view, index) * READ.cores(view, index)),
    unknown: NOT_MEASURED,
  },
  {
    id: 'load',
    title: 'Load',
    unit: 'load',
    stack: [],
    below: [],
    lines: [
      layer('load1', '1 min', '--cpu-user', READ.load1, formatLoad),
      layer('load5', '5 min', '--text-faint', READ.load5, formatLoad),
      layer('cores', 'cores', '--text-muted', READ.cores, formatCount, { dashed: true }),
    ],
    right: [],
    headline: (view, index) => ({
      number: formatLoad(READ.load1(view, index)).number,
      unit: `of ${formatCount(READ.cores(view, index)).number}`,
    }),
    unknown: NOT_MEASURED,
  },
  {
    id: 'memory',
    title: 'Memory',
    unit: 'bytes',
    stack: [
      layer('used', 'used', '--memory-used', READ.memoryUsed, formatBytes),
      layer('cache', 'cache', '--memory-cache', cacheInStack, formatBytes, { readShown: READ.memoryCached }),
    ],
    below: [],
    lines: [
      layer('swap', 'swap', '--memory-swap', READ.swapUsed, formatBytes),
      layer('total', 'total', '--text-muted', READ.memoryTotal, formatBytes, {
        dashed: true,
        legend: 'wide',
      }),
    ],
    right: [],
    also: [
      layer('available', 'available', '--surface', READ.memoryAvailable, formatBytes, { legend: 'wide' }),
    ],
    headline: (view, index) => ({
      number: formatShare(readMemoryShare(view, index)).number,
      unit: `% of ${asText(formatBytes(READ.memoryTotal(view, index)))}`,
    }),
    unknown: NOT_MEASURED,
  },
  {
    id: 'network',
    title: 'Network',
    unit: 'bytes/s',
    stack: [layer('receive', 'in', '--receive', READ.receive, formatBytesPerSecond)],
    below: [layer('transmit', 'out', '--transmit', READ.transmit, formatBytesPerSecond)],
    lines: [],
    right: [],
    headline: (view, index) => formatBytesPerSecond(READ.receive(view, index) + READ.transmit(view, index)),
    unknown: NOT_MEASURED,
  },
  {
    id: 'disk',
    title: 'Disk',
    unit: 'bytes/s',
    stack: [layer('read', 'read', '--receive', READ.read, formatBytesPerSecond)],
    below: [layer('write', 'written', '--transmit', READ.write, formatBytesPerSecond)],
    lines: [],
    right: [],
    headline: (view, index) => {
      const { number } = formatShare(READ.diskBusy(view, index));
      return { number, unit: '% busy' };
    },
    unknown: NOT_MEASURED,
  },
  {
    id: 'pressure',
    title: 'Pressure',
    unit: 'share',
    stack: [],
    below: [],
    lines: [
      layer('cpuSome', 'CPU', '--cpu-user', READ.cpuSome, formatShare),
      layer('memorySome', 'mem', '--memory-used', READ.memorySome, formatShare, { second: READ.memoryFull }),
      layer('memoryFull', 'full', '--memory-used', READ.memoryFull, formatShare, {
        dashed: true,
        legend: 'never',
      }),
      layer('ioSome', 'IO', '--cpu-iowait', READ.ioSome, formatShare, { second: READ.ioFull }),
      layer('ioFull', 'full', '--cpu-iowait', READ.ioFull, formatShare, { dashed: true, legend: 'never' }),
    ],
    right: [],
    headline: (view, index) => {
      const worst = Math.max(
        READ.cpuSome(view, index),
        READ.memorySome(view, index),
        READ.ioSome(view, index),
      );
      return { number: formatShare(worst).number, unit: '% stalled' };
    },
    unknown: 'This kernel has no pressure figures',
  },
  {
    id: 'processes',
    title: 'Processes',
    unit: 'count',
    stack: [],
    below: [],
    lines: [layer('processes', 'processes', '--cpu-user', READ.processes, formatCount)],
    right: [layer('forks', 'forks', '--cpu-system', READ.forks, formatPerSecond)],
    rightUnit: '1/s',
    headline: (view, index) => ({
      number: `${formatCount(READ.running(view, index)).number} / ${formatCount(READ.blocked(view, index)).number}`,
      unit: 'run / blocked',
    }),
    unknown: NOT_MEASURED,
  },
];

/** All layers, in the order in which their values are listed. */
export function layersOf(spec: ChartSpec): Layer[] {
  return [...spec.stack, ...spec.below, ...spec.lines, ...spec.right];
}

/** The highest value on the left axis, stacks summed; 0 when nothing is known. */
export function highest(spec: ChartSpec, view: SeriesView): number {
  let top = 0;
  for (let i = 0; i < view.length; i++) {
    let above = 0;
    let below = 0;
    for (const one of spec.stack) above += one.read(view, i) || 0;
    for (const one of spec.below) below += one.read(view, i) || 0;
    top = Math.max(top, above, below);
    for (const one of spec.lines) top = Math.max(top, one.read(view, i) || 0);
  }
  return top;
}

export function highestRight(spec: ChartSpec, view: SeriesView): number {
  let top = 0;
  for (let i = 0; i < view.length; i++)
    for (const one of spec.right) top = Math.max(top, one.read(view, i) || 0);
  return top;
}

/** False when not one value of the chart is known in the window: then it says so instead of drawing nothing. */
export function isKnown(spec: ChartSpec, view: SeriesView): boolean {
  const layers = layersOf(spec);
  for (let i = view.length - 1; i >= 0; i--) {
    for (const one of layers) if (Number.isFinite(one.read(view, i))) return true;
  }
  return false;
}
