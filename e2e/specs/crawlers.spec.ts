import { readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Story 5: eight crawlers eat their memory until ssh dies, one of them differs from the rest, and the disk is asked for first. */
test.describe.configure({ mode: 'serial', timeout: 180_000 });

let lab: Lab;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 8 });
  // A story cannot wait for a minute of difference.
  workbench = await openWorkbench(
    browser,
    `${lab.workspaceYaml}thresholds: { hostOutlier: { seconds: 8 } }\n`,
  );
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

test('the disk of all eight is asked for first', async () => {
  await workbench.doAnything('Ask every host');
  await sheet().getByRole('button', { name: 'df -h', exact: true }).click();
  const answers = sheet().getByRole('region', { name: 'Answers to df -h' });
  await expect(answers).toContainText(/say the same|different answers/, { timeout: 20_000 });
  await expect(answers).toContainText('Mounted on');
  await expect(answers).not.toContainText('Not yet');
  for (const host of lab.hosts) await expect(answers).toContainText(host.id);
  await sheet().getByRole('button', { name: 'Close' }).click();
});

test('crawlers grow to their limit: each kill is told on its own host, with the kernel’s lines', async () => {
  const kills = await Promise.all(['web1', 'web2', 'web3'].map((id) => lab.host(id).oom({ seconds: 6 })));
  await Promise.all(kills.map((kill) => kill.killed()));
  for (const [index, kill] of kills.entries()) {
    const event = told(new RegExp(`critical.*web${index + 1}.*out of memory.*ruby`, 'i'));
    await expect(event).toBeVisible({ timeout: 20_000 });
    await event.click();
    await expect(timeline()).toContainText(`Killed process ${kill.outerPid} (ruby)`);
    await page.keyboard.press('Escape');
  }
  await expect(timeline().getByRole('button', { name: /critical.*web[4-8].*out of memory/i })).toHaveCount(0);
  await page.screenshot({ path: 'e2e/results/crawlers-1-kills.png' });
});

test('one of eight holds far more memory than the others: told as a comparison', async () => {
  await lab
    .host('web5')
    .start(['perl', '-e', '$0 = "ucrawler"; my @m = map { "x" x (1 << 20) } 1 .. 150; sleep 600']);
  await expect(told(/web5.*memory: \d+ % used, \d+\.\d× the median of 7 other/)).toBeVisible({
    timeout: 60_000,
  });
});

test('memory that will run out is told before it does, and who grows is ended by the button', async () => {
  const crawler = await lab.host('web6').oom({ seconds: 60 });
  const kills = lab.host('web6').oomKills();
  const risk = told(/web6.*Memory of this host runs out in about/);
  await expect(risk).toBeVisible({ timeout: 60_000 });
  await risk.click();
  await page.screenshot({ path: 'e2e/results/crawlers-2-risk.png' });
  await timeline()
    .getByRole('button', { name: new RegExp(`^Kill pid ${crawler.innerPid} \\(ruby\\)`) })
    .first()
    .click();
  await sheet()
    .getByRole('button', { name: new RegExp(`^Kill pid ${crawler.innerPid} .* on web6`) })
    .click();
  await expect(sheet().getByRole('status').last()).toContainText('succeeded', { timeout: 30_000 });
  await sheet().getByRole('button', { name: 'Close' }).click();
  expect(lab.host('web6').oomKills()).toBe(kills);
  await page.getByRole('button', { name: /Return to live/ }).click();
});

test('ssh dies on one while its machine lives: it has a word of its own, and it comes back', async () => {
  const host = lab.host('web8');
  await host.stallLink({ listener: true });
  await expect(told(/web8.*ssh is dying/i)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('option', { name: /link ssh dying web8/ })).toBeVisible();
  // However low the pane: its words give way, not what can be done.
  const pane = page.getByRole('article', { name: /web8$/ });
  await expect(pane.getByRole('button', { name: 'Reconnect now' })).toBeInViewport({ ratio: 1 });
  await page.screenshot({ path: 'e2e/results/crawlers-3-ssh-dying.png' });
  host.resumeLink();
  await expect(page.getByRole('option', { name: /link good web8/ })).toBeVisible({ timeout: 60_000 });
});

test('the way in is protected on all hosts, one first; where root itself may not, it stops there', async () => {
  // A container's root mostly lacks CAP_SYS_RESOURCE (bit 24), and so may this machine's.
  const own = /^CapEff:\s*([0-9a-f]+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const may = ((BigInt(`0x${own}`) >> 24n) & 1n) === 1n;
  await workbench.doAnything('Protect SSH of all hosts');
  const all = sheet();
  await expect(all).toContainText('on 8 hosts');
  await all.getByRole('button', { name: /^On web1 first/ }).click({ timeout: 20_000 });
  await expect(all.getByRole('listitem').filter({ hasText: 'web1' })).toContainText(
    may ? 'succeeded' : 'failed: oom_score_adj',
    { timeout: 30_000 },
  );
  if (!may) await expect(all.getByRole('alert')).toContainText('The hosts after it were left alone');
  await page.screenshot({ path: 'e2e/results/crawlers-4-protected.png' });
  await all.getByRole('button', { name: 'Close' }).click();
  const scores = await Promise.all(
    lab.hosts.map(async (host) => {
      const [listener] = host.processes().filter((one) => /^sshd: .*\[listener\]/.test(one.argv.join(' ')));
      return Number(await readFile(`/proc/${listener?.pid}/oom_score_adj`, 'utf8'));
    }),
  );
  expect(scores).toEqual(lab.hosts.map((_, index) => (may && index === 0 ? -1000 : 0)));
});

test('the story is in the report', async () => {
  await workbench.doAnything('Export the report');
  const html = await workbench.exportReport();
  for (const part of [
    'out of memory',
    'the median of 7 other',
    'ssh is dying',
    'Memory of this host runs out',
    'Protect SSH',
  ])
    expect(html.toLowerCase()).toContain(part.toLowerCase());
  expect(html).toContain('<svg');
});
