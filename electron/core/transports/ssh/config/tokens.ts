import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../../../../shared/base/result.ts';

/** What stands for `%h` and its like, by letter. */
export type Tokens = Readonly<Record<string, string>>;

/** Who connects from where; what tokens, `~` and `${…}` are taken from. */
export interface LocalSide {
  /** The local user's name, id and home. */
  user: string;
  uid: number;
  home: string;
  /** This machine's name, with its domain if it has one. */
  machine: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** ssh_config(5), TOKENS: those that most keywords take. `jump` is ProxyJump as it was written. */
export function connectionTokens(
  local: LocalSide,
  to: { alias: string; hostname: string; port: number; user: string; keyAlias: string; jump: string },
): Tokens {
  const port = String(to.port);
  return {
    C: createHash('sha1').update(`${local.machine}${to.hostname}${port}${to.user}`).digest('hex'),
    L: local.machine.replace(/\..*$/, ''),
    d: local.home,
    h: to.hostname,
    i: String(local.uid),
    j: to.jump,
    k: to.keyAlias,
    l: local.machine,
    n: to.alias,
    p: port,
    r: to.user,
    u: local.user,
  };
}

/** Only the letters that are named: `ProxyCommand` takes fewer than `IdentityFile`. */
export const onlyTokens = (tokens: Tokens, letters: string): Tokens =>
  Object.fromEntries(
    [...letters].flatMap((letter) => (tokens[letter] === undefined ? [] : [[letter, tokens[letter]]])),
  );

/**
 * `%h` and, where an environment is given, `${NAME}`, in one pass: what stands for a token is not looked at again.
 * Fails, as ssh does, at a token that the keyword does not take and at a variable that is not set.
 */
export function expandTokens(
  text: string,
  tokens: Tokens,
  environment?: LocalSide['environment'],
): Result<string, string> {
  let fault: string | undefined;
  const expanded = text.replace(
    /%(.?)|\$\{([^}]*)(\}?)/gs,
    (whole, letter: string | undefined, name: string | undefined, close: string | undefined) => {
      if (letter === undefined) {
        if (!environment || name === undefined) return whole;
        if (close === '') fault ??= `${whole} is not closed`;
        else if (environment[name] === undefined) fault ??= `the environment has no ${name}`;
        return environment[name] ?? whole;
      }
      if (letter === '%') return '%';
      const value = tokens[letter];
      if (value === undefined) fault ??= `${whole} has no meaning here`;
      return value ?? whole;
    },
  );
  return fault === undefined ? ok(expanded) : fail(fault);
}

/** `~`, `~/path` and `~user/path` (tilde_expand in misc.c). */
export function expandTilde(text: string, local: LocalSide): Result<string, string> {
  const [, user, path] = /^~([^/]*)(?:\/+(.*))?$/s.exec(text) ?? [];
  if (user === undefined) return ok(text);
  const home = user === '' ? local.home : homeOf(user);
  if (home === undefined) return fail(`there is no user ${user}`);
  return ok(`${home}${home.endsWith('/') ? '' : '/'}${path ?? ''}`);
}

/** A path with everything that may stand in one. */
export function expandPath(text: string, tokens: Tokens, local: LocalSide): Result<string, string> {
  const tilde = expandTilde(text, local);
  return tilde.ok ? expandTokens(tilde.value, tokens, local.environment) : tilde;
}

function homeOf(user: string): string | undefined {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${user}:`));
    return line?.split(':')[5];
  } catch {
    return undefined;
  }
}
