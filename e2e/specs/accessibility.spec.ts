import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { prefix, terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Every screen and dialog, dark and light, through axe: names, roles, contrast AA. */
test.describe.configure({ mode: 'serial', timeout: 240_000 });

let lab: Lab;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 2 });
  workbench = await openWorkbench(browser, lab.workspaceYaml);
  page = workbench.page;
  await terminalOf(page, 'web1').click();
  await page.keyboard.type('echo https://example.com/\n');
  await expect(terminalOf(page, 'web1').locator('.xterm-rows')).toContainText('web1:~#');
});

const event = () =>
  page
    .getByRole('region', { name: 'Timeline' })
    .getByRole('button', { name: /out of memory/i })
    .first();

test.afterAll(async () => {
  await workbench?.close();
  await lab?.stop();
});

/** What axe complains of, by rule and place. A terminal's colours are its programs' choice. */
async function check(screen: string, within?: string): Promise<void> {
  // A screen that still fades in has no contrast yet.
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));
  const axe = new AxeBuilder({ page })
    // One page, no frames: it need not open another to put its results together.
    .setLegacyMode()
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'])
    .exclude('.xterm')
    .exclude('[data-scrollback] [class*="row"]');
  if (within !== undefined) axe.include(within).disableRules(['region']);
  const { violations } = await axe.analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 4).map((node) => {
      const why = node.failureSummary?.split('\n')[1]?.trim() ?? help;
      return `${id}: ${node.target.join(' ')} – ${why}`;
    }),
  );
  // The other screens are looked at all the same.
  expect.soft(found, screen).toEqual([]);
}

/** Through the palette, as a person without a mouse does. */
async function act(words: string): Promise<void> {
  await page.keyboard.press('Control+Shift+P');
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await expect(page.getByPlaceholder('Search or do anything')).toHaveCount(0);
}

const DIALOGS = [
  ['Keys', 'show the keys'],
  ['Find a window or pane', 'find a window'],
  ['Broadcast what is typed', 'broadcast what is typed to a tag'],
  ['Search what was printed', 'search what all panes'],
  [/Open (this|a) link/, 'links on the pane'],
  [/^Close the window/, 'close the window'],
  ['Open a workspace', 'open a workspace'],
  ['Create a workspace', 'create a workspace'],
  ['Import hosts or a session', 'import hosts'],
  [/AWS/, 'make a workspace of hosts'],
  [/note/i, 'add a note'],
  [/Ask/, 'ask every host'],
  [/incident/i, 'declare or edit'],
  [/report/i, 'export the report'],
  [/Protect SSH/, 'protect ssh of the focused'],
] as const;

test('an event stands on the timeline', async () => {
  const kill = await lab.host('web2').oom({ seconds: 3 });
  await kill.killed();
  await expect(event()).toBeVisible({ timeout: 60_000 });
});

for (const theme of ['dark', 'light']) {
  test(`${theme}: the fleet, every tab of the host detail, the event’s card`, async () => {
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    for (const name of ['Overview', 'Processes', 'Diagnose', 'Link']) {
      await page.getByRole('tab', { name }).click();
      await expect(page.getByRole('tab', { name })).toHaveAttribute('aria-selected', 'true');
      await check(name);
    }
    await event().click();
    await check('event');
    await page.keyboard.press('Escape');
    await terminalOf(page, 'web1').click();
  });

  test(`${theme}: broadcast, two windows, copy mode, a close question, a menu`, async () => {
    await prefix(page, 'c');
    await expect(page.getByRole('tablist', { name: 'Windows' })).toBeVisible();
    await prefix(page, '0');
    await prefix(page, 'S');
    await check('broadcast');
    await prefix(page, 'S');
    await prefix(page, '[');
    await expect(page.getByRole('textbox', { name: /^Scrollback/ })).toBeFocused();
    await check('copy mode', '[aria-label="Panes"]');
    await page.keyboard.press('q');
    await prefix(page, 'x');
    await check('close question', '[aria-label="Panes"]');
    await page.getByRole('button', { name: 'Keep (n)' }).click();
    // The focus goes back to the terminal a moment later, and would close a menu that is open by then.
    await expect(page.locator('.xterm-helper-textarea:focus')).toHaveCount(1);
    await prefix(page, '>');
    await expect(page.getByRole('menu')).toBeVisible();
    await check('menu', '[role="menu"]');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
  });

  test(`${theme}: every dialog`, async () => {
    for (const [name, words] of DIALOGS) {
      await terminalOf(page, 'web1').click();
      await act(words);
      await expect(page.getByRole('dialog', { name })).toBeVisible();
      await check(words, '[role="dialog"]');
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
    }
    await terminalOf(page, 'web1').click();
    await page.keyboard.press('Control+Shift+P');
    await expect(page.getByPlaceholder('Search or do anything')).toBeFocused();
    await check('palette', '[role="dialog"]');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await terminalOf(page, 'web1').click();
    await act('change between dark and light');
  });
}
