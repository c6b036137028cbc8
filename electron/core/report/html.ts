import { asText, formatCores, plural } from '../../../shared/model/format.ts';
import { sentences } from '../../../shared/model/sentences.ts';
import { escapeHtml } from './escapeHtml.ts';
import { visibleBlock, visibleLine } from './hostText.ts';
import { HTML_STYLE } from './htmlStyle.ts';
import type { EvidenceEntry, RemediationEntry, ReportModel, TimelineEntry } from './reportModel.ts';
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
import { svgChart } from './svgChart.ts';
import { type FlamePicture, svgFlame } from './svgFlame.ts';

/** No script runs, nothing is fetched: the file is the whole report. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** One offline HTML file. All text from hosts and people goes through `text` (visible, then escaped). */
export function renderHtml(model: ReportModel, time: ReportTime): string {
  const sections: [title: string, body: string][] = [
    ['Summary', summary(model)],
    ['Impact', impact(model)],
    ['Detection', detection(model, time)],
    ['Timeline', timeline(model, time)],
    ['Remediations', remediations(model, time)],
    ['Charts', charts(model, time)],
    ...UNWRITTEN.map(({ title, prompt }): [string, string] => [title, unwritten(prompt)]),
    ['Hosts', hosts(model)],
    ['Evidence', evidence(model, time)],
  ];
  const title = reportTitle(model);
  const label = model.incident ? `INC-${model.incident.number}` : 'Record';
  const contents = sections
    .map(
      ([name], index) =>
        `<li><span class="number">${index + 1}</span><a href="#section-${index + 1}">${text(name)}</a></li>`,
    )
    .join('');
  const body = sections
    .map(
      ([name, content], index) =>
        `<section><h2 id="section-${index + 1}"><span class="number">${index + 1}</span>${text(name)}</h2>\n${content}</section>`,
    )
    .join('\n');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${text(`${label}: ${title}`)}</title>
<style>${HTML_STYLE}</style>
</head>
<body>
<header>
<div class="kicker">${model.incident ? `Incident report · ${text(label)}` : 'Record of a workspace'}</div>
<h1>${text(title)}</h1>
<p class="meta">${model.incident ? `<span><b class="severity ${text(model.incident.severity)}">${text(model.incident.severity)}</b></span>` : ''}<span>${text(reportStatus(model))}</span><span>workspace ${text(model.workspaceName)}</span><span>written ${text(time.utc(model.generatedAt))} UTC</span>${time.isUtc ? '' : `<span>local times in ${text(time.timeZone)}</span>`}</p>
${times(model, time)}
</header>
<nav aria-label="Contents"><ol class="contents">${contents}</ol></nav>
<main>
${body}
</main>
<footer>Written by Fireline from its record: what is here was recorded as it happened, ${text(time.utc(model.from))} to ${text(time.utc(model.to))} UTC. Times are the workbench’s clock; host times are corrected by the offset shown for each host. Characters that would be invisible or act are shown as pictures (␛) or code points (‹U+202E›).</footer>
</body>
</html>
`;
}

function text(value: string): string {
  return escapeHtml(visibleLine(value));
}

function link(reference: string): string {
  return `<a href="#evidence-${text(reference)}">${text(reference)}</a>`;
}

function times(model: ReportModel, time: ReportTime): string {
  const rows = model.times.map(({ label, at, note }) => {
    const value =
      at === undefined
        ? `<span class="unset">${text(note)}</span>`
        : `${text(time.utc(at))}<span class="local">UTC${time.isUtc ? '' : `, ${text(time.local(at))}`}</span>${note ? `<span class="note">${text(note)}</span>` : ''}`;
    return `<div><dt>${text(label)}</dt><dd>${value}</dd></div>`;
  });
  return `<dl class="times">${rows.join('')}</dl>`;
}

function unwritten(prompt: string): string {
  return `<div class="unwritten"><b>Not written yet.</b> ${text(prompt)}</div>`;
}

function summary(model: ReportModel): string {
  const written = model.incident?.summary.trim() ?? '';
  if (written === '') return unwritten(SUMMARY_PROMPT);
  return `${written
    .split(/\n{2,}/)
    .map((paragraph) => `<p class="prose lead">${escapeHtml(visibleBlock(paragraph, 100_000).text)}</p>`)
    .join('')}`;
}

function impact(model: ReportModel): string {
  const { durationNote, hosts: affected } = model.impact;
  const list = affected.map((host) => `<code>${text(host)}</code>`).join(', ');
  return `<p>${text(durationNote)}</p><p>${
    affected.length === 0
      ? 'No host had an event above <i>info</i>.'
      : `${affected.length} of ${model.hosts.length} ${plural(model.hosts.length, 'host')} affected: ${list}.`
  }</p>`;
}

function detection(model: ReportModel, time: ReportTime): string {
  if (!model.detection) return '<p>No detector told of anything above <i>info</i> in this span.</p>';
  const { entry, toDetectMs } = model.detection;
  const line = entry.evidence.find((one) => one.evidence.type === 'line' || one.evidence.type === 'output');
  const on = entry.event.host === undefined ? '' : ` on <code>${text(entry.event.host)}</code>`;
  return `<p>First told at <b>${text(time.utc(entry.event.seenAt))} UTC</b>${on} (${link(entry.reference)}): ${text(sentences(entry.event.title))} ${text(detectTime(toDetectMs))}</p>${line ? evidenceBlock(line) : ''}`;
}

function timeline(model: ReportModel, time: ReportTime): string {
  if (model.timeline.length === 0) return '<p>Nothing happened that was recorded as an event.</p>';
  const columns = time.isUtc ? 5 : 6;
  let day = '';
  let declared = model.incident === undefined;
  const rows = model.timeline.map((entry) => {
    const { event } = entry;
    let row = '';
    if (time.utcDay(event.at) !== day) {
      day = time.utcDay(event.at);
      row += `<tr class="day"><td colspan="${columns}">${text(day)}</td></tr>`;
    }
    if (!declared && !entry.before) {
      declared = true;
      if (entry !== model.timeline[0])
        row += `<tr class="declared"><td colspan="${columns}">↑ before the incident was declared</td></tr>`;
    }
    const refers = entry.remediation
      ? ` <a href="#${text(entry.remediation)}">${text(entry.remediation)}</a>`
      : '';
    return `${row}<tr><td class="time">${text(time.utcClock(event.at))}</td>${time.isUtc ? '' : `<td class="time by">${text(time.localClock(event.at))}</td>`}${hostCell(event.host)}<td><span class="mark ${text(event.severity)}">${SEVERITY_MARK[event.severity]} ${text(event.severity)}</span> ${text(event.title)}</td><td class="by name">${text(actorOf(entry))}</td><td class="reference">${link(entry.reference)}${refers}</td></tr>`;
  });
  return `<table>${tableHead(['UTC', ...(time.isUtc ? [] : ['Local']), 'Host', 'What happened', 'By', 'Evidence'])}<tbody>${rows.join('\n')}</tbody></table>`;
}

/** A short name is never broken; a long one must not push the table off the page. */
function hostCell(host: string | undefined): string {
  return host === undefined
    ? '<td></td>'
    : `<td${host.length <= 20 ? ' class="name"' : ''}>${text(host)}</td>`;
}

function remediations(model: ReportModel, time: ReportTime): string {
  if (model.remediations.length === 0) return '<p>Nothing was done through Fireline in this span.</p>';
  return model.remediations.map((entry) => remediation(entry, time)).join('\n');
}

function remediation(entry: RemediationEntry, time: ReportTime): string {
  const { record, reference } = entry;
  const tone =
    record.outcome === 'succeeded' ? 'recovered' : record.outcome === 'failed' ? 'critical' : 'warning';
  const compare =
    record.cpuBefore === undefined && record.cpuAfter === undefined
      ? ''
      : `<div class="compare"><div>Busy CPU before<b>${text(asText(formatCores(record.cpuBefore)))}</b></div><div>after<b>${text(asText(formatCores(record.cpuAfter)))}</b></div><div>mean of the ten seconds before and after</div></div>`;
  const steps = record.steps
    .map(
      (step) =>
        `<tr><td class="time">${text(time.utcClock(step.at))}</td><td>${text(step.name)}</td><td>${text(step.state)}</td><td>${text(step.text)}</td></tr>`,
    )
    .join('');
  const output =
    record.output === undefined || record.output === '' ? '' : `<h4>Output</h4>${block(record.output)}`;
  return `<div class="remediation" id="${text(reference)}"><h3>${text(reference)} · ${text(record.plan.title)}</h3>
<p class="outcome ${tone}">${text(remediationOutcome(entry))}</p>
${pairs([...remediationPairs(entry, time)])}${entry.event ? `<p class="quiet">For ${link(entry.event)}.</p>` : ''}
<h4>Exact command</h4>${block(record.plan.command, 'command')}${compare}${output}
<h4>Steps</h4><table>${tableHead(['UTC', 'Step', 'State', 'What happened'])}<tbody>${steps}</tbody></table></div>`;
}

function charts(model: ReportModel, time: ReportTime): string {
  if (model.charts.length === 0) return '<p>No samples are on record for this span.</p>';
  const drawn = model.charts.map(({ host, figures }, index) => {
    const content = figures.map((figure) => {
      const svg = svgChart(figure, model, { hostName: host, link: (reference) => `#evidence-${reference}` });
      return `<figure id="${figure.id}"${figure.wide ? ' class="wide"' : ''}>${svg}<figcaption><b>Figure ${text(figure.id.replace('figure-', '').replace('-', '.'))}. ${text(host)}: ${text(figure.title)}.</b> ${text(figure.caption)}</figcaption></figure>`;
    });
    return `<h3 id="host-${index + 1}">${text(host)}</h3><div class="figures">${content.join('\n')}</div>`;
  });
  const others =
    model.uncharted.length === 0
      ? ''
      : `<p class="quiet">Not drawn, since nothing above <i>info</i> happened on them: ${model.uncharted.map((host) => `<code>${text(host)}</code>`).join(', ')}. Their series are in the JSON.</p>`;
  return `<p class="quiet">${text(time.utc(model.from))} to ${text(time.utc(model.to))} UTC, at most 600 samples a series, each the last of its interval. Upright lines are events; hatched stretches have no samples.</p>${drawn.join('\n')}${others}`;
}

