import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { detectCgroupsHere } from '../lab/cgroups.ts';
import { type Lab, quotaGroupPath, startLab } from '../lab/lab.ts';
import { startTrouble } from '../lab/scenarios/trouble.ts';
import { expectInert } from './expectInert.ts';
import { collectAlerts, openWorkbench, type Workbench } from './workbench.ts';

/** Story 4: a client that leaks connections, whose answers nobody reads, throttled by a cgroup whose name would act if it could. Its log that runs over is played in the lab. */
test.describe.configure({ mode: 'serial', timeout: 200_000 });

/** What is told in minutes otherwise, told in half a minute: the windows are shorter, nothing else. */
const THRESHOLDS = `thresholds:
  connectionsLeak: { seconds: 20 }
  connectionsCapped: { seconds: 15, growthSeconds: 15 }
  queueStalled: { seconds: 20, looks: 3 }
`;

/** All that a folder may be called, but for a line break; a colon is in those that container runtimes make. */
const MARKUP = '<img src=x onerror=alert(1)>';
const GROUP = `cri:${MARKUP} [x](javascript:alert(2)) \`id\` \u202egnp \u001b[31m\t@service\towned`;

let lab: Lab;
let workbench: Workbench;
let page: Page;
let alerts: string[];

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 2, quotaGroup: { name: GROUP, cpuQuota: 0.25 } });
  workbench = await openWorkbench(browser, `${lab.workspaceYaml}${THRESHOLDS}`);
  page = workbench.page;
  alerts = collectAlerts(page.context());
  await workbench.seeGoodLinks(lab.hosts);
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const told = (words: RegExp) => timeline().getByRole('button', { name: words }).first();
const sheet = () => page.getByRole('dialog');

/** Kills what the event is about, by its own button, and waits until it is verified. Gives its pid. */
async function killByButton(event: RegExp): Promise<string> {
  const row = timeline()
    .getByRole('listitem')
    .filter({ has: page.getByRole('button', { name: event }) })
    .first();
  await row.getByRole('button', { name: event }).click();
  await row.getByRole('button', { name: /^Kill pid \d+ \(perl\)/ }).click();
  const confirm = sheet().getByRole('button', { name: /^Kill pid \d+ \(perl\) on web1/ });
  const pid = /pid (\d+)/.exec((await confirm.textContent()) ?? '')?.[1] ?? '';
  await confirm.click();
  await expect(sheet().getByRole('status').last()).toContainText('succeeded', { timeout: 30_000 });
  await sheet().getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: /Return to live/ }).click();
  return pid;
}

test('the leak, the queue that nobody reads and the throttled group are told, each with its numbers', async () => {
  const host = lab.host('web1');
  await startTrouble(host, 'connections');
  const group = join(`${detectCgroupsHere().mounts.cpu}`, quotaGroupPath(lab, GROUP), 'cgroup.procs');
  await startTrouble(host, 'throttle', { group });
  await expect(told(/web1.*perl.* has \d+ connections to .*9243/)).toBeVisible({ timeout: 90_000 });
  await expect(told(/web1.*is held back in \d+ % of its CPU periods/)).toBeVisible({ timeout: 60_000 });
  await expect(told(/web1.*does not read/)).toBeVisible({ timeout: 90_000 });
  await expect(told(/web1.*stands at 256 connections to .*9243/)).toBeVisible({ timeout: 120_000 });
  await told(/web1.*stands at 256 connections/).click();
  await page.screenshot({ path: 'e2e/results/leak-1-told.png' });
  await told(/is held back in/).click();
  await expect(timeline()).toContainText('its quota is 0.25 cores');
  await expect(timeline()).toContainText('‹U+202E›gnp');
  await expectInert(page, alerts);
  await page.keyboard.press('Escape');
});

test('its connections are looked at with one click, and its control groups', async () => {
  const detail = page.getByRole('region', { name: 'Host detail' });
  await page.getByRole('option', { name: /web1/ }).click();
  await detail.getByRole('tab', { name: 'Diagnose' }).click();
  await detail.getByRole('button', { name: 'Connections' }).click();
  await expect(detail).toContainText(/256\s+perl \d+\s+ESTAB\s+\S+:9243/);
  await detail.getByRole('button', { name: 'Control groups' }).click();
  await expect(detail.locator('pre')).toContainText(`/${GROUP.slice(0, GROUP.indexOf('\u202e'))}‹U+202E›`);
  await expect(detail.locator('pre')).toContainText(/25000 (?:of )?100000/);
  await expectInert(page, alerts);
  await page.screenshot({ path: 'e2e/results/leak-2-connections.png' });
});

test('each fault is ended, and what was told is over', async () => {
  await killByButton(/web1.*stands at 256 connections/);
  // Four burn the group's CPU: with each that is ended the event names the next.
  const held = /web1 going on .*is held back in \d+ % of its CPU periods/;
  for (let burning = 4; burning > 0; burning--) {
    const pid = await killByButton(held);
    const named = timeline().getByRole('button', { name: new RegExp(`${held.source}.*pid ${pid}\\b`) });
    if (burning > 1) await expect(named).toHaveCount(0, { timeout: 60_000 });
  }
  for (const event of [/going on .*stands at 256 connections/, /going on .*is held back in/])
    await expect(timeline().getByRole('button', { name: event })).toHaveCount(0, { timeout: 150_000 });
  await page.screenshot({ path: 'e2e/results/leak-3-over.png' });
});

test('the story is in the report, and the host that is well is in none of it', async () => {
  await expect(timeline().getByRole('button', { name: /(?:critical|warning).*web2/ })).toHaveCount(0);
  await workbench.doAnything('Export the report');
  const html = await workbench.exportReport();
  for (const part of ['256 connections', 'is held back in', 'Kill pid', 'Connections looked at'])
    expect(html).toContain(part);
  expect(html).toContain('&lt;img src=x');
  const opened = await page.context().newPage();
  await opened.setContent(html);
  await expectInert(opened, alerts);
  await opened.close();
});
