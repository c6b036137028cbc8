import type { Metric } from '../../../../shared/model/metric.ts';

/** A value axis from zero (or, mirrored, from -top) to `top`: ticks, and their labels with the unit on the highest. */
export interface ValueAxis {
  top: number;
  ticks: number[];
  label: (tick: number) => string;
}

type Unit = Metric['unit'];

/** The smallest round axis that holds `highest`, with at most `maximumTicks` steps. `fixedTop`: the axis ends there, always. */
export function valueAxis(highest: number, unit: Unit, maximumTicks = 4, fixedTop?: number): ValueAxis {
  const wanted = fixedTop ?? (Number.isFinite(highest) && highest > 0 ? highest : smallestTop(unit));
  const floor = fixedTop ?? Math.max(wanted, smallestTop(unit));
  const step =
    unit === 'bytes' || unit === 'bytes/s'
      ? binaryStep(floor, maximumTicks)
      : decimalStep(floor, maximumTicks);
  const top = fixedTop ?? Math.ceil(floor / step - 1e-9) * step;
  const ticks: number[] = [];
  for (let i = 0; i * step <= top * (1 + 1e-9); i++) ticks.push(i * step);
  const { divisor, name } = scale(top, unit);
  const highestTick = ticks.at(-1);
  return {
    top,
    ticks,
    label: (tick) => {
      const number = String(Number((Math.abs(tick) / divisor).toPrecision(3)));
      return Math.abs(tick) === highestTick ? `${number}${name}` : number;
    },
  };
}

/** Below this an axis would magnify noise into mountains. */
function smallestTop(unit: Unit): number {
  switch (unit) {
    case 'share':
      return 0.1;
    case 'bytes':
      return 1024 ** 2;
    case 'bytes/s':
      return 4096;
    case 'count':
      return 10;
    case 'cores':
    case 'load':
      return 1;
    default:
      return 4;
  }
}

function decimalStep(top: number, steps: number): number {
  const raw = top / steps;
  const power = 10 ** Math.floor(Math.log10(raw));
  for (const factor of [1, 2, 5]) if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

function binaryStep(top: number, steps: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(top / steps) - 1e-9));
}

const BINARY = ['B', 'K', 'M', 'G', 'T', 'P'];

/** The axis is narrow: `16 G` there, `15.3 GiB` in the values beside it. */
function scale(top: number, unit: Unit): { divisor: number; name: string } {
  if (unit === 'share') return { divisor: 0.01, name: '%' };
  if (unit === 'bytes' || unit === 'bytes/s') {
    const step = Math.min(BINARY.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, top)) / 10)));
    return {
      divisor: 1024 ** step,
      name: `\u00a0${BINARY[step] ?? ''}${step > 0 ? 'iB' : ''}${unit === 'bytes/s' ? '/s' : ''}`,
    };
  }
  const name = unit === '1/s' ? '/s' : unit === 'ms' ? '\u00a0ms' : '';
  if (top >= 1_000_000) return { divisor: 1_000_000, name: `M${name}` };
  // With a unit behind it a label of four digits is wider than the axis.
  if (top >= (name === '' ? 10_000 : 1000)) return { divisor: 1000, name: `k${name}` };
  return { divisor: 1, name };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TIME_STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
];

/** Times on whole steps of the reader's clock, at most `maximum` of them; `seconds` says whether labels need them. */
export function timeTicks(from: number, to: number, maximum: number): { ticks: number[]; seconds: boolean } {
  const span = to - from;
  const most = Math.max(1, maximum);
  const step = TIME_STEPS.find((s) => span / s <= most) ?? 24 * HOUR * Math.ceil(span / (24 * HOUR) / most);
  const zone = new Date(from).getTimezoneOffset() * MINUTE;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) ticks.push(at);
  return { ticks, seconds: step < MINUTE };
}
