import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { checkWithAxe } from './axe.ts';
import { paste, prefix, terminalOf } from './terminalScreen.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** Every screen and dialog, dark and light, through axe: names, roles, contrast AA. */
test.describe.configure({ mode: 'serial', timeout: 240_000 });

/** One of each kind of field. */
const RUNBOOK = `runbooks:
  - name: rotate
    title: Rotate the logs
    parameters:
      service: { type: text, pattern: "[a-z]+" }
      keep: { type: choice, choices: [one, all] }
    run: echo "$service" "$keep"
    verify: "true"
`;

let lab: Lab;
let workbench: Workbench;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 2 });
  workbench = await openWorkbench(browser, `${lab.workspaceYaml}${RUNBOOK}`);
  page = workbench.page;
  await terminalOf(page, 'web1').click();
  await page.keyboard.type("bind 'set enable-bracketed-paste off'; echo https://example.com/$((1+1))\n");
  await expect(terminalOf(page, 'web1').locator('.xterm-rows')).toContainText('example.com/2');
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

const check = (screen: string, within?: string) => checkWithAxe(page, screen, within);

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
  [/on 2 hosts/, 'protect ssh of all'],
  ['Rotate the logs', 'runbook: rotate'],
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
    // The tabs are there once there are two windows; a new one comes to the front when its host has opened it.
    const tabs = page.getByRole('tablist', { name: 'Windows' }).getByRole('tab');
    const windows = Math.max(1, await tabs.count());
    await prefix(page, 'c');
    await expect(tabs).toHaveCount(windows + 1);
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
      // What is typed next would otherwise act by its letters.
      await expect(page.locator('.xterm-helper-textarea:focus'), words).toHaveCount(1);
    }
    const toPalette = page.getByRole('button', { name: 'Search or do anything' });
    await toPalette.focus();
    await expect(toPalette).toContainText('Ctrl-K');
    await terminalOf(page, 'web1').click();
    // Ctrl-K is the shell's.
    await expect(toPalette).toContainText('Ctrl-Shift-P');
    await page.keyboard.press('Control+Shift+P');
    await expect(page.getByPlaceholder('Search or do anything')).toBeFocused();
    await check('palette', '[role="dialog"]');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await terminalOf(page, 'web1').click();
    // A shell that does not tell a paste from typing: what it would run is shown first.
    await paste(page, 'one\ntwo\n');
    await expect(page.getByRole('dialog', { name: /^Paste 2 lines/ })).toBeVisible();
    await check('paste', '[role="dialog"]');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(page.locator('.xterm-helper-textarea:focus')).toHaveCount(1);
    await act('change between dark and light');
  });
}
