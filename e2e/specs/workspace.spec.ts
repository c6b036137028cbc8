import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { startWebHost, type WebHost } from './webHost.ts';

/** Create, import, a file with faults, a command that waits for approval: each through its dialog. */
test.describe.configure({ timeout: 120_000 });

let fireline: WebHost;
let folder: string;

test.beforeEach(async ({ page }) => {
  folder = await mkdtemp(join(tmpdir(), 'fireline-workspaces-'));
  fireline = await startWebHost({});
  await page.goto(fireline.url);
});

test.afterEach(async () => {
  await fireline.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a workspace is created in the editor, which names a fault by line and column, and is opened', async ({
  page,
}) => {
  await page.getByRole('button', { name: 'Create one' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create a workspace' });
  const editor = dialog.getByRole('textbox', { name: 'Workspace file' });
  await editor.fill('version: 1\nname: mine\nhosts:\n  - { id: here, locl: {} }\n');
  await expect(dialog.getByRole('list', { name: 'Problems' })).toContainText('locl');
  await expect(dialog.getByRole('list', { name: 'Problems' })).toContainText('4:');
  await page.screenshot({ path: 'e2e/results/workspace-1-create.png' });
  await editor.fill('version: 1\nname: mine\nhosts:\n  - { id: here, local: {} }\n');
  await dialog.getByLabel('Save as').fill(join(folder, 'mine.yaml'));
  await dialog.getByRole('button', { name: 'Save and open' }).click();
  await expect(page.getByLabel('Terminal here', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'mine' })).toBeVisible();
});

test('a file with faults is not half-read: the hosts that are fine can be opened', async ({ page }) => {
  const file = join(folder, 'broken.yaml');
  await writeFile(
    file,
    'version: 1\nname: broken\nhosts:\n  - { id: fine, local: {} }\n  - { id: bad, ssh: { host: h, port: many } }\n',
  );
  await page.getByRole('button', { name: 'Open a workspace' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').or(dialog.getByRole('textbox')).first().fill(file);
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(dialog).toContainText('was not opened');
  await expect(dialog.getByRole('list', { name: 'Problems' })).toContainText('broken.yaml:5:');
  await page.screenshot({ path: 'e2e/results/workspace-2-problems.png' });
  await dialog.getByRole('button', { name: /Open the hosts that are fine/ }).click();
  await expect(page.getByLabel('Terminal fine', { exact: true })).toBeVisible();
});

test('a command that a file brings waits until it is approved', async ({ page }) => {
  const file = join(folder, 'held.yaml');
  await writeFile(
    file,
    'version: 1\nname: held\nhosts:\n  - { id: pod, command: { shell: [sh, -i], exec: [sh, -c] } }\n',
  );
  await page.getByRole('button', { name: 'Open a workspace' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').or(dialog.getByRole('textbox')).first().fill(file);
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page.getByRole('button', { name: /Approve/ }).first()).toBeVisible();
  await page.screenshot({ path: 'e2e/results/workspace-3-held.png' });
  await page
    .getByRole('button', { name: /Approve/ })
    .first()
    .click();
  const terminal = page.getByLabel('Terminal pod', { exact: true });
  await terminal.click();
  await page.keyboard.type('echo approved-$((40+2))\n');
  await expect(terminal.locator('.xterm-rows')).toContainText('approved-42');
});

test('a login that runs something else than what it is told is not counted as measured', async ({ page }) => {
  const file = join(folder, 'menu.yaml');
  const says = 'echo This account may only copy files.; exit 1';
  const menu = `[sh, -c, 'case "$1" in *fireline-sampler*) ${says};; esac; exec sh -c "$1"', sh]`;
  await writeFile(
    file,
    `version: 1\nname: menu\nhosts:\n  - { id: here, local: {} }\n  - { id: nas, command: { shell: [sh, -i], exec: ${menu} } }\n`,
  );
  await page.getByRole('button', { name: 'Open a workspace' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').or(dialog.getByRole('textbox')).first().fill(file);
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  await page
    .getByRole('button', { name: /Approve/ })
    .first()
    .click();
  await expect(page.getByRole('group', { name: 'Hosts by state of their link' })).toContainText(
    /1 up.*1 unsettled/,
  );
  const cell = page.getByRole('option', { name: /link not measured nas\b/ });
  await expect(cell).toContainText('not measured');
  const told = page.getByRole('region', { name: 'Timeline' }).getByText(/^Nothing is measured on this host/);
  await expect(told).toContainText('This account may only copy files');
  await told.click();
  await cell.click();
  await expect(page.getByRole('alert')).toContainText('May this login run commands');
  await page.screenshot({ path: 'e2e/results/workspace-7-unmeasured.png' });
});

test('hosts are imported from an ssh_config, as a workspace to be read before it is saved', async ({
  page,
}) => {
  const file = join(folder, 'config');
  await writeFile(file, 'Host db1 db2\n  User deploy\nHost web-*\n  User www\n');
  await page.getByRole('button', { name: 'Import what you have' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import hosts or a session' });
  await dialog.getByLabel('ssh_config file').fill(file);
  await dialog.getByRole('button', { name: 'Read the file' }).click();
  const editor = dialog.getByRole('textbox', { name: 'Workspace file' });
  await expect(editor).toHaveValue(/db1[\s\S]*db2/);
  await expect(editor).not.toHaveValue(/web-\*/);
  await page.screenshot({ path: 'e2e/results/workspace-4-import.png' });
});

test('a tmuxinator project becomes hosts and panes, and its commands wait for approval', async ({ page }) => {
  const file = join(folder, 'project.yml');
  await writeFile(
    file,
    'name: project\nroot: /tmp\nwindows:\n  - work:\n      layout: even-horizontal\n      panes:\n        - echo started-$((40+2)) in $PWD\n        -\n',
  );
  await page.getByRole('button', { name: 'Import what you have' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import hosts or a session' });
  await dialog.getByLabel('From').selectOption('tmuxinator project');
  await dialog.getByLabel('Project file').fill(file);
  await page.screenshot({ path: 'e2e/results/workspace-5-sources.png' });
  await dialog.getByRole('button', { name: 'Read the file' }).click();
  await expect(dialog.getByRole('list', { name: 'Warnings' })).toContainText('after you approve');
  await dialog.getByLabel('Save as').fill(join(folder, 'project.yaml'));
  await dialog.getByRole('button', { name: /Save/ }).click();
  const terminals = page.getByLabel('Terminal here', { exact: true });
  await expect(terminals).toHaveCount(2);
  await expect(page.getByText('types commands into 2 panes (here)')).toBeVisible();
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.screenshot({ path: 'e2e/results/workspace-6-start-up.png' });
  await expect(page.locator('.xterm-rows').filter({ hasText: 'started-42' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Approve all' }).click();
  await expect(terminals.filter({ hasText: 'started-42 in /tmp' })).toHaveCount(1);
});
