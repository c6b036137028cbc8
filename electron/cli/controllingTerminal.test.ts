import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import { describe, expect, it, onTestFinished } from 'vitest';

const MODULE = new URL('./controllingTerminal.ts', import.meta.url).href;

/** Asks two questions on /dev/tty with stdin, stdout and stderr elsewhere; the answers end the terminal's output as JSON. */
const PROGRAM = `
  const { openControllingTerminal } = await import(${JSON.stringify(MODULE)});
  const terminal = openControllingTerminal();
  if (!terminal) process.exit(9);
  const signal = new AbortController().signal;
  const name = await terminal.readLine('name: ', { echo: true, signal });
  const secret = await terminal.readLine('secret: ', { echo: false, signal });
  terminal.write('ANSWERS ' + JSON.stringify([name ?? null, secret?.length ?? null]) + '\\r\\n');
  terminal.close();
  process.exit(0);
`;

/** Runs the program in a real pseudo-terminal; types each answer once its question is there. */
function inTerminal(answers: readonly { after: string; type: string }[]): Promise<string> {
  const quoted = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    PROGRAM,
  ]
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(' ');
  const pty = spawn('/bin/sh', ['-c', `${quoted} </dev/null >/dev/null 2>&1`], {
    cols: 120,
    rows: 30,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  const waiting = [...answers];
  let output = '';
  return new Promise((resolve) => {
    const exited = pty.onExit(() => resolve(output));
    const heard = pty.onData((text) => {
      output += text;
      const next = waiting[0];
      if (!next || !output.includes(next.after)) return;
      waiting.shift();
      pty.write(next.type);
    });
    onTestFinished(() => {
      exited.dispose();
      heard.dispose();
      try {
        pty.kill();
      } catch {
        // It has ended, as it should.
      }
    });
  });
}

describe('the controlling terminal', () => {
  it('asks there although stdin and stdout are elsewhere, and echoes only what may be seen', async () => {
    const output = await inTerminal([
      { after: 'name: ', type: 'alx\u007fice\r' },
      { after: 'secret: ', type: 'hunter2\r' },
    ]);
    expect(output).toContain('ANSWERS ["alice",7]');
    expect(output).not.toContain('hunter2');
  });

  it('takes Ctrl-C for a refusal to answer and Ctrl-U for a new beginning', async () => {
    const output = await inTerminal([
      { after: 'name: ', type: 'wrong\u0015right\r' },
      { after: 'secret: ', type: 'abc\u0003' },
    ]);
    expect(output).toContain('ANSWERS ["right",null]');
  });
});