function hosts(model: ReportModel): string {
  const rows = model.hosts.map(
    (host) =>
      `<tr>${hostRow(host)
        .map((cell) => `<td>${escapeHtml(cell)}</td>`)
        .join('')}</tr>`,
  );
  return `<table>${tableHead(HOST_COLUMNS)}<tbody>${rows.join('\n')}</tbody></table>`;
}

function tableHead(names: readonly string[]): string {
  return `<thead><tr>${names.map((name) => `<th scope="col">${text(name)}</th>`).join('')}</tr></thead>`;
}

function evidence(model: ReportModel, time: ReportTime): string {
  if (model.timeline.length === 0) return '<p>None.</p>';
  return `<p class="quiet">One entry for each row of the timeline, as it was recorded. Open one to see it; all are open on paper.</p>${model.timeline.map((entry) => evidenceEntry(entry, time)).join('\n')}`;
}

function evidenceEntry(entry: TimelineEntry, time: ReportTime): string {
  const { event, reference } = entry;
  const items = entry.evidence.map(
    (one, index) =>
      `<h3>${text(one.heading)}</h3>${pairs(one.pairs)}${one.flame ? flame(one.flame, `flame-${reference}-${index + 1}`, one.heading) : ''}${one.block === undefined ? '' : block(one.block)}${one.figure ? `<p class="quiet">Shown in <a href="#${one.figure}">figure ${text(one.figure.replace('figure-', '').replace('-', '.'))}</a>.</p>` : ''}`,
  );
  const detail = detailPairs(entry);
  const whole = wholeTitle(entry);
  // The target is inside: following a link to it opens what encloses it.
  return `<details><summary><span class="reference">${text(reference)}</span><span>${text(time.utcClock(event.at))}</span><span class="muted">${event.host === undefined ? '' : text(event.host)}</span><span class="title">${text(event.title)}</span></summary><div class="evidence" id="evidence-${text(reference)}">${pairs(eventPairs(entry, time))}${whole === undefined ? '' : `<h3>Text</h3>${block(whole)}`}${detail.length > 0 ? `<h3>Facts</h3>${pairs(detail)}` : ''}${items.join('')}</div></details>`;
}

