/** Copy mode's keys for people, in the notation of shell/keys.ts; what they do is in copyMode.ts. */
export const COPY_MODE_KEYS: readonly { keys: readonly string[]; label: string }[] = [
  { keys: ['h', 'j', 'k', 'l'], label: 'By a character or a row' },
  { keys: ['w', 'b', 'e', 'W', 'B', 'E'], label: 'By a word' },
  { keys: ['0', '^', '$'], label: 'Start, first letter and end of the row' },
  { keys: ['f', 't', 'F', 'T'], label: 'To the character typed next, or to before it; backwards' },
  { keys: [';', ','], label: 'There again, or the other way' },
  { keys: ['{', '}'], label: 'To an empty row' },
  { keys: ['H', 'M', 'L', 'g', 'G'], label: 'Top, middle and end of the screen; of everything' },
  { keys: ['Ctrl+U', 'Ctrl+D', 'Ctrl+B', 'Ctrl+F'], label: 'By half a screen; by a screen' },
  { keys: ['Ctrl+Y', 'Ctrl+E'], label: 'Scroll by a row' },
  { keys: ['/', '?', 'n', 'N'], label: 'Search on or back; the next, the one before' },
  { keys: ['v', 'V', 'Ctrl+V'], label: 'Select characters, rows, a rectangle; v again changes to and fro' },
  { keys: ['o'], label: 'To the other end of the selection' },
  { keys: ['y', 'Y'], label: 'Copy the selection; copy the row' },
  { keys: ['q', 'Esc'], label: 'Back to the terminal' },
];
