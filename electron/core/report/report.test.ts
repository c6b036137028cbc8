import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { Incident, IncidentId } from '../../../shared/model/incident.ts';
import { METRICS } from '../../../shared/model/metric.ts';
import type { ProfileId } from '../../../shared/model/profile.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { nameRecord, openWorkspaceRecord } from '../store/openWorkspaceRecord.ts';
import type { RecordStore } from '../store/store.types.ts';
import { exportReport, type ReportFormat } from './exportReport.ts';
import { BEGAN, fillIncident } from './incident.fixture.ts';
import { reportFromRecord } from './reportFromRecord.ts';
import { xmlFault } from './xmlFault.fixture.ts';

const NOW = BEGAN + 30 * 60_000;
let data: string;
let store: RecordStore;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'fireline-report-'));
  const opened = openWorkspaceRecord(
    data,
    { name: 'crawlers', path: '/w/crawlers.yaml' },
    new ManualClock(NOW),
  );
  if (!opened.ok) throw new Error(opened.error.message);
  store = opened.value.store;
  nameRecord(store.directory, { name: 'crawlers' });
});
afterEach(() => {
  store.dispose();
  rmSync(data, { recursive: true, force: true });
});

function render(format: ReportFormat, over: { incident?: IncidentId; timeZone?: string } = {}): string {
  return exportReport({
    store,
    workspaceName: 'crawlers',
    format,
    now: NOW,
    timeZone: 'Europe/Berlin',
    ...over,
  }).content;
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

function invented(id: string, at: number, over: Partial<TimelineEvent>): TimelineEvent {
  return {
    id: id as EventId,
    revision: 0,
    kind: 'note',
    severity: 'info',
    source: 'detector',
    at,
    seenAt: at,
    clockOffsetMs: 0,
    title: id,
    detail: {},
    evidence: [],
    actions: [],
    ...over,
  };
}

/** Sections of a JSON report that the tests look at. */
interface Written {
  incident?: Incident;
  timeline: (TimelineEvent & { reference: string; before: boolean; remediation?: string })[];
  remediations: { reference: string; event?: string }[];
  detection?: { event: string; toDetectMs?: number };
  times: { label: string; at?: number }[];
  impact: { durationMs?: number; durationNote: string; hosts: string[] };
  gaps: { host: string; from: number; to: number; reason: string }[];
  series: { host: string; samples: { at: number; values: (number | null)[] }[] }[];
  from: number;
  to: number;
}

const written = (over: { incident?: IncidentId } = {}) => JSON.parse(render('json', over)) as Written;

describe('the model', () => {
  it('begins before the incident, and every row of the timeline has its evidence', () => {
    const incident = fillIncident(store);
    const report = written();
    expect(report.incident?.id).toBe(incident.id);
    expect(report.from).toBe(BEGAN - 10 * 60_000);
    expect(report.to).toBe(incident.endedAt);
    expect(report.timeline.map((row) => row.reference)).toEqual([
      'E1',
      'E2',
      'E3',
      'E4',
      'E5',
      'E6',
      'E7',
      'E8',
      'E9',
    ]);
    expect(report.timeline.filter((row) => row.before).map((row) => row.id)).toEqual(['slow', 'oom', 'loop']);
    expect(report.detection).toEqual({ event: 'E2', toDetectMs: 240 });
    expect(report.impact).toMatchObject({ durationMs: 980_000, hosts: ['crawl-3', 'crawl-4'] });
    expect(report.remediations).toMatchObject([{ reference: 'R1', event: 'E3' }]);
    expect(report.timeline.find((row) => row.id === 'done')?.remediation).toBe('R1');
    expect(report.times.map((row) => row.label)).toEqual([
      'Impact began',
      'Detected',
      'Declared',
      'Mitigated',
      'Resolved',
      'Closed',
    ]);
  });

  it('tells what had begun long before and went on, and not what was over', () => {
    const incident = fillIncident(store);
    const early = (id: string, over: Partial<TimelineEvent>): void =>
      store.putEvent(
        invented(id, BEGAN - 3 * 3_600_000, { host: 'web1' as HostId, severity: 'warning', ...over }),
      );
    early('full', { kind: 'disk.full', title: '/srv is full' });
    early('was-full', { kind: 'disk.full', endedAt: BEGAN - 3_600_000 });
    early('link-lost', { kind: 'link.lost' });
    early('regained', { kind: 'link.lost' });
    store.putEvent(
      invented('back', BEGAN - 2 * 3_600_000, {
        kind: 'link.restored',
        severity: 'recovered',
        relatesTo: 'regained' as EventId,
      }),
    );
    early('moment', { kind: 'process.oom_killed' });
    const [first, second, third] = written({ incident: incident.id }).timeline;
    expect([first?.id, second?.id, third?.id]).toEqual(['full', 'link-lost', 'slow']);
    expect(first?.before).toBe(true);
  });

  it('has all of an incident in which the clock was set back', () => {
    const incident = store.startIncident({
      title: 'slow',
      severity: 'SEV3',
      startedAt: BEGAN,
      impactBeganAt: BEGAN,
    });
    const after = BEGAN - 3_600_000;
    store.putEvent(invented('after', after, { title: 'told when the clock was right' }));
    store.putIncident({ ...incident, endedAt: after + 60_000, resolvedAt: after + 60_000 });
    const report = written({ incident: incident.id });
    expect(report.timeline.map((row) => row.id)).toEqual(['after']);
    expect(report.impact).toMatchObject({
      durationNote: 'How long it lasted is not known: the end that is set lies before impact began.',
    });
    expect(report.impact.durationMs).toBeUndefined();
  });

  it('is written whatever a host says of its clock', () => {
    fillIncident(store);
    store.putEvent(
      invented('wild', BEGAN + 1, {
        hostAt: 1e16,
        endedAt: 1e16,
        evidence: [
          { type: 'line', source: 'kernel log', text: 'x', at: -1e300 },
          { type: 'cast', pane: 'pane-1', offsetSeconds: 1e300 },
          { type: 'samples', metric: 'system.memory.usage.used', from: -1e300, to: 1e300 },
        ],
      }),
    );
    for (const format of ['html', 'md'] as const)
      expect(render(format)).toContain('????-??-?? ??:??:??.??? UTC');
    expect(written().timeline.map((row) => row.id)).toContain('wild');
  });

  it('shows a lost link as a gap with its reason, and never a value in it', () => {
    fillIncident(store);
    const report = written();
    expect(report.gaps).toHaveLength(1);
    const [gap] = report.gaps;
    expect(gap).toMatchObject({ host: 'crawl-3', reason: 'link lost (E5)' });
    const samples = report.series.find((one) => one.host === 'crawl-3')?.samples ?? [];
    expect(samples.length).toBeGreaterThan(400);
    expect(samples.filter(({ at }) => at > (gap?.from ?? 0) && at < (gap?.to ?? 0))).toEqual([]);
    expect(report.series.map((one) => one.host)).toEqual(['crawl-3', 'crawl-4', 'web1']);
  });

  it('is of the whole record when no incident was declared', () => {
    fillIncidentWithout(store);
    const report = written();
    expect(report.incident).toBeUndefined();
    expect(report.from).toBe(BEGAN - 7000);
    expect(report.to).toBe(BEGAN + 60_000);
    expect(render('md')).toContain('# Record of crawlers');
  });

  it('of an empty record says so, in every format', () => {
    expect(render('html')).toContain('Nothing happened that was recorded as an event.');
    expect(render('md')).toContain('No samples are on record for this span.');
    expect(written().timeline).toEqual([]);
  });

  it('of an incident that goes on ends now, and says what is not set', () => {
    store.startIncident({ title: 'Something', severity: 'SEV3', startedAt: NOW - 60_000 });
    const text = render('md');
    expect(text).toContain('going on');
    expect(text).toContain('When impact began has not been set.');
    expect(text).toContain('| Resolved | – | – | not set |');
  });
});

function fillIncidentWithout(into: RecordStore): void {
  const host = 'a' as HostId;
  into.putHosts([
    {
      id: host,
      tags: [],
      transport: 'local',
      address: 'this machine',
      link: { kind: 'good', since: 0 },
      sampler: { kind: 'off' },
    },
  ]);
  into.addSamples(
    [-7000, 0, 60_000].map((offset) => ({
      host,
      vector: { at: BEGAN + offset, values: METRICS.map(() => 1), cores: [] },
    })),
  );
}

describe('HTML', () => {
  it('is one file without script that fetches nothing', () => {
    fillIncident(store);
    const html = render('html');
    expect(html).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<object|<embed|@import|url\((?!#)/i);
    expect(all(html, /\s(?:href|src)="([^"]*)"/g).filter((to) => !to.startsWith('#'))).toEqual([]);
    expect(html).not.toMatch(/\son[a-z]+=/i);
  });

  it('has every section, with what people still have to write marked', () => {
    fillIncident(store);
    const html = render('html');
    expect(all(html, /<h2[^>]*><span[^>]*>\d+<\/span>([^<]*)</g)).toEqual([
      'Summary',
      'Impact',
      'Detection',
      'Timeline',
      'Remediations',
      'Charts',
      'Contributing factors',
      'Lessons',
      'Action items',
      'Hosts',
      'Evidence',
    ]);
    expect(html.match(/Not written yet/g)).toHaveLength(3);
    expect(html).toContain('3.42');
    expect(html).toContain('2026-11-21 14:08:20');
    expect(html).toContain('2026-11-21 15:08:20 GMT+1');
  });

  it('leads from every row to evidence that is there, with no id twice', () => {
    fillIncident(store);
    const html = render('html');
    const ids = all(html, /\sid="([^"]*)"/g);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = all(html, /\shref="#([^"]*)"/g);
    for (const target of targets) expect(ids).toContain(target);
    for (let row = 1; row <= 9; row += 1) expect(targets).toContain(`evidence-E${row}`);
  });

  it('draws figures that are well-formed XML, with axes, marks, gaps and words for those who do not see them', () => {
    fillIncident(store);
    const figures = all(render('html'), /(<svg[\s\S]*?<\/svg>)/g);
    expect(figures).toHaveLength(11);
    for (const svg of figures) {
      expect(xmlFault(svg)).toBeUndefined();
      expect(svg).toMatch(/<title id="[^"]+">[^<]+<\/title><desc id="[^"]+">[^<]+<\/desc>/);
      expect(svg).toContain('>UTC</text>');
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
    expect(figures[0]).toContain('Gap: link lost (E5)');
    expect(figures[0]).toContain('>E2–E3</text>');
    // The area is drawn before and after the gap, not across it.
    expect(figures[0]?.match(/fill="#0072b2" fill-opacity/g)).toHaveLength(3);
  });
});

/** What hosts may send: markup, ends of every kind of quoting, escape sequences, bidirectional controls, NUL. */
const HOSTILE = [
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  ']]> --> </svg></style></pre></details><h1>x',
  '" onmouseover="alert(1)',
  '\u001b]0;title\u0007\u001b[31mred\u001b[0m \u009b2J',
  '\u202Egnp.exe\u2066 \u200B zero',
  '``` ```` | a | b |\n# heading\n- list\n[x](javascript:alert(1)) ![x](http://evil/x.png)',
  'NUL\u0000 lone \ud800 surrogate \uFFFE',
  '@everyone #1 www.evil.example http://evil.example $(rm) $x$ _em_ *b* ~s~ \\',
].join(' ');

function fillHostile(): Incident {
  const host = 'h' as HostId;
  store.putHosts([
    {
      id: host,
      tags: [],
      transport: 'ssh',
      address: HOSTILE,
      link: { kind: 'good', since: 0 },
      sampler: { kind: 'off' },
      facts: {
        hostname: HOSTILE,
        kernel: HOSTILE,
        osName: HOSTILE,
        cores: 1,
        bootId: HOSTILE,
        bootedAt: 0,
        ticksPerSecond: 100,
        pageBytes: 4096,
        clockOffsetMs: 0,
        clockUncertaintyMs: 0,
        container: false,
      },
    },
  ]);
  store.addSamples(
    [1, 2, 3].map((n) => ({
      host,
      vector: { at: BEGAN + n * 1000, values: METRICS.map(() => n), cores: [] },
    })),
  );
  const identity = { bootId: HOSTILE, pid: 1, startTicks: 2 };
  store.putEvent({
    id: HOSTILE as EventId,
    revision: 1,
    host,
    kind: 'process.oom_killed',
    severity: 'critical',
    source: 'detector',
    at: BEGAN + 2000,
    seenAt: BEGAN + 2000,
    clockOffsetMs: 0,
    title: HOSTILE,
    detail: { [HOSTILE]: HOSTILE, actor: HOSTILE, nested: { [HOSTILE]: [HOSTILE] } },
    evidence: [
      { type: 'line', source: HOSTILE, text: `${HOSTILE}\n${'x'.repeat(1_000_000)}é END` },
      { type: 'output', command: HOSTILE, text: HOSTILE },
      { type: 'process', identity, name: HOSTILE, command: HOSTILE, note: HOSTILE },
      { type: 'samples', metric: 'system.memory.usage.used', from: BEGAN, to: BEGAN + 4000, note: HOSTILE },
      { type: 'cast', pane: HOSTILE, offsetSeconds: 1 },
    ],
    actions: [],
  });
  store.putRemediation({
    plan: {
      id: 'p' as never,
      action: 'process.kill',
      host,
      arguments: { target: identity, signal: 'TERM' },
      title: HOSTILE,
      command: HOSTILE,
      touches: [],
      needs: '',
      verification: '',
      createdAt: BEGAN,
    },
    actor: HOSTILE,
    confirmedAt: BEGAN + 2500,
    steps: [{ name: 'guard', state: 'failed', at: BEGAN + 2600, text: HOSTILE }],
    outcome: 'refused',
    verdict: HOSTILE,
    output: HOSTILE,
  });
  const incident = {
    ...store.startIncident({ title: HOSTILE, severity: 'SEV1', startedAt: BEGAN }),
    summary: HOSTILE,
  };
  store.putIncident(incident);
  return incident;
}

/** Everything that would act or hide, but line breaks and tabs. */
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]/u;

describe('hostile content', () => {
  it('is inert text in HTML and in its figures', () => {
    fillHostile();
    const html = render('html');
    expect(html).not.toMatch(ACTING);
    expect(html).not.toMatch(/<script|<img|<h1>x|onmouseover="/i);
    // Every tag is one of ours, and the whole body nests.
    const tags = new Set(all(html, /<([a-z][a-z0-9]*)/gi));
    expect(
      [...tags].filter((tag) => /script|img|iframe|object|embed|form|input|base|template/i.test(tag)),
    ).toEqual([]);
    const body = html.slice(html.indexOf('<body>'), html.indexOf('</body>') + 7);
    expect(xmlFault(body)).toBeUndefined();
    expect(html).toContain('␛');
    expect(html).toContain('‹U+202E›');
  });

  it('is inert text in Markdown: no HTML, no table broken, no fence closed early', () => {
    fillHostile();
    const text = render('md');
    expect(text).not.toMatch(ACTING);
    const { prose, fences } = splitFences(text);
    expect(fences.length).toBeGreaterThan(4);
    expect(prose).not.toMatch(/<(?=[a-z/!])(?<!\\<)/i);
    const titles = prose.split('\n').filter((line) => line.startsWith('# '));
    // The summary is Markdown by a person, and its headings are the person's; every other one is ours.
    expect(titles).toHaveLength(2);
    expect(titles[0]).toMatch(/^# INC-1: &lt;script&gt;/);
    const ownHeadings = prose.split('\n').filter((line) => /^#{2,3} /.test(line));
    // The summary is Markdown by a person, and its heading is the person's; every other one is ours.
    expect(
      ownHeadings.every((line) => /^(## [A-Z][a-z ]+|### (E\d+|Evidence E\d+|R\d+:.*|h))$/.test(line)),
    ).toBe(true);
    for (const rows of prose.split('\n\n').filter((part) => part.startsWith('|'))) {
      const columns = rows.split('\n').map((row) => row.replace(/\\./g, '').split('|').length);
      expect(new Set(columns).size).toBe(1);
    }
    const withoutSummary = prose.slice(prose.indexOf('## Impact'));
    expect(withoutSummary).not.toMatch(/https?:\/\/|www\.|@everyone|[^\\]\$x|[^\\]\[x\]\(/);
  });

  it('of a person who left a fence open does not swallow the report', () => {
    const incident = fillIncident(store);
    store.putIncident({ ...incident, summary: 'Look:\n\n~~~~\nlog line\n~~~' });
    expect(render('md')).toContain('log line\n~~~\n~~~~\n\n## Impact');
  });

  it('is whole and exact in JSON, which no terminal obeys', () => {
    fillHostile();
    const json = render('json');
    expect(json).not.toMatch(ACTING);
    const report = JSON.parse(json) as Written;
    expect(report.timeline[0]?.title).toBe(HOSTILE);
    const line = report.timeline[0]?.evidence[0];
    expect(line?.type === 'line' && line.text.length).toBe(HOSTILE.length + 1_000_000 + 6);
  });

  it('of a megabyte is cut in the text, saying by how much', () => {
    fillHostile();
    for (const format of ['html', 'md'] as const) {
      const text = render(format);
      expect(text.length).toBeLessThan(150_000);
      const cut = /cut, ([\d,]+) bytes more; whole text in the JSON/.exec(text)?.[1];
      expect(Number(cut?.replaceAll(',', ''))).toBeGreaterThan(990_000);
      expect(text).not.toContain('é END');
    }
  });

  it('makes no file name but a plain one', () => {
    fillHostile();
    const { fileName, savedTo } = exportReport({ store, workspaceName: HOSTILE, format: 'html', now: NOW });
    expect(fileName).toMatch(/^INC-1-[a-z0-9-]{1,40}-\d{8}T\d{6}Z\.html$/);
    expect(dirname(savedTo)).toBe(join(store.directory, 'reports'));
  });
});

/** A reader of fences, as CommonMark has them: closed only by as many backticks or more, alone on a line. */
function splitFences(text: string): { prose: string; fences: string[] } {
  const prose: string[] = [];
  const fences: string[] = [];
  let open: { length: number; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const run = /^(`{3,})([^`]*)$/.exec(line);
    if (!open && run) open = { length: run[1]?.length ?? 0, lines: [] };
    else if (open && run && (run[1]?.length ?? 0) >= open.length && run[2]?.trim() === '') {
      fences.push(open.lines.join('\n'));
      open = undefined;
    } else if (open) open.lines.push(line);
    else prose.push(line);
  }
  expect(open).toBeUndefined();
  return { prose: prose.join('\n'), fences };
}

describe('exporting', () => {
  it('keeps each export in the record, and never writes over an earlier one', () => {
    fillIncident(store);
    const options = { store, workspaceName: 'crawlers', format: 'md', now: NOW } as const;
    const first = exportReport(options);
    const second = exportReport(options);
    expect(readFileSync(first.savedTo, 'utf8')).toBe(first.content);
    expect(second.savedTo).not.toBe(first.savedTo);
    expect(readdirSync(join(store.directory, 'reports'))).toHaveLength(2);
    expect(basename(first.savedTo)).toBe(first.fileName);
    expect(first.mediaType).toContain('text/markdown');
  });

  it('is of the running incident, else the latest, or the one asked for', () => {
    const older = fillIncident(store);
    const running = store.startIncident({ title: 'Second', severity: 'SEV4', startedAt: NOW - 1000 });
    expect(written().incident?.id).toBe(running.id);
    expect(written({ incident: older.id }).incident?.id).toBe(older.id);
    store.putIncident({ ...running, startedAt: BEGAN - 3_600_000, endedAt: BEGAN - 3_500_000 });
    expect(written().incident?.id).toBe(older.id);
    expect(() => render('md', { incident: 'none' as IncidentId })).toThrow(/There is no incident none/);
    expect(() => render('md', { timeZone: 'Mars/Olympus' })).toThrow(/no time zone "Mars\/Olympus"/);
  });
});

it('tells a profile’s hottest stacks once: with the profile, or where its file has gone with its command', () => {
  const summary = {
    id: '6f3c2a52-9a5e-4bb1-8f0e-1f0a2f6f7f11' as ProfileId,
    host: 'web1' as HostId,
    title: 'pid 7 (node), 3 s',
    name: 'node',
    way: 'perf' as const,
    at: NOW - 60_000,
    seconds: 3,
    processes: [
      { identity: { bootId: 'b', pid: 7, startTicks: 1 }, name: 'node', command: 'node app.js', samples: 90 },
    ],
    notes: [],
  };
  const stack = 'main → parseHtml';
  store.putEvent({
    id: 'taken' as EventId,
    revision: 1,
    seenAt: summary.at,
    clockOffsetMs: 0,
    kind: 'profile.taken',
    severity: 'info',
    source: 'person',
    at: summary.at,
    host: summary.host,
    title: 'Profiled pid 7 (node), 3 s',
    detail: {},
    evidence: [
      { type: 'profile', profile: summary },
      { type: 'output', command: 'perf record -p 7', text: `100.0 %  ${stack}` },
    ],
    actions: [],
  });
  for (const format of ['md', 'html'] as const) {
    expect(render(format).split(stack)).toHaveLength(2);
    expect(render(format)).toContain('Output of a command');
  }
  store.putProfile({ ...summary, folded: ['main;parseHtml 90'] });
  for (const format of ['md', 'html'] as const) {
    expect(render(format).split(stack)).toHaveLength(2);
    expect(render(format)).not.toContain('Output of a command');
    expect(render(format)).toContain('perf record -p 7');
  }
});

describe('from a record', () => {
  it('reads the latest or a numbered incident, also while it is written', () => {
    fillIncident(store);
    const latest = reportFromRecord({ dataDirectory: data, which: 'latest', format: 'md', timeZone: 'UTC' });
    expect(latest.content).toContain('workspace crawlers');
    expect(latest.content).not.toContain('| Local |');
    expect(existsSync(latest.savedTo)).toBe(true);
    for (const which of [1, '1', 'INC-1'] as never[]) {
      expect(reportFromRecord({ dataDirectory: data, which, format: 'json' }).fileName).toContain(
        'INC-1-crawlers',
      );
    }
    store.dispose();
    expect(reportFromRecord({ dataDirectory: data, which: 'latest', format: 'md' }).content).toContain(
      '# INC-1',
    );
  });

  it('says when there is nothing of the kind', () => {
    expect(() => reportFromRecord({ dataDirectory: data, which: 7, format: 'md' })).toThrow(
      /There is no incident 7/,
    );
    expect(() =>
      reportFromRecord({ dataDirectory: join(data, 'none'), which: 'latest', format: 'md' }),
    ).toThrow(/There is no record/);
  });
});
