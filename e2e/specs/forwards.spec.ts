import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { type Lab, startLab } from '../lab/lab.ts';
import { startWebHost, type WebHost } from './webHost.ts';

/** What ssh_config asks for beside a login is opened, carries bytes, and is on the screen. */
test.describe.configure({ timeout: 120_000 });

let lab: Lab;
let fireline: WebHost;
let home: string;
let agentPid: number;
const PORT = 20_000 + (process.pid % 10_000);

test.beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  const host = lab.host('web1');
  home = mkdtempSync(join(tmpdir(), 'fireline-forwards-'));
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  const agent = join(home, 'agent.sock');
  const said = execFileSync('ssh-agent', ['-s', '-a', agent], { encoding: 'utf8' });
  agentPid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
  writeFileSync(
    join(home, '.ssh', 'config'),
    `Host web1
  HostName ${host.address}
  Port ${host.port}
  User ${host.user}
  IdentityFile ${host.keyFile}
  UserKnownHostsFile ${host.knownHostsFile}
  ForwardAgent ${agent}
  LocalForward ${PORT} ${host.address}:${host.port}
  LocalForward ${PORT + 1} 127.0.0.1:1
  CertificateFile /keys/web-cert.pub
`,
    { mode: 0o600 },
  );
  const workspace = join(home, 'forwards.yaml');
  writeFileSync(workspace, 'version: 1\nname: forwards\nhosts:\n  - { id: web1, ssh: web1 }\n');
  fireline = await startWebHost({ workspace, home });
});

test.afterAll(async () => {
  await fireline?.stop();
  await lab?.stop();
  if (agentPid) process.kill(agentPid);
  rmSync(home, { recursive: true, force: true });
});

/** The first bytes that come from a port of this machine; empty when it is closed instead. */
function greeting(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('data', (data) => {
      text += data.toString('latin1');
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

test('a host shows its forwarded agent, its forwards with their traffic, and what is not done', async ({
  page,
}) => {
  await page.goto(fireline.url);
  const detail = page.getByRole('region', { name: 'Host detail' });
  await expect(detail.getByRole('img', { name: 'agent forwarded' })).toBeVisible();
  await detail.getByRole('tab', { name: 'Overview' }).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(detail.getByRole('tab', { name: /^Link/ })).toHaveAttribute('aria-selected', 'true');
  const rows = detail.getByRole('table', { name: 'Forwards' }).getByRole('row');
  await expect(rows.nth(1)).toContainText('listening');
  expect(await greeting(PORT)).toContain('SSH-2.0-OpenSSH');
  expect(await greeting(PORT + 1)).toBe('');
  // One connection, and the forty-odd bytes of the greeting of sshd that came back.
  await expect(rows.nth(1).getByRole('cell').nth(5)).toHaveText('1');
  await expect(rows.nth(1).getByRole('cell').nth(7)).toHaveText(/^[1-9]\d*\s*B$/);
  await expect(detail.getByText(/127\.0\.0\.1:1: Connection refused/)).toBeVisible();
  await expect(detail.getByText('not offered here; the plain key must be in authorized_keys')).toBeVisible();
  await page.screenshot({ path: 'e2e/results/forwards-1.png' });
});
