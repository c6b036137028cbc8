import { expect, type Page, test } from '@playwright/test';
import { prefix, terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Several windows of Fireline on one core, and one that is loaded anew: each has every pane, and what it showed. */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  workbench = await openWorkbench(browser, 'version: 1\nname: two\nhosts: [{ id: here, local: {} }]\n');
  page = workbench.page;
  await expect(terminalOf(page, 'here').locator('.xterm-rows')).toContainText(/[$#]/);
});

test.afterAll(async () => {
  await workbench?.close();
});

const panes = (of: Page) => of.locator('article').filter({ visible: true });
const tabs = (of: Page) => of.getByRole('tablist', { name: 'Windows' }).getByRole('tab');

test('a window that is loaded anew right after a change has it', async () => {
  await terminalOf(page, 'here').click();
  await prefix(page, '%');
  await expect(panes(page)).toHaveCount(2);
  await prefix(page, 'z');
  await expect(panes(page)).toHaveCount(1);
  await page.reload();
  await expect(panes(page)).toHaveCount(1);
  await prefix(page, 'z');
  await expect(panes(page)).toHaveCount(2);
  await prefix(page, 'x', 'y');
  await expect(panes(page)).toHaveCount(1);
});

test('a pane that one window opens is a window behind in the other, with the same shell', async () => {
  const other = await page.context().newPage();
  await other.goto(workbench.fireline.url);
  await expect(terminalOf(other, 'here').locator('.xterm-rows')).toContainText(/[$#]/);
  await page.bringToFront();
  await terminalOf(page, 'here').click();
  await prefix(page, '%');
  await expect(panes(page)).toHaveCount(2);
  await page.keyboard.type('echo seen-$((40+2))\n');
  // A window that nobody sees draws late.
  await other.bringToFront();
  await expect(tabs(other)).toHaveCount(2);
  await expect(tabs(other).first()).toHaveAttribute('aria-selected', 'true');
  await prefix(other, '1');
  await expect(terminalOf(other, 'here').locator('.xterm-rows')).toContainText('seen-42');
  await prefix(other, 'x', 'y');
  await expect(tabs(other)).toHaveCount(0);
  await page.bringToFront();
  await expect(panes(page)).toHaveCount(1);
  await other.close();
});
