import { execFileSync } from 'node:child_process';
import { expect, type Page, test } from '@playwright/test';
import { type ErlangService, startErlangService } from '../lab/scenarios/erlangService.ts';
import { expectInert } from './expectInert.ts';
import { collectAlerts, openWorkbench, type Workbench } from './workbench.ts';

/** Story 1 on a host of its own: remote shells that outlive their terminal keep a service busy. */
test.describe.configure({ mode: 'serial', timeout: 180_000 });

/** What Erlang lets a node call itself: anything visible of Latin-1 behind the `@`, and a soft hyphen counts as that. */
const NAMED = 'named@<img/src=x/onerror=alert(1)>[x](javascript:alert(2))$(id)`id`\u00ad\'"';
const SHOWN = NAMED.replace('\u00ad', '‹U+00AD›');

let service: ErlangService;
let workbench: Workbench;
let page: Page;
let alerts: string[];

test.beforeAll(async ({ browser }) => {
  service = await startErlangService(`story${process.pid}`);
  workbench = await openWorkbench(browser, 'version: 1\nname: calls\nhosts:\n  - { id: api, local: {} }\n');
  page = workbench.page;
  alerts = collectAlerts(page.context());
});

test.afterAll(async () => {
  await workbench?.close();
  await service?.stop();
  endNodesOf(service?.cookie);
});

/** They outlive their terminal on purpose: found by the cookie that only this test has. */
function endNodesOf(cookie: string | undefined): void {
  if (cookie === undefined) return;
  for (const line of execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n')) {
    if (!line.includes(`-setcookie ${cookie}`)) continue;
    try {
      process.kill(Number(line.trim().split(' ')[0]), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** CPU that the service uses in so long. */
async function ticksIn(milliseconds: number): Promise<number> {
  const before = service.cpuTicks();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return service.cpuTicks() - before;
}

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const told = (words: RegExp) => timeline().getByRole('button', { name: words }).first();
const sheet = () => page.getByRole('dialog');

test('a named, a hidden and a nameless node are told as they join', async () => {
  const terminal = page.getByLabel('Terminal api', { exact: true });
  await terminal.click();
  // In the C locale, which it has where the tests have none, readline takes the bytes of a character for keys.
  await page.keyboard.type(`exec env LC_ALL=C.UTF-8 PS1='rea''dy> ' bash --norc --noprofile\n`);
  await expect(terminal).toContainText('ready>');
  for (const command of [
    service.debugCommand(NAMED),
    service.debugCommand('unseen', { hidden: true, returns: true }),
    service.debugCommand(undefined),
  ])
    await page.keyboard.type(`${command}\n`);
  await expect(told(/Node named@<img.* joined .*visible/)).toBeVisible({ timeout: 30_000 });
  await expect(told(/Node unseen@localhost joined .*hidden/)).toBeVisible({ timeout: 30_000 });
  await expect(timeline().getByRole('button', { name: /joined story/ })).toHaveCount(3, { timeout: 30_000 });
  await expect.poll(() => ticksIn(1000), { timeout: 20_000, intervals: [0] }).toBeGreaterThan(10);
});

test('their terminal goes and they stay: each is named, with what can be done', async () => {
  await page.getByLabel('Terminal api', { exact: true }).click();
  await page.keyboard.press('Control+b');
  await page.keyboard.press('x');
  await page.keyboard.press('y');
  await expect(timeline().getByRole('button', { name: /is still connected to story/ })).toHaveCount(3, {
    timeout: 60_000,
  });
  await expect(told(/critical.*unseen@localhost is still connected/)).toBeVisible();
  await expect(page.getByRole('region', { name: 'Panes' })).toContainText('No pane is open');
  await told(/named@<img.* is still connected/).click();
  await expect(timeline()).toContainText('nobody can type into it');
  await expect(timeline()).toContainText(SHOWN);
  await expectInert(page, alerts);
  await page.screenshot({ path: 'e2e/results/erlang-1-orphans.png' });
});

test('the Erlang node says who is connected, and what it works at', async () => {
  const detail = page.getByRole('region', { name: 'Host detail' });
  await detail.getByRole('tab', { name: 'Processes' }).click();
  await detail.getByRole('searchbox', { name: 'Filter processes' }).fill(`${service.pid} beam`);
  const row = detail.getByRole('row', { name: new RegExp(`\\b${service.pid}\\b`) });
  await detail.getByRole('searchbox', { name: 'Filter processes' }).fill(String(service.pid));
  await row.first().dblclick();
  await detail.getByRole('button', { name: 'Look at it' }).click();
  await detail.getByRole('button', { name: 'Erlang nodes' }).click();
  await expect(detail).toContainText('named@<img', { timeout: 20_000 });
  await expectInert(page, alerts);
  await expect(detail).toContainText('unseen@localhost');
  await detail.getByRole('button', { name: 'Erlang top' }).click();
  await expect(detail).toContainText('message_queue', { timeout: 20_000 });
  await page.screenshot({ path: 'e2e/results/erlang-2-top.png' });
});

test('one is disconnected and stays away; one that comes back is kept out', async () => {
  await disconnect(/^Disconnect named@<img/);
  await expect(sheet().getByRole('status')).toContainText('stayed away', { timeout: 60_000 });
  await sheet().getByRole('button', { name: 'Close' }).click();

  await disconnect(/^Disconnect unseen@localhost/);
  await expect(sheet().getByRole('status')).toContainText('it came back', { timeout: 60_000 });
  await page.screenshot({ path: 'e2e/results/erlang-3-came-back.png' });
  await sheet()
    .getByRole('button', { name: /^Keep unseen@localhost out/ })
    .click();
  await sheet()
    .getByRole('button', { name: /^Keep out unseen@localhost on api/ })
    .click();
  await expect(sheet().getByRole('status')).toContainText('stayed away', { timeout: 60_000 });
  await sheet().getByRole('button', { name: 'Close' }).click();
});

test('with the last one gone the CPU falls, and the report tells it', async () => {
  await disconnect(/^Disconnect (?!named|unseen)\S+@/);
  await expect(sheet().getByRole('status')).toContainText('stayed away', { timeout: 60_000 });
  await expect(sheet()).toContainText(/CPU before \d+\.\d+ cores\s*after \d+\.\d+ cores/, {
    timeout: 40_000,
  });
  // Of the service itself: what else this machine does is not its affair. Idle, it uses a tick now and then.
  await expect.poll(() => ticksIn(1000), { timeout: 20_000, intervals: [0] }).toBeLessThan(10);
  await page.screenshot({ path: 'e2e/results/erlang-4-fixed.png' });
  await sheet().getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('Escape');
  await workbench.doAnything('Export the report');
  const html = await workbench.exportReport();
  expect(html).toContain('Keep out unseen@localhost');
  expect(html).not.toContain(service.cookie);
  expect(html).toContain('Disconnect named@&lt;img');
  const opened = await page.context().newPage();
  await opened.setContent(html);
  await expectInert(opened, alerts);
  await opened.close();
});

async function disconnect(label: RegExp): Promise<void> {
  await timeline().getByRole('button', { name: label }).first().click();
  await sheet()
    .getByRole('button', { name: /^Disconnect \S+ on api/ })
    .waitFor();
  await expectInert(page, alerts);
  await sheet()
    .getByRole('button', { name: /^Disconnect \S+ on api/ })
    .click();
}
