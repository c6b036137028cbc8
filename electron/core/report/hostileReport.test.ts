import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import type { Incident } from '../../../shared/model/incident.ts';
import { METRICS } from '../../../shared/model/metric.ts';
import type { EventId } from '../../../shared/model/timelineEvent.ts';
import { exportReport } from './exportReport.ts';
import { BEGAN, fillIncident } from './incident.fixture.ts';
import { bed, NOW, render, type Written } from './reportBed.ts';
import { xmlFault } from './xmlFault.fixture.ts';

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

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
  bed.store.putHosts([
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
  bed.store.addSamples(
    [1, 2, 3].map((n) => ({
      host,
      vector: { at: BEGAN + n * 1000, values: METRICS.map(() => n), cores: [] },
    })),
  );
  const identity = { bootId: HOSTILE, pid: 1, startTicks: 2 };
  bed.store.putEvent({
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
  bed.store.putRemediation({
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
    ...bed.store.startIncident({ title: HOSTILE, severity: 'SEV1', startedAt: BEGAN }),
    summary: HOSTILE,
  };
  bed.store.putIncident(incident);
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
    const incident = fillIncident(bed.store);
    bed.store.putIncident({ ...incident, summary: 'Look:\n\n~~~~\nlog line\n~~~' });
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
    const { fileName, savedTo } = exportReport({
      store: bed.store,
      workspaceName: HOSTILE,
      format: 'html',
      now: NOW,
    });
    expect(fileName).toMatch(/^INC-1-[a-z0-9-]{1,40}-\d{8}T\d{6}Z\.html$/);
    expect(dirname(savedTo)).toBe(join(bed.store.directory, 'reports'));
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
