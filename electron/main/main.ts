import { join, resolve } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, protocol, session, shell } from 'electron';
import { visibleLines } from '../../shared/model/hostText.ts';
import { createCore } from '../core/core.ts';
import type { Core } from '../core/core.types.ts';
import { dataDirectory } from '../core/homes/dataDirectory.ts';
import { acceptWindows, type ConnectEvent } from './ipc.ts';
import { parseMainFlags } from './mainFlags.ts';
import { menuTemplate } from './menu.ts';
import { lockNavigation } from './navigation.ts';
import { denyPermissions } from './permissions.ts';
import { registerAppScheme, serveRenderer } from './protocol.ts';
import { closeBeforeQuit } from './quit.ts';
import { bringForward, openWindow, windowOptions } from './window.ts';

/** The only file that meets Electron: it hands the API to the parts, which are tested without it. */
const flags = parseMainFlags(process.argv.slice(app.isPackaged ? 1 : 2));
const diagnostic = (line: string) => void process.stderr.write(`fireline: ${visibleLines(line)}\n`);
// Bundled to build/out/electron/main.js; the preload is beside it, the renderer next door.
const here = import.meta.dirname;
let window: BrowserWindow | undefined;

// A terminal that has gone must not end in Electron's dialog of an uncaught error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

registerAppScheme(protocol);
app.enableSandbox();
app.on('web-contents-created', (_event, contents) => {
  lockNavigation(contents, (url) => void shell.openExternal(url));
});

if (!app.requestSingleInstanceLock()) {
  diagnostic('Fireline runs already, and its window was brought forward: open the workspace there');
  app.quit();
} else {
  app.on('second-instance', () => {
    if (window) bringForward(window);
  });
  void app.whenReady().then(start);
}

async function start(): Promise<void> {
  denyPermissions(session.defaultSession);
  serveRenderer(protocol, join(here, '..', 'renderer'));
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, !app.isPackaged)));
  const directory = dataDirectory();
  let core: Core;
  try {
    core = await createCore({ home: 'electron', dataDirectory: directory, diagnostic, interactive: true });
    await openFirst(core);
  } catch (error) {
    dialog.showErrorBox('Fireline could not start', `With the data in ${directory}:\n${String(error)}`);
    app.exit(1);
    return;
  }
  closeBeforeQuit(app, core, diagnostic);
  app.on('window-all-closed', () => app.quit());
  acceptWindows(
    { on: (name, listener) => ipcMain.on(name, (event) => listener(event as ConnectEvent)) },
    core,
    diagnostic,
  );
  window = new BrowserWindow(windowOptions(join(here, 'preload.cjs')));
  window.on('closed', () => {
    window = undefined;
  });
  await openWindow(window);
}

/** A file that cannot be opened is told; "This machine" is there in any case. */
async function openFirst(core: Core): Promise<void> {
  if (flags.workspace === undefined) return core.openMachine();
  const path = resolve(flags.workspace);
  const { opened, problems } = await core.openWorkspace(path, flags.partial);
  if (opened) return;
  const lines = problems.map((p) => `${p.line}:${p.column}: ${p.message}; expected ${p.expected}`);
  dialog.showErrorBox('The workspace was not opened', `${path}\n${lines.join('\n')}`);
  await core.openMachine();
}
