import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { prefix, screenOf, terminalOf } from './terminalScreen.ts';
import { startWebHost, type WebHost } from './webHost.ts';

/** Two windows of six panes over six hosts, by keyboard alone: no test in here touches the mouse. */
test.describe.configure({ mode: 'serial', timeout: 180_000 });

const HOSTS = ['web1', 'web2', 'web3', 'web4', 'web5', 'web6'];

let lab: Lab;
let folder: string;
let workspace: string;
let fireline: WebHost;
let page: Page;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: HOSTS.length });
  folder = await mkdtemp(join(tmpdir(), 'fireline-panes-'));
  workspace = join(folder, 'panes.yaml');
  await writeFile(
    workspace,
    `${lab.workspaceYaml}\n# our windows\npanes:\n  - { name: all, tiled: [web] }   # every host\n  - { name: pairs, row: [{ column: [web1, web2] }, { column: [web3, web4] }, { column: [web5, web6] }] }\n`,
  );
  fireline = await startWebHost({ workspace, home: join(folder, 'home') });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(fireline.url);
});

test.afterAll(async () => {
  await page?.close();
  await fireline?.stop();
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
});

const rows = (host: string) => terminalOf(page, host).locator('.xterm-rows');
const bar = () => page.getByRole('status', { name: 'Broadcast' });
const tabs = () => page.getByRole('tablist', { name: 'Windows' }).getByRole('tab');
const active = () => page.locator('article[data-active="true"]').filter({ visible: true });

/** Every pane that is shown, with its place in per cent of all panes. */
function places(): Promise<Record<string, string>> {
  return page.getByRole('region', { name: 'Panes' }).evaluate((region) => {
    const shown = [...region.querySelectorAll('article')].filter((pane) => pane.checkVisibility());
    const boxes = shown.map((pane) => pane.getBoundingClientRect());
    const [left, top] = [Math.min(...boxes.map((b) => b.left)), Math.min(...boxes.map((b) => b.top))];
    const [right, bottom] = [Math.max(...boxes.map((b) => b.right)), Math.max(...boxes.map((b) => b.bottom))];
    const percent = (part: number, of: number) => Math.round((100 * part) / of);
    return Object.fromEntries(
      shown.map((pane, n) => {
        const box = boxes[n] as DOMRect;
        return [
          (pane.getAttribute('aria-label') ?? '').replace(/^Pane \d+: /, ''),
          `${percent(box.left - left, right - left)},${percent(box.top - top, bottom - top)} ${percent(box.width, right - left)}x${percent(box.height, bottom - top)}`,
        ];
      }),
    );
  });
}

async function type(line: string): Promise<void> {
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
}

test('the file’s two windows open, each with a shell on every host', async () => {
  await expect(tabs()).toHaveText([/0\s*all/, /1\s*pairs/]);
  for (const window of ['1', '0']) {
    for (const host of HOSTS) await expect(rows(host)).toContainText(`${host}:~#`);
    await prefix(page, window);
  }
  await expect(tabs().first()).toHaveAttribute('aria-selected', 'true');
  await expect(terminalOf(page, 'web6')).toBeVisible();
});

test('hostname is broadcast to six panes, and each answers for itself', async () => {
  await prefix(page, 'S');
  await expect(bar()).toContainText('goes to 6 of 6 panes of window all');
  await type('hostname; echo broadcast-$((40+2))');
  for (const host of HOSTS) {
    await expect(rows(host)).toContainText('broadcast-42');
    expect(await screenOf(terminalOf(page, host))).toContain(host);
  }
  // Each prints its own name, and that is no difference.
  await expect(page.getByText(/differs/)).toHaveCount(0);
  await pictures('panes-broadcast');
});

test('an excluded pane gets nothing; one whose answer differs is marked', async () => {
  await prefix(page, 'q', '2');
  await expect(active()).toHaveAttribute('aria-label', 'Pane 2: web3');
  await prefix(page, 'X');
  await expect(bar()).toContainText('Excluded: web3');
  await expect(bar()).toContainText('You are in web3, which it does not reach');
  await prefix(page, ';');
  await expect(bar()).toContainText('goes to 5 of 6 panes');
  await lab.host('web5').exec('touch /tmp/only-here');
  await type('clear; ls /tmp/only-here 2>/dev/null; echo excluded-$((40+2))');
  for (const host of HOSTS.filter((one) => one !== 'web3'))
    await expect(rows(host)).toContainText('excluded-42');
  expect((await screenOf(terminalOf(page, 'web3'))).join('\n')).not.toContain('excluded');
  const marked = page.locator('article', { hasText: 'output differs' }).filter({ visible: true });
  await expect(marked).toHaveCount(1);
  await expect(marked).toHaveAttribute('aria-label', /web5/);
});

