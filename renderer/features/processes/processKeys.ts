/** The process table's keys for people, in the notation of shell/keys.ts; what they do is in ProcessTable.tsx. */
export const PROCESS_KEYS: readonly { keys: readonly string[]; label: string }[] = [
  { keys: ['Up', 'Down', 'PageUp', 'PageDown', 'Home', 'End'], label: 'Another process' },
  { keys: ['Enter'], label: 'Show or hide its detail' },
  { keys: ['/'], label: 'Filter' },
  { keys: ['k'], label: 'Kill it…' },
  { keys: ['d'], label: 'Diagnose it: open files, limits, memory, threads' },
  { keys: ['p'], label: 'Profile its program…' },
  { keys: ['t'], label: 'Parents and children, or a plain list' },
  { keys: ['f'], label: 'Keep the order as it is, or let it follow' },
  { keys: ['Esc'], label: 'One step back: the detail, the choice, the table' },
];
