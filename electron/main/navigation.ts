import { isAppUrl } from './appOrigin.ts';

interface NavigationEvent {
  preventDefault(): void;
  readonly url: string;
}

/** The parts of Electron's WebContents that are used. */
export interface NavigationApi {
  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'deny' }): void;
  on(
    event: 'will-navigate' | 'will-redirect' | 'will-frame-navigate',
    listener: (event: NavigationEvent) => void,
  ): unknown;
  on(event: 'will-attach-webview', listener: (event: { preventDefault(): void }) => void): unknown;
}

/**
 * Keeps a window on the renderer: no other address, no new window, no webview. A link that a person opens in a new window
 * goes to the desktop's browser, if it is http(s).
 */
export function lockNavigation(contents: NavigationApi, openExternal: (url: string) => void): void {
  contents.setWindowOpenHandler(({ url }) => {
    if (isWebUrl(url)) openExternal(url);
    return { action: 'deny' };
  });
  for (const name of ['will-navigate', 'will-redirect', 'will-frame-navigate'] as const) {
    contents.on(name, (event) => {
      if (!isAppUrl(event.url)) event.preventDefault();
    });
  }
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

/** Other schemes start programs of the desktop with arguments that a host's output could choose. */
export function isWebUrl(url: string): boolean {
  try {
    const { protocol, username, password } = new URL(url);
    return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
  } catch {
    return false;
  }
}
