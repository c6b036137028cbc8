import { fileURLToPath } from 'node:url';

/** The root of the work tree, without a slash at the end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Where the person was when they gave the command: npm changes to the root before it runs a script. */
export function startedIn() {
  return (process.env.npm_lifecycle_event && process.env.INIT_CWD) || process.cwd();
}
