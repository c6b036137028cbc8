/** A colour, a movement, a title: what a program writes that takes its log for a terminal. */
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

/** What a person sees of a line of a log: without escapes, the mark at a file's beginning and what is left of CR LF. */
export function plainLine(text: string): string {
  let plain = text.endsWith('\r') ? text.slice(0, -1) : text;
  if (plain.charCodeAt(0) === 0xfeff) plain = plain.slice(1);
  return plain.includes('\u001b') ? plain.replace(ESCAPES, '') : plain;
}
