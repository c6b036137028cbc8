import { APP_ORIGIN } from './appOrigin.ts';

/** Constructor options of the workbench's window. What keeps the renderer confined is said, not left to defaults. */
export function windowOptions(preload: string) {
  return {
    width: 1440,
    height: 900,
    minWidth: 960,
    minHeight: 600,
    // Shown when the first paint is ready; this is the colour behind it (tokens.css, dark).
    show: false,
    backgroundColor: '#0f1115',
    title: 'Fireline',
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      // A hidden window still has to acknowledge what its terminals parsed.
      backgroundThrottling: false,
    },
  } as const;
}

/** The parts of Electron's BrowserWindow that are used. */
export interface WindowApi {
  loadURL(url: string): Promise<void>;
  once(event: 'ready-to-show', listener: () => void): unknown;
  show(): void;
  isMinimized(): boolean;
  restore(): void;
  focus(): void;
}

export async function openWindow(window: WindowApi): Promise<void> {
  window.once('ready-to-show', () => window.show());
  await window.loadURL(`${APP_ORIGIN}/`);
}

/** Someone started Fireline again: this is the one that runs. */
export function bringForward(window: Pick<WindowApi, 'isMinimized' | 'restore' | 'show' | 'focus'>): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}
