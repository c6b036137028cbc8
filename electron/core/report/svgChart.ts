import { isoTime } from '../../../shared/model/format.ts';
import { escapeHtml } from './escapeHtml.ts';
import { visibleLine } from './hostText.ts';
import { metricText } from './metricText.ts';
import type { Figure, FigureMark, FigureSeries } from './reportModel.ts';

interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
  from: number;
  to: number;
  maximum: number;
}

const SEVERITY: Record<FigureMark['severity'], { colour: string; dash: string }> = {
  critical: { colour: '#c4281c', dash: '' },
  warning: { colour: '#8a5a00', dash: '5 2' },
  info: { colour: '#55606a', dash: '1 3' },
  recovered: { colour: '#157347', dash: '2 2' },
};

/**
 * A figure as one SVG element: pure, self-contained, drawn for paper. Time runs in UTC; a gap is hatched and never
 * bridged; every mark carries its event's reference, and `link` (when given) says where that leads.
 */
export function svgChart(
  figure: Figure,
  span: { from: number; to: number },
  options: { hostName: string; link?: (reference: string) => string },
): string {
  const width = figure.wide ? 760 : 372;
  const height = figure.wide ? 218 : 190;
  const area: Area = {
    left: 58,
    right: width - 10,
    top: 46,
    bottom: height - 26,
    from: span.from,
    to: span.to,
    maximum: 1,
  };
  const { ticks, maximum } = valueAxis(figure);
  area.maximum = maximum;
  const id = figure.id;
  const title = `${visibleLine(options.hostName)}: ${figure.title}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="group" aria-labelledby="${id}-title ${id}-description" font-family="-apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif" font-size="10">`,
    `<title id="${id}-title">${escapeHtml(title)}</title>`,
    `<desc id="${id}-description">${escapeHtml(describe(figure))}</desc>`,
    `<defs><pattern id="${id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#f4f5f6"/><line x1="0" y1="0" x2="0" y2="6" stroke="#b9c1c8" stroke-width="1.5"/></pattern><clipPath id="${id}-clip"><rect x="${area.left}" y="${area.top}" width="${area.right - area.left}" height="${area.bottom - area.top}"/></clipPath></defs>`,
    legend(figure.series, area),
    ticks.map((tick) => valueTick(tick, figure, area)).join(''),
    timeTicks(area, figure.wide ? 9 : 4),
    `<g clip-path="url(#${id}-clip)">`,
    drawSeries(figure, area),
    figure.gaps.map((gap) => drawGap(gap, id, area)).join(''),
    '</g>',
    `<path d="M${area.left} ${area.bottom}H${area.right}" stroke="#55606a" stroke-width="1"/>`,
    drawMarks(figure.marks, area, options.link),
    '</svg>',
  ].join('');
}

function x(at: number, area: Area): number {
  return round(area.left + ((at - area.from) / (area.to - area.from)) * (area.right - area.left));
}

function y(value: number, area: Area): number {
  return round(area.bottom - (Math.min(value, area.maximum) / area.maximum) * (area.bottom - area.top));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Ends the axis on a round number at or above the largest value. */
function valueAxis(figure: Figure): { ticks: number[]; maximum: number } {
  const stacks = figure.series.filter((series) => series.kind === 'stack');
  const length = Math.max(0, ...figure.series.map((series) => series.points.length));
  let largest = 0;
  for (let index = 0; index < length; index += 1) {
    const stacked = stacks.reduce((sum, series) => sum + (series.points[index]?.value ?? 0), 0);
    largest = Math.max(largest, stacked);
    for (const series of figure.series) {
      if (series.kind !== 'stack') largest = Math.max(largest, series.points[index]?.value ?? 0);
    }
  }
  if (figure.unit === 'share') return { ticks: [0, 0.25, 0.5, 0.75, 1], maximum: 1 };
  const step = niceStep((largest || 1) / 4, figure.unit === 'bytes');
  const count = Math.max(1, Math.ceil((largest || 1) / step - 1e-9));
  const whole = figure.unit === 'count' && step < 1 ? 1 : step;
  return { ticks: Array.from({ length: count + 1 }, (_, index) => index * whole), maximum: count * whole };
}

/** 1, 2, 5 times a power of ten; powers of two for bytes. */
function niceStep(least: number, binary: boolean): number {
  if (binary) return 2 ** Math.ceil(Math.log2(least));
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((one) => one * power >= least * 0.999) ?? 10) * power;
}