test('a pane that is stalled gets nothing, and is named', async () => {
  // Its listener too: a new connection that came about meanwhile would get the keys.
  await lab.host('web2').stallLink({ listener: true });
  // Keys make the link be asked; those until it has not answered are on their way to it.
  await type('echo x');
  await expect(bar()).toContainText('Not reached: web2');
  await type('echo stalled-$((40+2))');
  await expect(bar()).toContainText(/web2 \(link [^,]+, missed \d+ keys\)/);
  await expect(rows('web6')).toContainText('stalled-42');
  lab.host('web2').resumeLink();
  await expect(bar()).not.toContainText('Not reached', { timeout: 60_000 });
  expect((await screenOf(terminalOf(page, 'web2'))).join('\n')).not.toContain('stalled');
  await prefix(page, 'S');
  await expect(bar()).toHaveCount(0);
});

test('a search finds what all panes printed, and goes there', async () => {
  await prefix(page, 'Control+f');
  const sheet = page.getByRole('dialog', { name: 'Search what was printed' });
  await page.keyboard.type('excluded-42');
  await page.keyboard.press('Enter');
  await expect(sheet).toContainText('5 found');
  const hits = sheet.getByRole('option');
  await expect(hits).toHaveCount(5);
  await page.keyboard.press('ArrowDown');
  const second = hits.nth(1);
  await expect(second).toHaveAttribute('aria-selected', 'true');
  const host = (await second.locator('b').textContent()) ?? '';
  await page.screenshot({ path: 'e2e/results/panes-search.png' });
  await page.keyboard.press('Enter');
  const view = page.getByRole('textbox', { name: `Scrollback ${host}` });
  await expect(view).toBeFocused();
  await expect(view.locator('[data-mark="cursor"]')).toHaveText('e');
  // Its own line is copied by vi's keys, and pasted.
  await page.keyboard.press('V');
  await page.keyboard.press('y');
  await expect(view).toHaveCount(0);
  await expect(terminalOf(page, host).locator('textarea')).toBeFocused();
  await page.keyboard.type('# ');
  await prefix(page, ']');
  await expect(rows(host)).toContainText('# excluded-42');
  await page.keyboard.press('Control+c');
});

test('a pane is zoomed and back', async () => {
  const before = await places();
  await prefix(page, 'z');
  await expect(page.locator('article').filter({ visible: true })).toHaveCount(1);
  await expect(tabs().first()).toContainText('Z');
  await prefix(page, 'z');
  await expect.poll(places).toEqual(before);
});

test('a link that is lost is told, and the pane goes on in place when it is back', async () => {
  await prefix(page, 'q', '3');
  await expect(active()).toHaveAttribute('aria-label', 'Pane 3: web4');
  await lab.host('web4').stopSshd();
  await lab.host('web4').dropLinks();
  // The words change as more is known: the link is lost, and by the time it is tried again, that no sshd listens.
  await expect(active()).toContainText(/link (was )?lost/i);
  await lab.host('web4').startSshd();
  await expect(active()).not.toContainText(/link (was )?lost/i, { timeout: 60_000 });
  await expect(rows('web4')).toContainText('a new shell');
  await type('echo back-$((40+2))');
  await expect(rows('web4')).toContainText('back-42');
  // What was printed before is still there.
  await prefix(page, '[', '?');
  await type('excluded-42');
  const view = page.getByRole('textbox', { name: 'Scrollback web4' });
  await expect(view).toContainText('excluded-42');
  await expect(view.locator('[data-mark="hit"]').first()).toBeVisible();
  await page.keyboard.press('q');
  await expect(view).toHaveCount(0);
});

test('a name that is asked for gets what is typed, however late the terminal’s focus comes', async () => {
  await page.evaluate(() => {
    const { setTimeout } = window;
    const late: (() => void)[] = [];
    const hold = (task: () => void, milliseconds?: number) =>
      milliseconds === 0 ? late.push(task) : setTimeout(task, milliseconds);
    Object.assign(window, { setTimeout: hold });
    window.addEventListener('end-hold', () => {
      window.setTimeout = setTimeout;
      for (const task of late) task();
    });
  });
  await prefix(page, 'o');
  await prefix(page, ',');
  const field = page.getByRole('textbox', { name: 'Name of the window' });
  await expect(field).toBeFocused();
  await page.evaluate(() => window.dispatchEvent(new Event('end-hold')));
  await expect(field).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('.xterm-helper-textarea:focus')).toHaveCount(1);
});

