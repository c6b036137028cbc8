import { join } from 'node:path';
import { exitStatus } from './children.mjs';
import { ensureDebianPackages, LAB_PACKAGES } from './debianPackages.mjs';
import { ensureInstalled } from './install.mjs';
import { runInNode } from './nodeRuntime.mjs';
import { ROOT, startedIn } from './paths.mjs';
import { runScript, say } from './say.mjs';

/** `npm run lab -- …`: the lab's command line, with what it needs installed where this is root. */
await runScript(async (args) => {
  await ensureInstalled();
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    const { missing, reason } = await ensureDebianPackages(LAB_PACKAGES);
    if (missing.length > 0) say(`not installed: ${missing.join(' ')}: ${reason}`);
  }
  const entry = join(ROOT, 'e2e', 'lab', 'cli.ts');
  return exitStatus(await runInNode([entry, ...args], { cwd: startedIn(), foreground: true }));
});
