import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './cliContext.ts';

/**
 * Options and exactly one positional argument (`what` names it in the error). Throws UsageError for whatever else.
 */
export function parseFlags<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  what: string,
  options: Options,
) {
  const parsed = parse(args, options);
  const [target, extra] = parsed.positionals;
  if (target === undefined) throw new UsageError(`${what} is missing`);
  if (extra !== undefined)
    throw new UsageError(`one ${what} was expected, and then there is ${JSON.stringify(extra)}`);
  return { target, values: parsed.values };
}

function parse<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    // parseArgs names the option in its first sentence; the rest explains how to pass a positional that looks like one.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split('. ')[0] ?? message);
  }
}

/** `90`, `90s`, `1500ms`, `5m`, `2h` in milliseconds; a bare number is seconds. Throws UsageError. */
export function parseDuration(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1_000;
  const milliseconds = Number(match?.[1]) * unit;
  // A timer of Node's holds 31 bits of milliseconds, a little over 24 days.
  if (!match || milliseconds <= 0 || milliseconds >= 2 ** 31) {
    throw new UsageError(`${flag} ${text}: expected a time like 60s, 5m or 2h, under 24 days`);
  }
  return milliseconds;
}
