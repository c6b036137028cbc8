import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';

/** A person at a terminal, whatever stdin and stdout are. */
export interface Terminal {
  write(text: string): void;
  /** One line without its end; `undefined` when cancelled (Ctrl-C, Ctrl-D on an empty line, the signal). */
  readLine(question: string, options: { echo: boolean; signal: AbortSignal }): Promise<string | undefined>;
  close(): void;
}

/** /dev/tty, as ssh does it: so that stdin and stdout stay free. `undefined` where this process has none. */
export function openControllingTerminal(): Terminal | undefined {
  let fd: number;
  try {
    fd = openSync('/dev/tty', 'r+');
  } catch {
    return undefined;
  }
  return {
    write: (text) => void writeSync(fd, text),
    readLine: (question, options) => readLine(fd, question, options),
    close: () => closeSync(fd),
  };
}

/** A stream of its own for each question: between questions the terminal is as it was, and nothing is read ahead. */
function readLine(
  fd: number,
  question: string,
  { echo, signal }: { echo: boolean; signal: AbortSignal },
): Promise<string | undefined> {
  const input = new ReadStream(openSync('/dev/tty', 'r'));
  input.setRawMode(true);
  input.setEncoding('utf8');
  writeSync(fd, question);
  return new Promise((resolve) => {
    let line = '';
    function end(answer: string | undefined): void {
      signal.removeEventListener('abort', cancel);
      input.setRawMode(false);
      input.destroy();
      writeSync(fd, '\r\n');
      resolve(answer);
    }
    const cancel = () => end(undefined);
    signal.addEventListener('abort', cancel);
    input.on('data', (text) => {
      for (const key of String(text)) {
        if (key === '\r' || key === '\n') return end(line);
        if (key === '\x03' || (key === '\x04' && line === '')) return end(undefined);
        if (key === '\x7f' || key === '\b') {
          if (line !== '' && echo) writeSync(fd, '\b \b');
          line = [...line].slice(0, -1).join('');
        } else if (key === '\x15') {
          if (echo) writeSync(fd, '\b \b'.repeat([...line].length));
          line = '';
        } else if (key >= ' ') {
          line += key;
          if (echo) writeSync(fd, key);
        }
      }
    });
    input.on('error', cancel);
    if (signal.aborted) cancel();
  });
}
