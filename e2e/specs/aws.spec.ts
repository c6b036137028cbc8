import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { readBanner } from '../lab/readBanner.ts';
import { type ErlangService, startErlangService } from '../lab/scenarios/erlangService.ts';
import { doubleInstance, doubleTask } from '../lab/ssm/doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from '../lab/ssm/startAwsDouble.ts';
import { checkWithAxe } from './axe.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** One workspace with every way to a host, and the first story: an expired session leaves a debug node behind. */
test.describe.configure({ mode: 'serial', timeout: 240_000 });

const SHELL_ONLY = 'i-0aaaaaaaaaaaaaaa1';
const WITH_SSH = 'i-0bbbbbbbbbbbbbbb2';

let lab: Lab;
let double: AwsDouble;
let service: ErlangService;
let workbench: Workbench;
let page: Page;
let tasks: string[];
let forwardedPort: number;

test.beforeAll(async ({ browser }) => {
  lab = await startLab({ hosts: 6, memoryLimitBytes: 512 * 1024 * 1024 });
  const running = ['web4', 'web5', 'web6'].map((host) => ({ host, task: doubleTask('api', ['app']) }));
  tasks = running.map(({ task }) => `api.${task.id.slice(0, 8)}`);
  const hostOf = (target: string) => {
    if (target === SHELL_ONLY) return lab.host('web2');
    if (target === WITH_SSH) return lab.host('web3');
    const found = running.find(({ task }) => target.includes(task.id));
    if (!found) throw new Error(`no lab host for ${target}`);
    return lab.host(found.host);
  };
  double = await startAwsDouble({
    account: {
      instances: [
        { ...doubleInstance(SHELL_ONLY), tags: { role: 'web' } },
        doubleInstance(WITH_SSH),
        { ...doubleInstance('i-0cccccccccccccccc'), pingStatus: 'ConnectionLost' },
      ],
      clusters: [
        {
          name: 'prod',
          services: [{ name: 'api', enableExecuteCommand: true, desiredCount: 3 }],
          tasks: running.map(({ task }) => task),
        },
      ],
    },
    // A session of its own inside, with the pty as its terminal: as a container's runtime makes it.
    shellFor: (target) => hostOf(target).enter(['setsid', '-c', '-w', '/bin/bash']),
    addressFor: (target) => hostOf(target).address,
  });
  service = await startErlangService(`svc${process.pid}`, lab.host('web4').enter(['erl']));
  const ssh = lab.host('web3');
  const knownHosts = join(lab.directory, 'known_hosts_of_instances');
  const line =
    (await readFile(ssh.knownHostsFile, 'utf8')).split('\n').find((l) => l.includes(ssh.address)) ?? '';
  await writeFile(knownHosts, `${line.replace(/^\S+/, WITH_SSH)}\n`);
  forwardedPort = await freePort();
  const plain = lab.host('web1');
  workbench = await openWorkbench(
    browser,
    `version: 1
name: mixed
hosts:
  - { id: plain, ssh: { host: ${plain.address}, port: ${plain.port}, user: root, identityFile: "${plain.keyFile}", knownHostsFile: "${plain.knownHostsFile}" } }
  - { id: managed, ssm: { instance: ${SHELL_ONLY}, forwards: ["${forwardedPort}:${lab.host('web2').port}"] } }
  - { id: carried, ssm: { instance: ${WITH_SSH}, ssh: { user: root, port: ${ssh.port}, identityFile: "${ssh.keyFile}", knownHostsFile: "${knownHosts}" } } }
  - { id: api, ecs: { cluster: prod, service: api, container: app } }
`,
    double.service.environment,
  );
  page = workbench.page;
});

