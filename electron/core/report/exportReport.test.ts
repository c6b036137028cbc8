import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IncidentId } from '../../../shared/model/incident.ts';
import { exportReport } from './exportReport.ts';
import { BEGAN, fillIncident } from './incident.fixture.ts';
import { bed, NOW, render, written } from './reportBed.ts';
import { reportFromRecord } from './reportFromRecord.ts';

describe('exporting', () => {
  it('keeps each export in the record, and never writes over an earlier one', () => {
    fillIncident(bed.store);
    const options = { store: bed.store, workspaceName: 'crawlers', format: 'md', now: NOW } as const;
    const first = exportReport(options);
    const second = exportReport(options);
    expect(readFileSync(first.savedTo, 'utf8')).toBe(first.content);
    expect(second.savedTo).not.toBe(first.savedTo);
    expect(readdirSync(join(bed.store.directory, 'reports'))).toHaveLength(2);
    expect(basename(first.savedTo)).toBe(first.fileName);
    expect(first.mediaType).toContain('text/markdown');
  });

  it('has the shape in JSON that its help describes', () => {
    fillIncident(bed.store);
    const report = JSON.parse(render('json')) as Record<string, unknown>;
    const metrics = report['metrics'] as unknown[];
    expect(report).toEqual({
      format: 'fireline.report',
      version: 1,
      timeZone: 'Europe/Berlin',
      incident: expect.objectContaining({ number: 1, severity: 'SEV2', startedAt: expect.any(Number) }),
      workspaceName: 'crawlers',
      generatedAt: NOW,
      from: expect.any(Number),
      to: expect.any(Number),
      ongoing: false,
      times: expect.arrayContaining([{ label: 'Declared', at: expect.any(Number), note: '' }]),
      impact: { durationMs: expect.any(Number), durationNote: expect.any(String), hosts: expect.any(Array) },
      detection: { event: 'E2', toDetectMs: expect.any(Number) },
      timeline: expect.arrayContaining([
        expect.objectContaining({
          reference: 'E2',
          before: true,
          id: 'oom',
          kind: 'process.oom_killed',
          at: expect.any(Number),
          evidence: expect.any(Array),
        }),
      ]),
      remediations: [
        expect.objectContaining({
          reference: 'R1',
          event: 'E3',
          plan: expect.objectContaining({ command: expect.any(String) }),
          steps: expect.any(Array),
          outcome: 'succeeded',
        }),
      ],
      hosts: expect.arrayContaining([expect.objectContaining({ id: 'web1' })]),
      uncharted: ['web1'],
      gaps: [
        { host: 'crawl-3', from: expect.any(Number), to: expect.any(Number), reason: expect.any(String) },
      ],
      metrics: expect.arrayContaining([{ name: 'system.memory.usage.used', unit: 'bytes' }]),
      series: expect.arrayContaining([
        {
          host: 'web1',
          samples: expect.arrayContaining([
            {
              at: expect.any(Number),
              cores: expect.any(Array),
              values: expect.objectContaining({ length: metrics.length }),
            },
          ]),
        },
      ]),
    });
  });

  it('is of the running incident, else the latest, or the one asked for', () => {
    const older = fillIncident(bed.store);
    const running = bed.store.startIncident({ title: 'Second', severity: 'SEV4', startedAt: NOW - 1000 });
    expect(written().incident?.id).toBe(running.id);
    expect(written({ incident: older.id }).incident?.id).toBe(older.id);
    bed.store.putIncident({ ...running, startedAt: BEGAN - 3_600_000, endedAt: BEGAN - 3_500_000 });
    expect(written().incident?.id).toBe(older.id);
    expect(() => render('md', { incident: 'none' as IncidentId })).toThrow(/There is no incident none/);
    expect(() => render('md', { timeZone: 'Mars/Olympus' })).toThrow(/no time zone "Mars\/Olympus"/);
  });
});

describe('from a record', () => {
  it('reads the latest or a numbered incident, also while it is written', () => {
    fillIncident(bed.store);
    const latest = reportFromRecord({
      dataDirectory: bed.data,
      which: 'latest',
      format: 'md',
      timeZone: 'UTC',
    });
    expect(latest.content).toContain('workspace crawlers');
    expect(latest.content).not.toContain('| Local |');
    expect(existsSync(latest.savedTo)).toBe(true);
    for (const which of [1, '1', 'INC-1'] as never[]) {
      expect(reportFromRecord({ dataDirectory: bed.data, which, format: 'json' }).fileName).toContain(
        'INC-1-crawlers',
      );
    }
    bed.store.dispose();
    expect(reportFromRecord({ dataDirectory: bed.data, which: 'latest', format: 'md' }).content).toContain(
      '# INC-1',
    );
  });

  it('says when there is nothing of the kind', () => {
    expect(() => reportFromRecord({ dataDirectory: bed.data, which: 7, format: 'md' })).toThrow(
      /There is no incident 7/,
    );
    expect(() =>
      reportFromRecord({ dataDirectory: join(bed.data, 'none'), which: 'latest', format: 'md' }),
    ).toThrow(/There is no record/);
  });
});