function valueTick(value: number, figure: Figure, area: Area): string {
  const at = y(value, area);
  // On an axis zero is plain, and whole per cents are enough.
  const text =
    value === 0
      ? '0'
      : figure.unit === 'share'
        ? `${Math.round(value * 100)}%`
        : metricText(figure.unit, value).replace(/\.0+(?!\d)/, '');
  const line =
    value === 0 ? '' : `<path d="M${area.left} ${at}H${area.right}" stroke="#e4e7ea" stroke-width="1"/>`;
  return `${line}<text x="${area.left - 6}" y="${at + 3.5}" text-anchor="end" fill="#55606a">${escapeHtml(text)}</text>`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [1, 2, 5, 10, 15, 30]
  .map((n) => n * SECOND)
  .concat(
    [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    [1, 2, 3, 6, 12].map((n) => n * HOUR),
    [1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY),
  );

function timeTicks(area: Area, most: number): string {
  const span = area.to - area.from;
  const step = TIME_STEPS.find((one) => span / one <= most) ?? 365 * DAY;
  const parts: string[] = [];
  for (let at = Math.ceil(area.from / step) * step; at <= area.to; at += step) {
    const place = x(at, area);
    const iso = isoTime(at);
    const text = step >= DAY ? iso.slice(5, 10) : step >= MINUTE ? iso.slice(11, 16) : iso.slice(11, 19);
    parts.push(`<path d="M${place} ${area.bottom}v4" stroke="#55606a"/>`);
    // A label at the very end would be cut, and the corner is where the zone stands.
    if (place < area.right - 34 && place > area.left + 8) {
      parts.push(
        `<text x="${place}" y="${area.bottom + 15}" text-anchor="middle" fill="#55606a">${text}</text>`,
      );
    }
  }
  parts.push(`<text x="${area.right}" y="${area.bottom + 15}" text-anchor="end" fill="#77828c">UTC</text>`);
  return parts.join('');
}

function drawSeries(figure: Figure, area: Area): string {
  const stacks = figure.series.filter((series) => series.kind === 'stack');
  const rest = figure.series.filter((series) => series.kind !== 'stack');
  const base = new Map<number, number>();
  const parts: string[] = [];
  for (const series of stacks) {
    for (const run of runsOf(series, figure)) {
      const lower = run.map(({ at }) => base.get(at) ?? 0);
      const upper = run.map(({ value }, index) => (lower[index] ?? 0) + value);
      const there = run.map(({ at }, index) => `${x(at, area)} ${y(upper[index] ?? 0, area)}`);
      const back = run.map(({ at }, index) => `${x(at, area)} ${y(lower[index] ?? 0, area)}`).reverse();
      parts.push(
        `<path d="M${there.join('L')}L${back.join('L')}Z" fill="${series.colour}" fill-opacity="0.82"/>`,
      );
      for (const [index, { at }] of run.entries()) base.set(at, upper[index] ?? 0);
    }
  }
  for (const series of rest) {
    const style =
      series.kind === 'limit'
        ? 'stroke-width="1" stroke-dasharray="4 3"'
        : 'stroke-width="1.4" stroke-linejoin="round"';
    for (const run of runsOf(series, figure)) {
      const points = run.map(({ at, value }) => `${x(at, area)} ${y(value, area)}`);
      // A run of one point would draw nothing.
      const path = points.length === 1 ? `${points[0]}h1` : points.join('L');
      parts.push(`<path d="M${path}" fill="none" stroke="${series.colour}" ${style}/>`);
    }
  }
  return parts.join('');
}

/** Points joined without a break: neither a value that was not known nor a gap between two samples. */
function runsOf(series: FigureSeries, figure: Figure): { at: number; value: number }[][] {
  const runs: { at: number; value: number }[][] = [];
  let run: { at: number; value: number }[] = [];
  let previous: number | undefined;
  for (const { at, value } of series.points) {
    const broken = figure.gaps.some((gap) => previous !== undefined && gap.from >= previous && gap.to <= at);
    if (broken || value === null) {
      if (run.length > 0) runs.push(run);
      run = [];
    }
    if (value !== null) run.push({ at, value });
    previous = at;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function drawGap(gap: Figure['gaps'][number], id: string, area: Area): string {
  const left = x(Math.max(gap.from, area.from), area);
  const wide = round(x(Math.min(gap.to, area.to), area) - left);
  const height = area.bottom - area.top;
  const label =
    wide > gap.reason.length * 5.4 + 8
      ? `<rect x="${round(left + wide / 2 - gap.reason.length * 2.6 - 4)}" y="${area.top + height / 2 - 8}" width="${round(gap.reason.length * 5.2 + 8)}" height="15" fill="#ffffff"/><text x="${round(left + wide / 2)}" y="${area.top + height / 2 + 3}" text-anchor="middle" fill="#55606a">${escapeHtml(gap.reason)}</text>`
      : '';
  return `<g><title>${escapeHtml(`Gap: ${gap.reason}`)}</title><rect x="${left}" y="${area.top}" width="${wide}" height="${height}" fill="url(#${id}-hatch)"/>${label}</g>`;
}

/** Marks nearer than their labels are wide share one: `E3–E7`. */
function drawMarks(
  marks: readonly FigureMark[],
  area: Area,
  link: ((reference: string) => string) | undefined,
): string {
  const lines: string[] = [];
  const groups: { place: number; marks: FigureMark[] }[] = [];
  for (const mark of marks.toSorted((a, b) => a.at - b.at)) {
    const place = x(mark.at, area);
    const { colour, dash } = SEVERITY[mark.severity];
    lines.push(
      `<path d="M${place} ${area.top - 5}V${area.bottom}" stroke="${colour}" stroke-width="1"${dash ? ` stroke-dasharray="${dash}"` : ''}/>`,
    );
    const group = groups.at(-1);
    if (group && place - group.place < 46) group.marks.push(mark);
    else groups.push({ place, marks: [mark] });
  }
  const labels = groups.map(({ place, marks: own }) => {
    const [first] = own;
    const last = own.at(-1);
    if (!first || !last) return '';
    const text = own.length === 1 ? first.reference : `${first.reference}–${last.reference}`;
    const worst =
      own.find((mark) => mark.severity === 'critical') ??
      own.find((mark) => mark.severity === 'warning') ??
      first;
    const title = own
      .map((mark) => `${mark.reference} ${mark.severity}: ${visibleLine(mark.title)}`)
      .join('\n');
    const atEnd = place > area.right - 30;
    const label = `<text x="${atEnd ? area.right : place - 2}" y="${area.top - 9}"${atEnd ? ' text-anchor="end"' : ''} fill="${SEVERITY[worst.severity].colour}" font-weight="600">${escapeHtml(text)}</text>`;
    const content = `<title>${escapeHtml(title)}</title>${label}`;
    return link ? `<a href="${escapeHtml(link(first.reference))}">${content}</a>` : `<g>${content}</g>`;
  });
  return lines.join('') + labels.join('');
}

function legend(series: readonly FigureSeries[], area: Area): string {
  let place = area.left;
  return series
    .map(({ label, colour, kind }) => {
      const mark =
        kind === 'stack'
          ? `<rect x="${place}" y="8" width="9" height="9" fill="${colour}" fill-opacity="0.82"/>`
          : `<path d="M${place} 12.5h12" stroke="${colour}" stroke-width="1.6"${kind === 'limit' ? ' stroke-dasharray="4 3"' : ''}/>`;
      const text = `<text x="${place + 16}" y="16" fill="#1a2026">${escapeHtml(label)}</text>`;
      place += 30 + label.length * 5.6;
      return mark + text;
    })
    .join('');
}

/** For those who do not see it: the least and the most of each series, and the gaps. */
function describe(figure: Figure): string {
  const series = figure.series.map(({ label, points }) => {
    const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
    if (values.length === 0) return `${label}: not known.`;
    const least = values.reduce((a, b) => Math.min(a, b));
    const most = values.reduce((a, b) => Math.max(a, b));
    return `${label}: ${metricText(figure.unit, least)} to ${metricText(figure.unit, most)}.`;
  });
  const gaps = figure.gaps.map((gap) => `Gap of ${Math.round((gap.to - gap.from) / 1000)} s: ${gap.reason}.`);
  return [...series, ...gaps].join(' ');
}