test('after a restart the windows are as they were left, and in the file when asked', async () => {
  await prefix(page, 'Space');
  await prefix(page, 'Control+ArrowRight', 'Control+ArrowRight');
  const first = await places();
  await prefix(page, '1');
  await prefix(page, '}');
  await prefix(page, ',');
  await page.keyboard.press('Control+a');
  await type('second');
  await expect(tabs().nth(1)).toContainText('second');
  const second = await places();
  const home = join(folder, 'home');
  await expect.poll(() => savedNames(home)).toEqual(['all', 'second']);

  await page.keyboard.press('Control+b');
  await page.keyboard.press(':');
  await type('save the layout');
  await expect(page.getByText(`The layout is in ${workspace} now.`)).toBeVisible();
  const text = await readFile(workspace, 'utf8');
  expect(text).toContain('# our windows');
  expect(text).toContain('name: second');

  // Keys of one's own are read with it: another prefix, and a key without one.
  await writeFile(join(home, 'settings.yaml'), 'prefix: C-a\nkeys:\n  window.previous: [F8]\n');
  await fireline.kill('SIGTERM');
  fireline = await startWebHost({ workspace, home });
  await page.goto(fireline.url);
  await expect(tabs()).toHaveText([/0\s*all/, /1\s*second/]);
  await expect(tabs().nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect.poll(places).toEqual(second);
  for (const host of HOSTS) await expect(rows(host)).toContainText(`${host}:~#`);
  await expect(terminalOf(page, 'web1').or(terminalOf(page, 'web2')).first()).toBeVisible();
  await page.keyboard.press('F8');
  await expect.poll(places).toEqual(first);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('n');
  await expect.poll(places).toEqual(second);
});

/** Names of the windows in the layout that is on record. */
async function savedNames(home: string): Promise<string[]> {
  const file = (await readdir(home, { recursive: true })).find((name) => name.endsWith('record.db'));
  if (!file) return [];
  const database = new DatabaseSync(join(home, file), { readOnly: true });
  try {
    const row = database.prepare("SELECT body FROM states WHERE name = 'layout'").get() as
      | { body?: string }
      | undefined;
    const layout = JSON.parse(row?.body ?? '{}') as { windows?: { name: string }[] };
    return (layout.windows ?? []).map((window) => window.name);
  } finally {
    database.close();
  }
}

/** In both themes, on a laptop and on a large screen. */
test('the other windows of a file open behind the first, which takes what is typed meanwhile', async ({
  browser,
}) => {
  const file = join(folder, 'three.yaml');
  const windows = ['first', 'second', 'third'].map((name) => `  - { name: ${name}, row: [here] }\n`);
  await writeFile(
    file,
    `version: 1\nname: three\nhosts:\n  - { id: here, local: {} }\npanes:\n${windows.join('')}`,
  );
  const host = await startWebHost({ workspace: file, home: join(folder, 'home-of-three') });
  const own = await browser.newPage();
  try {
    await own.addInitScript(noteFrontWindows);
    await own.goto(host.url);
    await expect(own.getByRole('tab', { name: 'third' })).toBeVisible();
    expect(await own.evaluate('frontWindows')).toEqual(['first']);
  } finally {
    await own.close();
    await host.stop();
  }
});

/** Runs in the page: which windows were in front, in order, by their names. */
function noteFrontWindows(): void {
  const names: string[] = [];
  Object.assign(globalThis, { frontWindows: names });
  const look = () => {
    const name = document
      .querySelector('[role="tab"][aria-selected="true"][data-window]')
      ?.textContent?.match(/first|second|third/)?.[0];
    if (name !== undefined && name !== names.at(-1)) names.push(name);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

async function pictures(name: string): Promise<void> {
  for (const theme of ['dark', 'light']) {
    for (const [width, height] of [
      [2560, 1440],
      [1280, 800],
    ] as const) {
      await page.setViewportSize({ width, height });
      await expect.poll(() => page.evaluate(() => window.innerWidth)).toBe(width);
      await page.screenshot({ path: `e2e/results/${name}-${theme}-${width}.png` });
    }
    await page.keyboard.press('Control+Shift+P');
    await type('change between dark and light');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
}