test.afterAll(async () => {
  await workbench?.close();
  double?.dispose();
  await service?.stop();
  await lab?.stop();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const timeline = () => page.getByRole('region', { name: 'Timeline' });
const fleet = () => page.getByRole('region', { name: 'Fleet' });
const terminal = (host: string) => page.getByLabel(`Terminal ${host}`, { exact: true });

test('hosts by ssh, by a session, by ssh over a session and the tasks of a service all have a shell and charts', async () => {
  const hosts = ['plain', 'managed', 'carried', ...tasks];
  for (const [at, host] of hosts.entries()) {
    await expect(terminal(host)).toBeVisible();
    await expect(terminal(host).locator('.xterm-rows')).toContainText('#', { timeout: 30_000 });
    await terminal(host).click();
    await page.keyboard.type('echo in-$(hostname)-$((40+2))\n');
    await expect(terminal(host).locator('.xterm-rows')).toContainText(`in-web${at + 1}-42`);
    const cell = fleet()
      .getByRole('option', { name: new RegExp(`\\b${host}\\b`) })
      .first();
    await expect(cell).toContainText(/cpu\s*\d+%/);
  }
  await page.screenshot({ path: 'e2e/results/aws-1-mixed.png' });
  await page.setViewportSize({ width: 2560, height: 1440 });
  await page.screenshot({ path: 'e2e/results/aws-2-mixed-wide.png' });
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('a port of an instance is forwarded, and the Link tab says what went over it', async () => {
  expect(await readBanner('127.0.0.1', forwardedPort, 20_000)).toMatch(/^SSH-2\.0-/);
  await fleet()
    .getByRole('option', { name: /\bmanaged\b/ })
    .click();
  const detail = page.getByRole('region', { name: 'Host detail' });
  await detail.getByRole('tab', { name: /^Link/ }).click();
  const row = detail.getByRole('row', { name: new RegExp(`localhost:${forwardedPort}`) });
  await expect(row).toContainText(`localhost:${lab.host('web2').port}`);
  // What came back: the greeting of the instance's own sshd.
  await expect(row.getByRole('cell').last()).toHaveText(/^[1-9]\d*\sB$/);
  await page.screenshot({ path: 'e2e/results/aws-9-forwards.png' });
  await detail.getByRole('tab', { name: 'Overview' }).click();
});

test('what Session Manager could open is listed, with what is missing, and becomes a workspace', async () => {
  await workbench.doAnything('hosts from AWS');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'List' }).click();
  const list = dialog.getByRole('list', { name: 'What can be opened in eu-west-1' });
  await expect(list.getByRole('listitem')).toHaveCount(4);
  await expect(list).toContainText('amazon-ssm-agent runs on it');
  await expect(list.getByRole('checkbox', { name: /i-0cccccccccccccccc/ })).toBeDisabled();
  await list.getByRole('checkbox', { name: /^api/ }).check();
  await list.getByRole('checkbox', { name: /i-0aaaaaaaaaaaaaaa1/ }).check();
  await page.screenshot({ path: 'e2e/results/aws-6-inventory.png' });
  await dialog.getByRole('button', { name: 'Make a workspace of 2' }).click();
  await expect(dialog.getByRole('textbox', { name: /yaml|workspace/i }).first()).toHaveValue(
    /ecs: \{ cluster: prod, service: api, container: app \}/,
  );
  await page.keyboard.press('Escape');
});

test('everyone’s sessions with a host are listed, and one is ended by its own plan', async () => {
  await terminal('managed').click();
  await workbench.doAnything('Sessions of the focused host');
  const list = page.getByRole('dialog').getByRole('list', { name: 'Sessions with managed' });
  await expect(list).toContainText('oncall');
  await page.screenshot({ path: 'e2e/results/aws-7-sessions.png' });
  await list
    .getByRole('button', { name: /^End session/ })
    .last()
    .click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText('Asks AWS');
  await expect(sheet.getByRole('button', { name: /^End session .* on managed$/ })).toBeVisible();
  await page.screenshot({ path: 'e2e/results/aws-8-end-session.png' });
  await sheet.getByRole('button', { name: 'Cancel' }).click();
});

for (const theme of ['dark', 'light'])
  test(`${theme}: what is asked of AWS can be read by all`, async () => {
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await workbench.doAnything('hosts from AWS');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'List' }).click();
    await expect(dialog.getByRole('listitem')).toHaveCount(4);
    await checkWithAxe(page, 'inventory', '[role="dialog"]');
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await workbench.doAnything('Sessions of the focused host');
    await expect(dialog.getByRole('list', { name: 'Sessions with managed' })).toContainText('oncall');
    await checkWithAxe(page, 'sessions', '[role="dialog"]');
    await page.screenshot({ path: `e2e/results/aws-10-sessions-${theme}.png` });
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await workbench.doAnything('change between dark and light');
  });

test('a session that breaks goes on where it was', async () => {
  await terminal('managed').click();
  await page.keyboard.type('KEPT=yes\n');
  double.agents.breakConnections();
  await page.keyboard.type('echo kept-$KEPT-$((1+1))\n');
  await expect(terminal('managed').locator('.xterm-rows')).toContainText('kept-yes-2');
  await expect(
    timeline()
      .getByRole('button', { name: /managed.*interrupted for/i })
      .first(),
  ).toBeVisible();
});

test('an expired session leaves a debug node connected: told, disconnected by the button, CPU back', async () => {
  const [host = ''] = tasks;
  await terminal(host).click();
  await page.keyboard.type(`${service.debugCommand('debug')}\n`);
  await expect(
    timeline()
      .getByRole('button', { name: /Node debug@localhost/ })
      .first(),
  ).toBeVisible({ timeout: 20_000 });
  // The pane's own session is ended by the service, as at its idle time-out.
  const sessions = double.agents.sessions.filter(
    (one) => one.status === 'Connected' && one.target.includes(host.split('.')[1] ?? '-'),
  );
  for (const one of sessions) await double.agents.expire(one.sessionId);

  const orphan = timeline()
    .getByRole('button', { name: /critical.*debug@localhost is still connected/i })
    .first();
  await expect(orphan).toBeVisible({ timeout: 60_000 });
  await orphan.click();
  await page.screenshot({ path: 'e2e/results/aws-3-orphan.png' });
  await timeline()
    .getByRole('button', { name: /^Disconnect debug@localhost/ })
    .first()
    .click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText('its connection to debug@localhost is cut');
  await expect(sheet).not.toContainText(service.cookie);
  await page.screenshot({ path: 'e2e/results/aws-4-plan.png' });
  await sheet.getByRole('button', { name: /Disconnect debug@localhost on / }).click();
  await expect(sheet.getByRole('status')).toContainText('stayed away', { timeout: 60_000 });
  await expect(sheet).toContainText(/CPU before/, { timeout: 30_000 });
  await page.screenshot({ path: 'e2e/results/aws-5-fixed.png' });
  await sheet.getByRole('button', { name: 'Close' }).click();
});

test('the story is in the report', async () => {
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Declare incident' }).click();
  await page.getByLabel('Title').fill('api at 100 %');
  await page.getByRole('button', { name: 'Declare incident', exact: true }).last().click();
  await page.getByRole('button', { name: /^Incident \d+/ }).click();
  await page.getByRole('button', { name: 'End incident' }).click();
  const dialog = page.getByRole('dialog');
  const html = await workbench.exportReport();
  expect(html).not.toContain(service.cookie);
  await dialog.getByRole('button', { name: 'Close' }).click();
});
