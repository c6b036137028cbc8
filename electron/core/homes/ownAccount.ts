import { homedir, userInfo } from 'node:os';

/** Who runs Fireline. */
export interface OwnAccount {
  name: string;
  uid: number;
  home: string;
}

/**
 * As the system knows it. A container may run us under a number that has no entry there: it is then its number's name,
 * and at home at `HOME`, else at the root.
 */
export function ownAccount(): OwnAccount {
  const uid = process.getuid?.() ?? -1;
  return {
    name: known(() => userInfo().username) ?? String(uid),
    uid: known(() => userInfo().uid) ?? uid,
    home: known(homedir) ?? '/',
  };
}

/** Node throws where there is no entry. */
function known<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
