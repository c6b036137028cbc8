import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Nothing moves under the pointer, and who hears the screen is told what matters, once. */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

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
logs: [{ path: "${log}", on: [here], match: [TROUBLE] }]
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

async function addNote(of: Page, text: string): Promise<void> {
  await terminalOf(of, 'here').click();
  await of.keyboard.press('Control+Shift+P');
  await of.keyboard.type('add a note');
  await of.keyboard.press('Enter');
  await expect(of.getByRole('dialog', { name: /note/i })).toBeVisible();
  await of.keyboard.type(text);
  await of.keyboard.press('Control+Enter');
  await expect(of.getByRole('dialog')).toHaveCount(0);
}

test('an event that comes while the pointer is on the timeline is told above it, and shown when it has gone', async () => {
  await expect(terminalOf(page, 'here').locator('.xterm-rows')).toContainText(/[$#]/);
  await addNote(page, 'the first');
  const first = event('the first');
  await expect(first).toBeVisible();
  const other = await page.context().newPage();
  await other.goto(workbench.fireline.url);
  await expect(terminalOf(other, 'here')).toBeVisible();
  await page.bringToFront();
  await first.hover();
  const before = await first.boundingBox();
  await addNote(other, 'the second');
  let by = 0;
  // A pointer that rests for long lets the new in: this one is about to press.
  await expect(async () => {
    await first.hover({ position: { x: 20 + (by++ % 9), y: 8 } });
    await expect(timeline().getByText('New: the second')).toBeVisible({ timeout: 500 });
  }).toPass();
  expect(await first.boundingBox()).toEqual(before);
  await expect(event('the second')).toHaveCount(0);
  await terminalOf(page, 'here').hover();
  await expect(event('the second')).toBeVisible();
  await expect(timeline().getByText('New: the second')).toHaveCount(0);
  await other.close();
});

test('what is new and wrong is heard in a sentence, and a countdown never is', async () => {
  const heard = page.getByRole('status', { name: 'New events' });
  // Until the log is followed, what is written to it is no news.
  await expect(async () => {
    await appendFile(log, 'TROUBLE again\n');
    await expect(heard).toContainText(/TROUBLE/, { timeout: 2_000 });
  }).toPass();
  await expect(page.getByText(/^shut cannot be reached, next try in/)).toBeVisible();
  // Of what is read out by itself nothing counts seconds.
  const live = page.locator(
    '[role="status"]:not([aria-live="off"]), [role="alert"], [aria-live="polite"], output',
  );
  expect(
    (await live.allTextContents()).filter((text) => /next try in \d|\d s ago|no data for/.test(text)),
  ).toEqual([]);
});

test('an event that folds up gives the focus from its card to its line', async () => {
  const head = timeline().locator('[data-head]').filter({ hasText: 'TROUBLE' }).first();
  await head.focus();
  await page.keyboard.press('Enter');
  await expect(head).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Tab');
  await expect(timeline().locator('[data-selected] summary').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(head).toHaveAttribute('aria-expanded', 'false');
  await expect(head).toBeFocused();
});
