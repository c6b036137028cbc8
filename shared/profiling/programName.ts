/**
 * What a process is called among people. Its name by the kernel is that of its first thread, and newer runtimes name
 * that `MainThread` (Node since 22): then it is the program that its command line begins with.
 */
export function programName({ name, command }: { name: string; command: string }): string {
  const own = name.trim();
  if (!/^(?:node-)?MainThread$/.test(own)) return own;
  const program = (command.trim().split(/\s/, 1)[0] ?? '').split('/').at(-1) ?? '';
  return program === '' ? own : program.slice(0, 64);
}
