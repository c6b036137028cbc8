import { expect, type Page, test } from '@playwright/test';
import { prefix, terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** What has the focus has its own keys before the page has its, and every step goes back by Escape. */
test.describe.configure({ mode: 'serial', timeout: 120_000 });

const WORKSPACE = `version: 1
name: keys
hosts: [{ id: here, local: {} }]
runbooks:
  - name: rotate
    title: Rotate the logs
    parameters: { service: { pattern: "[a-z]+" } }
    run: echo "$service"
`;

let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  workbench = await openWorkbench(browser, WORKSPACE);
  page = workbench.page;
  await expect(terminalOf(page, 'here').locator('.xterm-rows')).toContainText(/[$#]/);
});

test.afterAll(async () => {
  await workbench?.close();
});

const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
const processes = () => page.getByRole('grid', { name: 'Processes of here' });

/** Through the palette, as a person without a mouse does. */
async function act(words: string): Promise<void> {
  await page.keyboard.press('Control+Shift+P');
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await expect(page.getByPlaceholder('Search or do anything')).toHaveCount(0);
}

test('with events on the timeline the process table has its own keys, and Escape goes back step by step', async () => {
  // An event: without one, single letters that walk the timeline do nothing.
  await act('add a note');
  await page.keyboard.type('something to walk to');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('something to walk to');
  // It is looked at, and left: what is shown is of now again, not of its moment.
  const moment = page.getByRole('region', { name: 'Host detail' }).getByText(/^at \d/);
  await page
    .getByRole('region', { name: 'Timeline' })
    .getByRole('button', { name: /something to walk/ })
    .click();
  await expect(moment).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByText('Viewing')).toHaveCount(0);
  await expect(moment).toHaveCount(0);
  await page.getByRole('tab', { name: 'Processes' }).click();
  await expect(processes().getByRole('row').nth(1)).toBeVisible();
  await processes().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('k');
  await expect(dialog(/kill/i)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(processes()).toBeFocused();
  await page.keyboard.press('Enter');
  const detail = page.getByRole('complementary', { name: /^Process \d+/ });
  await expect(detail).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(detail).toHaveCount(0);
  await expect(processes()).toBeFocused();
  // Then the choice, then the table.
  await page.keyboard.press('Escape');
  await expect(processes()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('.xterm-helper-textarea:focus')).toHaveCount(1);
});

test('from a shell every part of the screen is reached by keys alone, and Escape goes back to it', async () => {
  const shell = page.locator('.xterm-helper-textarea:focus');
  await terminalOf(page, 'here').click();
  // Tab is the shell's.
  await prefix(page, 'Tab');
  await expect(page.getByRole('tab', { name: 'Processes' })).toBeFocused();
  await page.keyboard.press('F6');
  await expect(page.getByRole('option', { name: /here/ })).toBeFocused();
  await page.keyboard.press('F6');
  await expect(page.getByRole('region', { name: 'Timeline' }).locator('[data-head]').first()).toBeFocused();
  await page.keyboard.press('F6');
  await expect(shell).toHaveCount(1);
  const filter = page.getByRole('searchbox', { name: 'Filter the timeline' });
  await filter.focus();
  await page.keyboard.type('x');
  await page.keyboard.press('Escape');
  await expect(filter).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(shell).toHaveCount(1);
  await act('go to the process table');
  await expect(processes()).toBeFocused();
  // A palette that is left gives the focus back to where it was called from.
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Escape');
  await expect(processes()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(shell).toHaveCount(1);
  await act('next event');
  await expect(page.locator('[data-selected] > [data-head]')).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(shell).toHaveCount(1);
});

test('the sheet of keys begins with those of where one is, and goes back there', async () => {
  const first = () => dialog('Keys').getByRole('heading', { level: 3 }).first();
  await prefix(page, '?');
  await expect(first()).toHaveText('Panes (where you are)');
  await page.keyboard.press('Escape');
  await prefix(page, '[');
  await expect(page.getByRole('textbox', { name: /^Scrollback/ })).toBeFocused();
  await prefix(page, '?');
  await expect(first()).toHaveText('Copy mode (where you are)');
  await expect(dialog('Keys')).toContainText('Ask every host');
  await page.keyboard.press('Escape');
  await page.keyboard.press('q');
  await processes().focus();
  await page.keyboard.press('?');
  await expect(first()).toHaveText('Process table (where you are)');
  await dialog('Keys').getByRole('button', { name: 'Close' }).click();
  await expect(processes()).toBeFocused();
  await terminalOf(page, 'here').click();
});

test('a runbook asks for its first parameter first', async () => {
  await act('runbook: rotate');
  await expect(dialog('Rotate the logs').getByLabel(/^service/)).toBeFocused();
  await page.keyboard.press('Escape');
});

test('numbers on the panes take no letter from the shell', async () => {
  await prefix(page, 'q');
  await page.keyboard.type('echo whole-$((1+1))\n');
  await expect(terminalOf(page, 'here').locator('.xterm-rows')).toContainText('whole-2');
});

test('a window of any size leaves the panes their place, and every button within reach', async () => {
  for (const [width, height] of [
    [360, 260],
    [320, 640],
    [640, 400],
    [800, 1400],
  ] as const) {
    await page.setViewportSize({ width, height });
    await expect
      .poll(async () => (await terminalOf(page, 'here').boundingBox())?.height ?? 0, `${width}x${height}`)
      .toBeGreaterThan(40);
    const outside = await page.locator('header button:visible').evaluateAll((buttons) =>
      buttons
        .filter((button) => {
          const { left, right } = button.getBoundingClientRect();
          const at = document.elementFromPoint((left + right) / 2, button.getBoundingClientRect().top + 8);
          return left < 0 || right > window.innerWidth || !(at && button.contains(at));
        })
        .map((button) => button.getAttribute('aria-label') ?? button.textContent),
    );
    expect(outside, `${width}x${height}`).toEqual([]);
  }
  await page.setViewportSize({ width: 360, height: 260 });
  // In their place, and back.
  await act('show or fold the timeline');
  await expect(page.getByRole('region', { name: 'Timeline' })).toBeVisible();
  await page.getByRole('button', { name: 'Show the panes' }).click();
  await expect(terminalOf(page, 'here')).toBeVisible();
  await page.getByRole('button', { name: 'Show the host detail' }).click();
  await expect(page.getByRole('tab', { name: 'Processes' })).toBeInViewport();
  await page.getByRole('button', { name: 'Fold the host detail away' }).click();
  await expect(terminalOf(page, 'here')).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(page.getByRole('region', { name: 'Timeline' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Processes' })).toBeVisible();
});
