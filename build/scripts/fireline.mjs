import { join } from 'node:path';
import { exitStatus } from './children.mjs';
import { ensureInstalled } from './install.mjs';
import { runInNode } from './nodeRuntime.mjs';
import { ROOT, startedIn } from './paths.mjs';
import { runScript } from './say.mjs';

/** `npm run -s fireline -- …`: the command line. Its stdout is the program's alone. */
await runScript(async (args) => {
  await ensureInstalled();
  return exitStatus(
    await runInNode([join(ROOT, 'electron', 'cli', 'main.ts'), ...args], {
      cwd: startedIn(),
      foreground: true,
    }),
  );
});
