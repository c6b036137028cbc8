import { join } from 'node:path';
import { buildElectron } from './buildElectron.mjs';
import { ensureRenderer } from './buildRenderer.mjs';
import { exitStatus, run } from './children.mjs';
import { electronBinary, fetchElectron } from './electronBinary.mjs';
import { ensureInstalled } from './install.mjs';
import { environment, nodeRuntime, runInNode } from './nodeRuntime.mjs';
import { ROOT, startedIn } from './paths.mjs';
import { runScript, say } from './say.mjs';

/** `npm start`: installs what is missing, builds what changed, opens Fireline in Electron or through the web host. */
await runScript(async (args) => {
  await ensureInstalled();
  await nodeRuntime();
  await ensureRenderer();
  const home = await chooseHome(args);
  const rest = args.filter((arg) => arg !== '--web');
  if (home.binary) {
    await buildElectron();
    return exitStatus(
      await run(home.binary, [ROOT, ...rest], { cwd: startedIn(), env: environment(), foreground: true }),
    );
  }
  if (home.why) say(`${home.why}: opening through the web host`);
  return exitStatus(
    await runInNode([join(ROOT, 'electron', 'web', 'main.ts'), ...rest], {
      cwd: startedIn(),
      foreground: true,
    }),
  );
});

/** Electron where it can open a window; else the reason why not. Options of the web host ask for the web host. */
async function chooseHome(args) {
  if (args.some((arg) => /^--(web|port|no-open|help)\b/.test(arg) || arg === '-h')) return {};
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return { why: 'no display' };
  // Chromium's sandbox refuses to work for root, and a renderer without it is not an option.
  if (process.platform !== 'win32' && process.getuid?.() === 0) return { why: 'started as root' };
  const binary = electronBinary() ?? (await fetchElectron());
  return binary ? { binary } : { why: 'no Electron' };
}
