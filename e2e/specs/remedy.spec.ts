import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { startTarget, type Target } from '../lab/scenarios/target.ts';
import { allowSudo } from '../lab/sudoers.ts';
import { collectAlerts, openWorkbench, type Workbench } from './workbench.ts';

/** Another user's process with a title that would act if it could: planned, asked for, killed, reported. */
test.describe.configure({ mode: 'serial', timeout: 60_000 });

const PASSWORD = 'correct-horse-4711';
const MARKUP = '<img src=x onerror=alert(1)>';
const TITLE = `${MARKUP} \u001b]0;owned\u0007\u001b[2J $(touch /tmp/owned) \`touch /tmp/owned\` '; touch /tmp/owned; " \n | [x](javascript:alert(1)) \u202egnp.exe ${'long '.repeat(820)}`;

let lab: Lab;
let workbench: Workbench;
let page: Page;
let target: Target;
let alerts: string[];

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 1, user: 'deploy', password: PASSWORD });
  await allowSudo(lab.host('web1'), 'password');
  target = await startTarget(lab.host('web1'), { title: TITLE });
  workbench = await openWorkbench(browser, lab.workspaceYaml);
  page = workbench.page;
  alerts = collectAlerts(page.context());
  await workbench.seeGoodLinks(lab.hosts);
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

const detail = () => page.getByRole('region', { name: 'Host detail' });
const sheet = () => page.getByRole('dialog', { name: /^Kill pid/ });
const question = () => page.getByRole('dialog', { name: 'Password for sudo' });

async function openKill(): Promise<void> {
  await detail().getByRole('tab', { name: 'Processes' }).click();
  await detail().getByRole('searchbox', { name: 'Filter processes' }).fill('onerror');
  await expect(detail().getByText(/^1 of \d+ processes/)).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await detail().getByTitle('Open the remediation sheet (k)').click();
  await expect(sheet()).toContainText('password is asked for when it is confirmed');
}

const confirm = () =>
  sheet()
    .getByRole('button', { name: /^Kill pid \d+ .* on web1$/ })
    .click();

test('the sheet shows a hostile title as text, and a cancelled or wrong password ends in words', async () => {
  await openKill();
  await expect(sheet()).toContainText(`Its command: ${MARKUP}`);
  await expect(sheet()).toContainText('‹U+202E›gnp.exe');
  await confirm();
  // The person has just confirmed: the field has the focus, inside the sheet that holds everything else back.
  await expect(question().getByLabel('Password')).toBeFocused();
  await expect(question()).toContainText('“Kill pid');
  for (const [theme, width, height] of [
    ['light', 1280, 800],
    ['light', 2560, 1440],
    ['dark', 2560, 1440],
    ['dark', 1280, 800],
  ] as const) {
    // The button for it stands behind the sheet.
    await page.evaluate((name) => document.documentElement.setAttribute('data-theme', name), theme);
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `e2e/results/remedy-sudo-${theme}-${width}.png` });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.keyboard.press('Escape');
  await expect(sheet().getByRole('status').filter({ hasText: 'refused' })).toContainText(
    'no password was given',
  );
  await sheet().getByRole('button', { name: 'Close' }).click();

  await openKill();
  await confirm();
  await question().getByLabel('Password').fill('wrong');
  await page.keyboard.press('Enter');
  await expect(sheet().getByRole('status').filter({ hasText: 'refused' })).toContainText(
    'sudo did not accept the password',
    { timeout: 15_000 },
  );
  await sheet().getByRole('button', { name: 'Close' }).click();
  expect(await target.heard()).toBe('');
});

test('the right one kills it, and nothing of its title acts in dialog, timeline or report', async () => {
  await page.getByRole('button', { name: 'Declare incident' }).click();
  await page.getByLabel('Title').fill('a hostile process');
  await page.getByRole('button', { name: 'Declare incident', exact: true }).last().click();
  await openKill();
  await confirm();
  await question().getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(sheet().getByRole('status').filter({ hasText: 'succeeded' })).toBeVisible({ timeout: 30_000 });
  await page.screenshot({ path: 'e2e/results/remedy-done.png' });
  await sheet().getByRole('button', { name: 'Close' }).click();
  expect(await target.heard()).toBe('TERM\n');
  expect((await lab.host('web1').exec('ls /tmp/owned')).code).not.toBe(0);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  expect(await page.content()).not.toContain(PASSWORD);

  await page.getByRole('button', { name: /^Incident \d+/ }).click();
  await page.getByRole('button', { name: 'End incident' }).click();
  const report = await workbench.exportReport();
  expect(report).toContain('Kill pid');
  expect(report).not.toContain(PASSWORD);
  expect(report).not.toContain('<img');
  expect(report).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(alerts).toEqual([]);
});
