import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** What the stories' authors typed by hand: looked at with one click, asked of all hosts, done on several with one first. */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

const RUNBOOKS = `runbooks:
  - name: mark
    title: Leave a mark
    parameters:
      word: { type: text, pattern: "[a-z ]+" }
    guard: test ! -e /srv/refuse
    run: echo "$word" >> /tmp/mark
    verify: grep -q "$word" /tmp/mark
`;

let lab: Lab;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 3 });
  workbench = await openWorkbench(browser, `${lab.workspaceYaml}${RUNBOOKS}`);
  page = workbench.page;
  await workbench.seeGoodLinks(lab.hosts);
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const detail = () => page.getByRole('region', { name: 'Host detail' });
const fleet = () => page.getByRole('region', { name: 'Fleet' });

async function openProcess(command: string): Promise<void> {
  await detail().getByRole('tab', { name: 'Processes' }).click();
  await detail().getByRole('searchbox', { name: 'Filter processes' }).fill(command);
  await expect(detail().getByText(/^1 of \d+ processes/)).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
}

test('a host is looked at with one click, and what was seen is kept', async () => {
  await fleet().getByText('web1', { exact: true }).click();
  await detail().getByRole('tab', { name: 'Diagnose' }).click();
  await detail().getByRole('button', { name: 'Connections' }).click();
  await expect(detail()).toContainText('listeners: waiting to be accepted');
  await expect(timeline().getByRole('button', { name: /web1.*Connections looked at/ })).toBeVisible();
  await page.screenshot({ path: 'e2e/results/diagnose-1-connections.png' });
});

test('a process is chosen, looked at, and paused until it is let go on', async () => {
  const host = lab.host('web1');
  const started = await host.exec('setsid sleep 9999 >/dev/null 2>&1 </dev/null & echo started');
  expect(started.stdout).toContain('started');
  await openProcess('sleep 9999');
  await detail().getByRole('button', { name: 'Look at it' }).click();
  await detail().getByRole('button', { name: 'Limits', exact: true }).click();
  await expect(detail()).toContainText('Max open files');
  await openProcess('sleep 9999');
  await detail().getByRole('button', { name: 'Pause…' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: /Pause pid \d+ \(sleep\) on web1/ }).click();
  await expect(sheet.getByRole('status')).toContainText('stands still (state T)', { timeout: 30_000 });
  await page.screenshot({ path: 'e2e/results/diagnose-2-paused.png' });
  await sheet.getByRole('button', { name: 'Close' }).click();
  await expect(detail().getByRole('button', { name: 'Resume…' })).toBeVisible();
});

test('every host is asked; equal answers are one, and the odd one is named', async () => {
  await lab.host('web2').exec('echo odd > /tmp/odd');
  await workbench.doAnything('Ask every host');
  const dialog = page.getByRole('dialog', { name: 'Ask every host' });
  await dialog.getByRole('textbox').fill('cat /tmp/odd 2>/dev/null || echo even');
  await page.keyboard.press('Enter');
  const answers = dialog.getByRole('region', { name: /Answers to/ });
  await expect(answers).toContainText('2 different answers.');
  await expect(answers.getByRole('heading', { name: 'web1, web3' })).toBeVisible();
  await expect(answers.getByRole('heading', { name: /^web2/ })).toBeVisible();
  await page.screenshot({ path: 'e2e/results/diagnose-3-ask.png' });
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(dialog.getByRole('button', { name: 'Kept on the timeline' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(timeline().getByRole('button', { name: /3 hosts were asked/ })).toBeVisible();
});

test('a runbook runs on one host first, and stops at the first surprise', async () => {
  await lab.host('web3').exec('touch /srv/refuse');
  await workbench.doAnything('Runbook: Leave a mark');
  const form = page.getByRole('dialog', { name: 'Leave a mark' });
  await form.getByLabel(/^word/).fill('Not This');
  await expect(form.getByRole('button', { name: 'Show what would run' })).toBeDisabled();
  await form.getByLabel(/^word/).fill('was here');
  await form.getByRole('button', { name: 'all that are up' }).click();
  await form.getByRole('button', { name: 'Show what would run' }).click();
  const sheet = page.getByRole('dialog', { name: /on 3 hosts/ });
  await sheet.getByRole('button', { name: 'On web1 first' }).click();
  await sheet.getByRole('button', { name: 'Go on with the other 2' }).click({ timeout: 30_000 });
  await expect(sheet.getByRole('alert')).toContainText('web3: refused', { timeout: 60_000 });
  await page.screenshot({ path: 'e2e/results/diagnose-4-runbook.png' });
  expect((await lab.host('web2').exec('cat /tmp/mark')).stdout).toBe('was here\n');
  expect((await lab.host('web3').exec('cat /tmp/mark')).code).not.toBe(0);
  await sheet.getByRole('button', { name: 'Close' }).click();
});
