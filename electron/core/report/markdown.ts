import { asText, formatCores, plural } from '../../../shared/model/format.ts';
import { sentences } from '../../../shared/model/sentences.ts';
import { escapeMarkdown, fencedMarkdown } from './escapeMarkdown.ts';
import { visibleBlock, visibleLine } from './hostText.ts';
import { metricText } from './metricText.ts';
import type { Figure, RemediationEntry, ReportModel, TimelineEntry } from './reportModel.ts';
import {
  actorOf,
  detailPairs,
  detectTime,
  eventPairs,
  HOST_COLUMNS,
  hostRow,
  remediationOutcome,
  remediationPairs,
  reportStatus,
  reportTitle,
  SEVERITY_MARK,
  SUMMARY_PROMPT,
  UNWRITTEN,
  wholeTitle,
} from './reportSections.ts';
import type { ReportTime } from './reportTime.ts';

/** Markdown to paste elsewhere (GitHub's dialect). All text from hosts goes through `text` or a fence. */
export function renderMarkdown(model: ReportModel, time: ReportTime): string {
  const title = model.incident ? `INC-${model.incident.number}: ${reportTitle(model)}` : reportTitle(model);
  const parts = [
    `# ${text(title)}`,
    [
      ...(model.incident ? [`**${text(model.incident.severity)}**`] : []),
      reportStatus(model),
      `workspace ${text(model.workspaceName)}`,
      `written ${time.utc(model.generatedAt)} UTC`,
      ...(time.isUtc ? [] : [`local times in ${text(time.timeZone)}`]),
    ].join(' · '),
    times(model, time),
    '## Summary',
    model.incident?.summary.trim() ? prose(model.incident.summary.trim()) : unwritten(SUMMARY_PROMPT),
    '## Impact',
    text(model.impact.durationNote),
    model.impact.hosts.length === 0
      ? 'No host had an event above info.'
      : `${model.impact.hosts.length} of ${model.hosts.length} ${plural(model.hosts.length, 'host')} affected: ${model.impact.hosts.map(text).join(', ')}.`,
    '## Detection',
    detection(model, time),
    '## Timeline',
    timeline(model, time),
    '## Remediations',
    ...(model.remediations.length === 0
      ? ['Nothing was done through Fireline in this span.']
      : model.remediations.map((entry) => remediation(entry, time))),
    '## Charts',
    charts(model, time),
    ...UNWRITTEN.flatMap(({ title: name, prompt }) => [`## ${name}`, unwritten(prompt)]),
    '## Hosts',
    table(
      HOST_COLUMNS,
      model.hosts.map((host) => hostRow(host).map(text)),
    ),
    '## Evidence',
    ...model.timeline.map((entry) => evidence(entry, time)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function text(value: string): string {
  return escapeMarkdown(visibleLine(value));
}

/** By people, in Markdown: kept as it is, but that it can hold no HTML, nothing invisible, and no fence left open. */
function prose(written: string): string {
  const shown = visibleBlock(written, 100_000).text.replace(/<(?=[a-z/!?])/gi, '\\<');
  let open: string | undefined;
  for (const [, fence = '', rest = ''] of shown.matchAll(/^ {0,3}(`{3,}|~{3,})(.*)$/gm)) {
    if (open === undefined) open = fence;
    else if (fence[0] === open[0] && fence.length >= open.length && rest.trim() === '') open = undefined;
  }
  return open === undefined ? shown : `${shown}\n${open}`;
}

function unwritten(prompt: string): string {
  return `_Not written yet. ${prompt}_`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

function times(model: ReportModel, time: ReportTime): string {
  const head = ['', 'UTC', ...(time.isUtc ? [] : ['Local']), 'Note'];
  const rows = model.times.map(({ label, at, note }) => [
    label,
    at === undefined ? '–' : time.utc(at),
    ...(time.isUtc ? [] : [at === undefined ? '–' : time.local(at)]),
    text(note),
  ]);
  return table(head, rows);
}

function detection(model: ReportModel, time: ReportTime): string {
  if (!model.detection) return 'No detector told of anything above info in this span.';
  const { entry, toDetectMs } = model.detection;
  const line = entry.evidence.find((one) => one.evidence.type === 'line' || one.evidence.type === 'output');
  const on = entry.event.host === undefined ? '' : ` on ${text(entry.event.host)}`;
  const sentence = `First told at ${time.utc(entry.event.seenAt)} UTC${on} (${link(entry.reference)}): ${text(sentences(entry.event.title))} ${detectTime(toDetectMs)}`;
  return line?.block === undefined
    ? sentence
    : `${sentence}\n\n${text(line.heading)}:\n\n${block(line.block)}`;
}

function link(reference: string): string {
  return `[${reference}](#evidence-${reference.toLowerCase()})`;
}

function timeline(model: ReportModel, time: ReportTime): string {
  if (model.timeline.length === 0) return 'Nothing happened that was recorded as an event.';
  const head = ['UTC', ...(time.isUtc ? [] : ['Local']), 'Host', 'What happened', 'By', 'Evidence'];
  const rows = model.timeline.map((entry) => [
    time.utc(entry.event.at),
    ...(time.isUtc ? [] : [time.localClock(entry.event.at)]),
    entry.event.host === undefined ? '' : text(entry.event.host),
    `${SEVERITY_MARK[entry.event.severity]} ${entry.event.severity}: ${text(entry.event.title)}`,
    text(actorOf(entry)),
    `${link(entry.reference)}${entry.remediation ? `, ${entry.remediation}` : ''}`,
  ]);
  return table(head, rows);
}

function remediation(entry: RemediationEntry, time: ReportTime): string {
  const { record, reference } = entry;
  const compared: [string, string][] =
    record.cpuBefore === undefined && record.cpuAfter === undefined
      ? []
      : [
          [
            'busy CPU before and after',
            `${asText(formatCores(record.cpuBefore))} and ${asText(formatCores(record.cpuAfter))}`,
          ],
        ];
  const steps = record.steps.map((step) => [time.utcClock(step.at), step.name, step.state, text(step.text)]);
  return [
    `### ${reference}: ${text(record.plan.title)}`,
    `**${text(remediationOutcome(entry))}**${entry.event ? ` For ${link(entry.event)}.` : ''}`,
    list([...remediationPairs(entry, time), ...compared]),
    'Exact command:',
    block(record.plan.command, 'sh'),
    ...(record.output === undefined || record.output === '' ? [] : ['Output:', block(record.output)]),
    table(['UTC', 'Step', 'State', ''], steps),
  ].join('\n\n');
}

function charts(model: ReportModel, time: ReportTime): string {
  if (model.charts.length === 0) return 'No samples are on record for this span.';
  const span = `${time.utc(model.from)} to ${time.utc(model.to)} UTC. Each row is one series over that time, least to most; \`·\` has no samples. The figures themselves are in the HTML report.`;
  const hosts = model.charts.map(({ host, figures }) => {
    const rows = figures.flatMap((figure) => figure.series.map((series) => seriesRow(figure, series, model)));
    const gaps = (figures[0]?.gaps ?? []).map(
      (gap) => `- no samples ${time.utc(gap.from)} to ${time.utc(gap.to)} UTC: ${text(gap.reason)}`,
    );
    return [
      `### ${text(host)}`,
      table(['Figure', 'Series', 'Over time', 'Least', 'Most'], rows),
      ...(gaps.length > 0 ? [gaps.join('\n')] : []),
    ].join('\n\n');
  });
  const others =
    model.uncharted.length === 0
      ? []
      : [
          `Nothing above info happened on: ${model.uncharted.map(text).join(', ')}. Their series are in the JSON.`,
        ];
  return [span, ...hosts, ...others].join('\n\n');
}

const BARS = '▁▂▃▄▅▆▇█';
const CELLS = 48;

function seriesRow(
  figure: Figure,
  series: Figure['series'][number],
  span: { from: number; to: number },
): string[] {
  const cells: number[][] = Array.from({ length: CELLS }, () => []);
  const known: number[] = [];
  for (const { at, value } of series.points) {
    if (value === null) continue;
    known.push(value);
    cells[
      Math.min(CELLS - 1, Math.max(0, Math.floor(((at - span.from) / (span.to - span.from)) * CELLS)))
    ]?.push(value);
  }
  if (known.length === 0) return [text(figure.title), text(series.label), '', 'not known', 'not known'];
  const least = known.reduce((a, b) => Math.min(a, b));
  const most = known.reduce((a, b) => Math.max(a, b));
  const bars = cells.map((values) => {
    if (values.length === 0) return '·';
    const peak = values.reduce((a, b) => Math.max(a, b));
    return BARS[most <= 0 ? 0 : Math.min(7, Math.floor((peak / most) * 8))] ?? '█';
  });
  return [
    text(figure.title),
    text(series.label),
    `\`${bars.join('')}\``,
    metricText(figure.unit, least),
    metricText(figure.unit, most),
  ];
}

function evidence(entry: TimelineEntry, time: ReportTime): string {
  const { event, reference } = entry;
  const whole = wholeTitle(entry);
  return [
    `### Evidence ${reference}`,
    `${time.utc(event.at)} UTC${event.host === undefined ? '' : `, ${text(event.host)}`}: ${text(event.title)}`,
    ...(whole === undefined ? [] : [block(whole)]),
    list([...eventPairs(entry, time), ...detailPairs(entry)]),
    ...entry.evidence.flatMap((one) => [
      `**${text(one.heading)}**`,
      ...(one.pairs.length > 0 ? [list(one.pairs)] : []),
      ...(one.block === undefined ? [] : [block(one.block)]),
    ]),
  ].join('\n\n');
}

function list(pairs: readonly [string, string][]): string {
  return pairs.map(([name, value]) => `- ${text(name)}: ${text(value)}`).join('\n');
}

function block(value: string, language = 'text'): string {
  const shown = visibleBlock(value.replace(/\n$/, ''));
  return fencedMarkdown(shown.text, language) + (shown.note ? `\n\n(${shown.note})` : '');
}
