import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@playwright/test';
import { exportReport } from '../../electron/core/report/exportReport.ts';
import { BEGAN, fillIncident } from '../../electron/core/report/incident.fixture.ts';
import { openRecord } from '../../electron/core/store/recordStore.ts';
import { ManualClock } from '../../shared/base/clock.ts';
import type { EventId } from '../../shared/model/timelineEvent.ts';
import { checkWithAxe } from './axe.ts';

let root: string;
test.beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'fireline-report-'));
});
test.afterAll(() => rmSync(root, { recursive: true, force: true }));

/** As a file, which is how it is sent to others. */
function writeReport(): string {
  const now = BEGAN + 3_600_000;
  const opened = openRecord(root, { clock: new ManualClock(now) });
  if (!opened.ok) throw new Error(opened.error.message);
  const store = opened.value;
  fillIncident(store);
  store.putEvent({
    id: 'wide' as EventId,
    revision: 0,
    kind: 'note',
    severity: 'warning',
    source: 'detector',
    at: BEGAN + 1,
    seenAt: BEGAN + 1,
    clockOffsetMs: 0,
    title: 'W'.repeat(380),
    detail: { ['k'.repeat(90)]: 'v'.repeat(390) },
    evidence: [{ type: 'line', source: '/x'.repeat(100), text: 'l'.repeat(900) }],
    actions: [],
  });
  const file = join(root, 'report.html');
  writeFileSync(
    file,
    exportReport({ store, workspaceName: 'crawlers', format: 'html', now, timeZone: 'Europe/Berlin' })
      .content,
  );
  store.dispose();
  return file;
}

test('a report can be read by everyone, fetches nothing, and keeps to its page whatever it tells', async ({
  browser,
}) => {
  // Its own policy lets no script run, axe's neither.
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 900, height: 1000 } });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const address = pathToFileURL(writeReport()).href;
  await page.goto(address);
  for (const entry of await page.locator('summary').all()) await entry.click();
  await checkWithAxe(page, 'the report');
  await page.emulateMedia({ media: 'print' });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  const value = await page.getByText('v'.repeat(390)).boundingBox();
  expect(value?.width).toBeGreaterThan(300);
  expect(asked).toEqual([address]);
  await context.close();
});
