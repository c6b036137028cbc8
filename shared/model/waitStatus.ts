/**
 * How a process ended, from its status as of wait(2), as one says it of each of several: `exits 1`, `is killed by SIGKILL`,
 * `is killed by SIGSEGV (core dumped)`; or of one, once: `exited 1`, `was killed by SIGKILL`. Signals by the names and numbers that Linux gives them on all that this program
 * samples but MIPS, SPARC, Alpha and PA-RISC, where no status is told.
 */
export function endOf(status: number, once = false): string {
  const signal = status & 0x7f;
  if (signal === 0) return `${once ? 'exited' : 'exits'} ${(status >> 8) & 0xff}`;
  return `${once ? 'was' : 'is'} killed by ${SIGNALS[signal - 1] ?? `signal ${signal}`}${status & 0x80 ? ' (core dumped)' : ''}`;
}

const SIGNALS = (
  'SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM ' +
  'SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO ' +
  'SIGPWR SIGSYS'
).split(' ');
