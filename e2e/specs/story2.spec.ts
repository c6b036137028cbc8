import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { startNodeService } from '../lab/scenarios/nodeBurn.ts';
import { checkWithAxe } from './axe.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Story 2: Node processes pin the CPU. All of them are profiled at once, beside those of a host that is well. */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

let lab: Lab;
let workbench: Workbench;
let page: Page;
let pids: number[];

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 2, memoryLimitBytes: 512 * 1024 * 1024 });
  ({ pids } = await startNodeService(lab.host('web1'), 'burn'));
  await startNodeService(lab.host('web2'), 'well');
  workbench = await openWorkbench(browser, lab.workspaceYaml);
  page = workbench.page;
  await workbench.seeGoodLinks(lab.hosts);
});

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

const detail = () => page.getByRole('region', { name: 'Host detail' });
const sheet = () => page.getByRole('dialog');

test('all its processes are profiled at once, beside those of a healthy host', async () => {
  await page.getByRole('option', { name: /web1/ }).click();
  await detail().getByRole('tab', { name: 'Processes' }).click();
  await detail().getByRole('searchbox', { name: 'Filter processes' }).fill('service.cjs');
  await expect(detail().getByText(/^2 of \d+ processes/)).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('p');
  const unhealthy = sheet().getByRole('region', { name: 'Profile on web1' });
  await expect(unhealthy.getByRole('cell', { name: String(pids[0]), exact: true })).toBeVisible();
  await expect(unhealthy.getByRole('cell', { name: String(pids[1]), exact: true })).toBeVisible();
  await expect(unhealthy).toContainText('An open inspector lets every account of the host run code');
  await sheet().getByRole('combobox', { name: 'For' }).selectOption('3 s');
  await sheet().getByRole('combobox', { name: 'Compared with' }).selectOption('web2');
  const start = sheet().getByRole('button', {
    name: 'Profile 2 processes (node) for 3 s on web1 and web2',
  });
  await expect(start).toBeEnabled();
  await checkWithAxe(page, 'a profile’s plan', '[role="dialog"]');
  await start.click();
  await expect(page.getByRole('application', { name: 'Flame graph' })).toBeVisible({ timeout: 30_000 });
});

test('the difference names the function; the graph alone shows it too', async () => {
  await page.screenshot({ path: 'e2e/results/story2-1-compared.png' });
  await sheet().getByRole('button', { name: 'As a table' }).click();
  const first = sheet().getByRole('table', { name: 'Hottest functions' }).getByRole('row').nth(1);
  await expect(first).toContainText('parseHtml');
  await expect(first).toContainText(/\+\d+\.\d %/);
  await page.screenshot({ path: 'e2e/results/story2-2-table.png' });
  await checkWithAxe(page, 'a comparison as a table', '[role="dialog"]');
  await sheet().getByRole('button', { name: 'Swap' }).click();
  await sheet().getByRole('button', { name: 'As a table' }).click();
  await expect(
    sheet()
      .getByRole('row')
      .filter({ hasText: /−\d+\.\d %.*parseHtml/ }),
  ).toBeVisible();
  await sheet().getByRole('button', { name: 'Swap' }).click();
  await sheet().getByRole('combobox', { name: 'Compared with' }).selectOption('nothing');
  await sheet().getByRole('searchbox', { name: 'Search functions' }).fill('parseHtml');
  await expect(sheet().getByText(/^[5-9]\d\.\d % of all$/)).toBeVisible();
  const graph = page.getByRole('application', { name: 'Flame graph' });
  await graph.focus();
  for (const key of ['ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
  await expect(sheet().getByRole('status').filter({ hasText: 'samples)' })).toBeVisible();
  await page.screenshot({ path: 'e2e/results/story2-3-graph.png' });
  await checkWithAxe(page, 'a flame graph', '[role="dialog"]');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
});

test('no inspector stays open, nothing was ended, and the story is on the timeline and in the report', async () => {
  for (const host of lab.hosts) {
    const running = host.processes().filter((one) => one.argv[1]?.endsWith('service.cjs'));
    expect(running).toHaveLength(2);
  }
  // 9229 is 240D; 0A is LISTEN.
  expect((await lab.host('web1').exec("grep -c ':240D .* 0A ' /proc/net/tcp")).stdout).toBe('0\n');
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await expect(
    timeline.getByRole('button', { name: /web1 compared with web2: parseHtml .* has \d+\.\d % of the CPU/ }),
  ).toBeVisible();
  await workbench.doAnything('Export the report');
  const html = await workbench.exportReport();
  for (const part of ['Profiled 2 × node, 3 s', 'web1 compared with web2: parseHtml'])
    expect(html).toContain(part);
});
