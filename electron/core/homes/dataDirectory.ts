import { isAbsolute, join, resolve } from 'node:path';
import { ownAccount } from './ownAccount.ts';

/**
 * Where records, approvals and the web host's token live: `FIRELINE_HOME`, else the platform's place for an
 * application's data (XDG base directories on Linux). Absolute; not created here.
 */
export function dataDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
  home: string = ownAccount().home,
): string {
  const chosen = environment['FIRELINE_HOME'];
  if (chosen) return resolve(chosen);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Fireline');
  if (platform === 'win32')
    return join(environment['APPDATA'] || join(home, 'AppData', 'Roaming'), 'Fireline');
  const xdg = environment['XDG_DATA_HOME'];
  // The XDG specification: a relative path is invalid and to be ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.local', 'share'), 'fireline');
}
