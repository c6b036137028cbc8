import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Nothing moves under the pointer, and who hears the screen is told what matters, once. */
test.describe.configure({ mode: 'serial', timeout: 60_000 });

let folder: string;
let log: string;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  folder = await mkdtemp(join(tmpdir(), 'fireline-logs-'));
  log = join(folder, 'app.log');
  await writeFile(log, '');
  workbench = await openWorkbench(
    browser,
    `version: 1
name: calm
hosts:
  - { id: here, local: {} }
  - { id: shut, ssh: { host: 127.0.0.1, port: 1, user: nobody } }
logs: [{ path: "${log}", on: [here], match: [FIRST, SECOND, THIRD] }]
`,
  );
  page = workbench.page;
});

test.afterAll(async () => {
  await workbench?.close();
  await rm(folder, { recursive: true, force: true });
});

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const event = (word: string) => timeline().getByRole('button', { name: new RegExp(word) });

test('an event that comes while the pointer is on the timeline is told above it, and shown when it has gone', async () => {
  await expect(terminalOf(page, 'here').locator('.xterm-rows')).toContainText(/[$#]/);
  // Until the log is followed, what is written to it is no news.
  await expect(async () => {
    await appendFile(log, 'FIRST things\n');
    await expect(event('FIRST').first()).toBeVisible({ timeout: 1_500 });
  }).toPass();
  const first = event('FIRST').first();
  await first.hover();
  const before = await first.boundingBox();
  await appendFile(log, 'SECOND things\n');
  await expect(timeline().getByText(/^New: here: .*SECOND/)).toBeVisible();
  expect(await first.boundingBox()).toEqual(before);
  await expect(event('SECOND')).toHaveCount(0);
  await terminalOf(page, 'here').hover();
  await expect(event('SECOND').first()).toBeVisible();
  await expect(timeline().getByText(/^New: /)).toHaveCount(0);
});

test('an event that folds up gives the focus from its card to its line', async () => {
  const head = timeline().locator('[data-head]').filter({ hasText: 'SECOND' }).first();
  await head.focus();
  await page.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Tab');
  await expect(timeline().locator('[data-selected] summary').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await expect(head).toBeFocused();
});

test('what is new and wrong is heard in a sentence, and a countdown never is', async () => {
  const heard = page.getByRole('status', { name: 'New events' });
  await appendFile(log, 'THIRD things\n');
  await expect(heard).toContainText(/THIRD/);
  await expect(page.getByText(/^shut cannot be reached, next try in/)).toBeVisible();
  // Of what is read out by itself nothing counts seconds.
  const live = page.locator(
    '[role="status"]:not([aria-live="off"]), [role="alert"], [aria-live="polite"], output',
  );
  expect(
    (await live.allTextContents()).filter((text) => /next try in \d|\d s ago|no data for/.test(text)),
  ).toEqual([]);
});
