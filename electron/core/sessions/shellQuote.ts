/**
 * The one way an argument reaches a remote shell: single quotes, and each single quote as '\'' (POSIX sh,
 * 2.2.2). NUL cannot be passed to a process and is refused.
 */
export function quoteArgument(argument: string): string {
  if (argument.includes('\0')) throw new Error('an argument cannot hold a NUL byte');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A command line from an argument vector. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(' ');
}
