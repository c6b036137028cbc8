/** The flame graph's keys for people, in the notation of shell/keys.ts; what they do is in FlameGraph.tsx. */
export const FLAME_KEYS: readonly { keys: readonly string[]; label: string }[] = [
  { keys: ['Up', 'Down', 'Left', 'Right'], label: 'To the caller, the called, the one beside' },
  { keys: ['Enter', 'Backspace', '0'], label: 'Enlarge; one back; all of it' },
  { keys: ['/'], label: 'Search' },
  { keys: ['Esc'], label: 'One step back' },
];
