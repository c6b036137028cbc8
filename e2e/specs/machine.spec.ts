import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { startWebHost } from './webHost.ts';
import { collectAlerts } from './workbench.ts';

/** Without a workspace: this machine, and everything a person types or a process calls itself is only text. */
test.describe.configure({ timeout: 120_000 });

test('with no workspace there is a shell and live charts of this machine, and offers to go on', async ({
  page,
}) => {
  const fireline = await startWebHost({});
  try {
    await page.goto(fireline.url);
    const terminal = page.getByLabel('Terminal this-machine', { exact: true });
    await terminal.click();
    await page.keyboard.type('echo here-$((20+22))\n');
    await expect(terminal.locator('.xterm-rows')).toContainText('here-42');
    await expect(page.getByRole('region', { name: 'Fleet' })).toContainText('this-machine');
    await expect(page.getByRole('button', { name: /Open.*workspace/i }).first()).toBeVisible();
    await expect(page.getByRole('button', { name: /Create/i }).first()).toBeVisible();
    await expect(page.getByRole('button', { name: /Import/i }).first()).toBeVisible();
  } finally {
    await fireline.stop();
  }
});

test('a hostile process title, terminal output and note are inert text', async ({ page }) => {
  const fireline = await startWebHost({});
  const alerts = collectAlerts(page.context());
  try {
    await page.goto(fireline.url);
    const terminal = page.getByLabel('Terminal this-machine', { exact: true });
    await terminal.click();
    const title = '<img src=x onerror=alert(1)>';
    await page.keyboard.type(
      `(exec -a '${title}' sleep 600) & printf '\\033]52;c;aGFja2Vk\\007\\033]0;<b>title</b>\\007'\n`,
    );
    await page.getByRole('tab', { name: 'Processes' }).click();
    await page.getByRole('searchbox', { name: /Filter.*process/i }).fill('onerror');
    await expect(page.getByRole('region', { name: 'Host detail' })).toContainText(title);
    await page.getByRole('button', { name: 'Add a note to the timeline' }).click();
    await page.getByRole('textbox', { name: 'Note' }).fill('<script>alert(2)</script> \u202egnp.exe');
    await page.getByRole('button', { name: 'Add note' }).click();
    await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('<script>alert(2)</script>');
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(alerts).toEqual([]);
    // Reordered, right to left, with controls, and 4,000 characters long.
    await terminal.click();
    await page.keyboard.type(
      '(exec -a "$(printf \'rtl \\327\\251\\327\\234\\327\\225\\327\\235 \\342\\200\\256gnp.exe \\033[31m\\007 %04000d\' 0)" sleep 600) &\n',
    );
    await page.getByRole('searchbox', { name: /Filter.*process/i }).fill('gnp.exe');
    await expect(page.getByText(/^1 of \d+ processes/)).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const shown = 'rtl שלום ‹U+202E›gnp.exe ␛[31m␇ 0000';
    await expect(page.getByRole('region', { name: 'Host detail' }).locator('pre')).toContainText(shown);
    await page.getByRole('button', { name: 'Kill…' }).first().click();
    await expect(page.getByRole('dialog')).toContainText('rtl שלום ‹U+202E›gnp.exe');
    const fits = () =>
      [document.documentElement, ...document.querySelectorAll('[role="dialog"]')].every(
        ({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth,
      );
    expect(await page.evaluate(fits)).toBe(true);
    // None of what acts is left.
    const acts = /[\u0000-\u0008\u001b\u202a-\u202e\u2066-\u2069]/;
    expect(await page.locator('body').innerText()).not.toMatch(acts);
    await page.screenshot({ path: 'e2e/results/machine-hostile.png' });
    await page.keyboard.press('Escape');
    await terminal.click();
    await page.keyboard.type('kill %1 %2\n');
  } finally {
    await fireline.stop();
  }
});

test('after kill -9 in the middle of an incident the record is there up to the last second', async ({
  page,
}) => {
  const home = await mkdtemp(join(tmpdir(), 'fireline-crash-'));
  const workspace = join(home, 'here.yaml');
  await writeFile(workspace, 'version: 1\nname: here\nhosts:\n  - { id: here, local: {} }\n');
  try {
    const first = await startWebHost({ workspace, home });
    await page.goto(first.url);
    const terminal = page.getByLabel('Terminal here', { exact: true });
    await terminal.click();
    await page.keyboard.type('echo before-$((40+2))\n');
    await expect(terminal.locator('.xterm-rows')).toContainText('before-42');
    await page.getByRole('button', { name: 'Declare incident' }).click();
    await page.getByLabel('Title').fill('cut off');
    await page.getByRole('button', { name: 'Declare incident', exact: true }).last().click();
    await expect(page.getByRole('button', { name: /Incident 1: cut off/ })).toBeVisible();
    // The recording is flushed once a second: wait until it holds what the screen showed.
    await expect.poll(async () => (await casts(home)).includes('before-42')).toBe(true);
    await first.kill('SIGKILL');

    const second = await startWebHost({ workspace, home });
    await page.goto(second.url);
    await expect(page.getByRole('button', { name: /Incident 1: cut off/ })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('cut off');
    await second.stop();
    for (const line of (await casts(home)).split('\n').filter((l) => l !== '')) {
      if (line.endsWith(']') || line.endsWith('}')) JSON.parse(line);
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

async function casts(home: string): Promise<string> {
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.cast'));
  return (await Promise.all(files.map((f) => readFile(join(home, f), 'utf8')))).join('\n');
}
