import { setFlagsFromString } from 'node:v8';

/**
 * A pattern that cannot take long, whatever line it meets: V8's other engine, whose time is linear in the line. It knows
 * neither back references nor look-around; such a pattern is an error, with the reason.
 */
export function linearPattern(source: string, ignoreCase: boolean): RegExp | { reason: string } {
  if (source.length > MAXIMUM_LENGTH) return { reason: `it is longer than ${MAXIMUM_LENGTH} characters` };
  try {
    // Without repetition any engine is done at once, and the usual one is many times faster.
    if (!/[*+?{]/.test(source) && !/\\[1-9k]/.test(source)) return new RegExp(source, ignoreCase ? 'i' : '');
    allow();
    return new RegExp(source, ignoreCase ? 'li' : 'l');
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    return {
      reason: /linear time/.test(reason)
        ? 'it needs back references, look-around or a large repetition, whose time has no bound'
        : reason.slice(0, 200),
    };
  }
}

const MAXIMUM_LENGTH = 1000;
let allowed = false;

/** The flag only lets patterns ask for that engine by `l`; all others stay as they are. */
function allow(): void {
  if (allowed) return;
  allowed = true;
  setFlagsFromString('--enable-experimental-regexp-engine');
}
