/** The renderer's own scheme and host: a standard, secure origin that no network can serve. */
export const APP_SCHEME = 'app';
const APP_HOST = 'fireline';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;

/** True for addresses of the renderer and for nothing else; `about:blank`, an empty string and look-alikes are not. */
export function isAppUrl(url: string): boolean {
  try {
    const { protocol, host, username, password } = new URL(url);
    return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === '' && password === '';
  } catch {
    return false;
  }
}
