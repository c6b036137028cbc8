import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** The main job, whole, as an engineer does it: open, watch, be told, fix, report, reload. */
test.describe.configure({ mode: 'serial', timeout: 240_000 });

let lab: Lab;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 3 });
  workbench = await openWorkbench(browser, lab.workspaceYaml);
  page = workbench.page;
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const fleet = () => page.getByRole('region', { name: 'Fleet' });
const terminal = (host: string) => page.getByLabel(`Terminal ${host}`, { exact: true });

test('three hosts connect, each with a shell and charts that move', async () => {
  for (const host of lab.hosts) {
    await expect(terminal(host.id)).toBeVisible();
    await expect(fleet().getByText(host.id, { exact: true })).toBeVisible();
  }
  await terminal('web1').click();
  await page.keyboard.type('echo typed-$((40+2)); hostname\n');
  await expect(terminal('web1').locator('.xterm-rows')).toContainText('typed-42');
  await expect(terminal('web1').locator('.xterm-rows')).toContainText('web1');

  await fleet().getByText('web1', { exact: true }).click();
  const detail = page.getByRole('region', { name: 'Host detail' });
  await expect(detail).toContainText('web1');
  await expect(detail.locator('svg.recharts-surface').first()).toBeVisible();
  const curve = detail.locator('.recharts-area-area, .recharts-line-curve, .recharts-curve').first();
  const before = await curve.getAttribute('d');
  await expect.poll(() => curve.getAttribute('d')).not.toBe(before);
  await page.screenshot({ path: 'e2e/results/story-1-watching.png' });
});

test('a real OOM kill is on the timeline with its evidence', async () => {
  const kill = await lab.host('web2').oom({ seconds: 4 });
  await kill.killed();
  const event = timeline().getByRole('button', {
    name: /critical.*web2.*out of memory.*ruby/i,
  });
  await expect(event).toBeVisible();
  await event.click();
  await expect(timeline()).toContainText('Killed process');
  await expect(timeline()).toContainText(String(kill.outerPid));
  await page.screenshot({ path: 'e2e/results/story-2-oom.png' });
  await page.keyboard.press('Escape');
});

test('a respawn loop is explained, and killing the stale holder by the button ends it', async () => {
  await page.getByRole('button', { name: 'Declare incident' }).click();
  await page.getByLabel('Title').fill('legacy-video does not come up');
  await page.getByRole('button', { name: 'Declare incident', exact: true }).last().click();

  const loop = await lab.host('web3').respawn();
  const event = timeline()
    .getByRole('button', { name: /critical.*web3.*restarts/ })
    .first();
  await expect(event).toBeVisible({ timeout: 30_000 });
  await event.click();
  await expect(timeline()).toContainText(`Already running on PID:${loop.holderPid}`);
  await page.screenshot({ path: 'e2e/results/story-3-loop.png' });

  await timeline()
    .getByRole('button', { name: new RegExp(`Kill pid ${loop.holderPid}`) })
    .first()
    .click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText('Runs on the host');
  const confirm = sheet.getByRole('button', { name: new RegExp(`Kill pid ${loop.holderPid}.* on web3`) });
  await expect(confirm).toBeVisible();
  await page.screenshot({ path: 'e2e/results/story-4-plan.png' });
  await confirm.click();
  await expect(sheet.getByRole('status')).toContainText('succeeded', { timeout: 60_000 });
  await page.screenshot({ path: 'e2e/results/story-5-fixed.png' });
  await sheet.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('Escape');
  await expect(
    timeline()
      .getByRole('button', { name: /recovered.*web3/i })
      .first(),
  ).toBeVisible({ timeout: 60_000 });
});

test('the report says what happened, what was done and how it is known', async () => {
  await page.getByRole('button', { name: /^Incident \d+/ }).click();
  await page.getByLabel('Summary (Markdown)').fill('A stale unicorn kept its successor from starting.');
  await page.getByRole('button', { name: 'End incident' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Export a report');
  const html = await workbench.exportReport();
  for (const part of [
    'legacy-video does not come up',
    'A stale unicorn kept its successor from starting.',
    'Already running on PID:',
    '<svg',
    'web3',
    'succeeded',
  ]) {
    expect(html).toContain(part);
  }
  expect(html).not.toMatch(/<script|src="http/i);
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test('after a reload everything is found again', async () => {
  await page.reload();
  await expect(timeline().getByRole('button', { name: /web2/ }).first()).toBeVisible();
  await expect(timeline().getByRole('button', { name: /web3/ }).first()).toBeVisible();
  await expect(terminal('web1').locator('.xterm-rows')).toContainText('typed-42');
});
