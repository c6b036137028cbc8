/**
 * True for what a terminal answers by itself (device attributes, cursor and mode reports, colours, focus). Nobody typed it:
 * an answer that comes late, or from a second terminal, would be typing to the shell.
 */
export function isTerminalReply(data: string): boolean {
  return /^\x1b(?:\[[?>=]?[\d;:]*\$?[cnRyut]|\[[IO]$|[P\]_][\s\S])/.test(data);
}
