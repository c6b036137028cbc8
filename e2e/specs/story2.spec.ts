import { readFile } from 'node:fs/promises';
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
  // Of a busy machine the two may not have every core that the host shows.
  const thresholds = 'thresholds: { cpuSaturated: { openShare: 0.3, closeShare: 0.1, seconds: 3 } }\n';
  workbench = await openWorkbench(browser, `${lab.workspaceYaml}${thresholds}`);
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

test('what pins the CPU is profiled from where it is met: the process, its diagnosis, the event', async () => {
  // The dialogs gave the focus back to the process table.
  await page.keyboard.press('Enter');
  const one = sheet().getByRole('button', { name: /^Profile pid \d+ \(node\) for 10 s on web1$/ });
  await detail().getByRole('button', { name: 'Profile…', exact: true }).click();
  await expect(one).toBeEnabled();
  await page.keyboard.press('Escape');
  await detail().getByRole('button', { name: 'Look at it' }).click();
  await detail().getByRole('button', { name: 'Profile…', exact: true }).click();
  await expect(one).toBeEnabled();
  await page.keyboard.press('Escape');
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await timeline
    .getByRole('button', { name: /web1 (?:going on )?CPU is \d+ % busy.*, most by node \(pid/ })
    .first()
    .click();
  await timeline.getByRole('button', { name: 'Profile all node…' }).click();
  await sheet().getByRole('combobox', { name: 'For' }).selectOption('3 s');
  await sheet().getByRole('button', { name: 'Profile 2 processes (node) for 3 s on web1' }).click();
  await expect(page.getByRole('application', { name: 'Flame graph' })).toBeVisible({ timeout: 30_000 });
});

test('what is saved is what other tools read', async () => {
  const folded = await saved('Folded');
  for (const line of folded.text.trimEnd().split('\n')) expect(line).toMatch(/^[^;]+(?:;[^;]+)* \d+$/);
  expect(folded.name).toMatch(/^profile-web1-\d{8}T\d{6}Z\.folded$/);
  expect(folded.text).toMatch(/;handleRequest \(.*service\.cjs:\d+\);parseHtml /);
  const speedscope = await saved('Speedscope');
  expect(speedscope.name).toMatch(/\.speedscope\.json$/);
  const file = JSON.parse(speedscope.text);
  // https://www.speedscope.app/file-format-schema.json, what it requires of a sampled profile.
  expect(file).toMatchObject({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    shared: { frames: expect.any(Array) },
    profiles: pids.map(() => ({ type: 'sampled', unit: 'microseconds', startValue: 0 })),
  });
  expect(file.profiles.map((one: { name: string }) => one.name).sort()).toEqual(
    pids.map((pid) => `pid ${pid} (node)`).sort(),
  );
  const frames: { name: string }[] = file.shared.frames;
  for (const { samples, weights, endValue } of file.profiles) {
    expect(weights).toHaveLength(samples.length);
    expect(weights.reduce((sum: number, weight: number) => sum + weight, 0)).toBe(endValue);
    for (const index of samples.flat()) expect(frames[index]?.name).toMatch(/./);
  }
  await page.keyboard.press('Escape');
});

/** What the button of this name has the browser keep. */
async function saved(button: string): Promise<{ name: string; text: string }> {
  const download = page.waitForEvent('download');
  await sheet().getByRole('button', { name: button }).click();
  const file = await download;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

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
  for (const part of ['Profiled 2 × node, 3 s', 'web1 compared with web2: parseHtml', 'Who calls whom'])
    expect(html).toContain(part);
});
