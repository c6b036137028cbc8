/** Progress and faults go to stderr: stdout belongs to whoever reads the program's answer. */
export function say(line) {
  process.stderr.write(`fireline: ${line}\n`);
}

/** Ends with a clear line instead of a stack: for faults that the person at the keyboard can do something about. */
export class Stop extends Error {
  /** @param {string} message what failed, where, and what to do */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a script's main function; sets the exit status it returns. */
export async function runScript(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(error.message);
    process.exitCode = error.exitCode;
  }
}
