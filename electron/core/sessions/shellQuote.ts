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

/**
 * A command line that means the same to whatever login shell sshd hands it to. Plain words and simple quotes do;
 * csh ends a quoted word at a newline and expands `!`, and fish halves doubled backslashes inside single quotes.
 * Then sh is started with those characters as octal escapes for printf (POSIX, printf, %b). By its name alone: a
 * restricted shell (rbash, rksh) takes neither `exec` nor a path.
 */
export function loginShellCommand(argv: readonly string[]): string {
  const command = quoteCommand(argv);
  if (argv.every((argument) => !/[\\\n!]/.test(argument))) return command;
  const encoded = command.replace(
    /[\\\n!'"$`]/g,
    (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `sh -c 'eval "exec $(printf %b "${encoded}")"'`;
}
