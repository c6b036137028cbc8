// npm run lab: the lab's command line, under the project's own Node. Runs on Node 20.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages } from './debianPackages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const install = join(root, 'build/scripts/install.mjs');
if (existsSync(install)) await (await import(install)).ensureInstalled();

if (process.platform === 'linux' && process.getuid?.() === 0) {
  const wanted = ['openssh-server', 'openssh-client', 'lxcfs', 'fuse3', 'procps', 'iproute2', 'perl'];
  const { missing, reason } = await ensureDebianPackages(wanted);
  if (missing.length > 0) process.stderr.write(`packages not installed: ${missing.join(' ')}: ${reason}\n`);
}

const own = join(root, 'node_modules/.bin/node');
const node = existsSync(own) ? own : process.execPath;
const child = spawn(node, [join(root, 'e2e/lab/cli.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
// A Ctrl-C in the terminal reaches both: the command decides what it does.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => undefined);
child.on('error', (error) => {
  process.stderr.write(`the lab could not be run: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
});
