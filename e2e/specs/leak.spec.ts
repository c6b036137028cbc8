import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { startTrouble } from '../lab/scenarios/trouble.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Story 4: a client that leaks connections, whose answers nobody reads, throttled by its cgroup. Its log that runs over is played in the lab. */
test.describe.configure({ mode: 'serial', timeout: 200_000 });

/** What is told in minutes otherwise, told in half a minute: the windows are shorter, nothing else. */
const THRESHOLDS = `thresholds:
  connectionsLeak: { seconds: 20 }
  connectionsCapped: { seconds: 15, growthSeconds: 15 }
  queueStalled: { seconds: 20, looks: 3 }
`;

let lab: Lab;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 2, cpuQuota: 0.25 });
  workbench = await openWorkbench(browser, `${lab.workspaceYaml}${THRESHOLDS}`);
  page = workbench.page;
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
  await startTrouble(host, 'throttle');
  await expect(told(/web1.*perl.* has \d+ connections to .*9243/)).toBeVisible({ timeout: 90_000 });
  await expect(told(/web1.*is held back in \d+ % of its CPU periods/)).toBeVisible({ timeout: 60_000 });
  await expect(told(/web1.*does not read/)).toBeVisible({ timeout: 90_000 });
  await expect(told(/web1.*stands at 256 connections to .*9243/)).toBeVisible({ timeout: 120_000 });
  await told(/web1.*stands at 256 connections/).click();
  await page.screenshot({ path: 'e2e/results/leak-1-told.png' });
  await page.keyboard.press('Escape');
});

test('its connections are looked at with one click', async () => {
  const detail = page.getByRole('region', { name: 'Host detail' });
  await page.getByRole('option', { name: /web1/ }).click();
  await detail.getByRole('tab', { name: 'Diagnose' }).click();
  await detail.getByRole('button', { name: 'Connections' }).click();
  await expect(detail).toContainText(/256\s+perl \d+\s+ESTAB\s+\S+:9243/);
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
});