function flame(picture: FlamePicture, id: string, heading: string): string {
  const { frames, frameCount, compared } = picture;
  if (frameCount <= 1) return '';
  const colours = compared
    ? 'Red has more of the whole than in the other, blue less, grey no more than chance; the width is the mean of both.'
    : 'The width is the share of the samples; blue is the application’s own code, grey the runtime’s, ochre the kernel’s.';
  const cut =
    frames.length < frameCount
      ? ` The ${frames.length} widest of ${frameCount.toLocaleString('en-GB')} frames are drawn.`
      : '';
  return `<figure>${svgFlame(picture, text(id), heading)}<figcaption>${text(`Who calls whom, from the top down. ${colours}${cut}`)}</figcaption></figure>`;
}

function evidenceBlock(entry: EvidenceEntry): string {
  return `<h3 class="quiet">${text(entry.heading)}</h3>${entry.block === undefined ? '' : block(entry.block)}`;
}

function pairs(list: readonly [string, string][]): string {
  if (list.length === 0) return '';
  return `<dl class="pairs">${list.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join('')}</dl>`;
}

function block(value: string, className?: string): string {
  const shown = visibleBlock(value.replace(/\n$/, ''));
  const html = escapeHtml(shown.text);
  const note = shown.note ? `<p class="cut">${text(shown.note)}</p>` : '';
  return `<pre${className ? ` class="${className}"` : ''}>${html}</pre>${note}`;
}
