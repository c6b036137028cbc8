import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTerminalBytes } from '../../electron/core/sessions/asciicast.ts';
import { startLab } from '../lab/lab.ts';
import type { LabHost } from '../lab/labHost.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, round } from './bench.types.ts';
import { parserAlone } from './parserAlone.ts';
import { launchPlainBrowser, type PlainPage } from './plainBrowser.ts';
import { enterTerminal, typeLine, waitForText } from './terminalPage.ts';

const BYTES = 48 * 1024 * 1024;
const ROUNDS = 5;
const PANES = 4;

/**
 * Bytes per second of `cat FILE` on real hosts through sshd, the core, the WebSocket and xterm's parser in Chromium,
 * against the same parser fed with the same bytes from memory in the same browser: into one visible pane, and into four
 * at once. Each flood stands whole in its recording.
 */
export async function run(): Promise<BenchResult> {
  const text = logText(BYTES);
  // The pty's ONLCR turns each line feed into CR LF: this is what arrives.
  const arriving = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
  const quarter = arriving.subarray(0, arriving.lastIndexOf(0x0a, arriving.length / PANES) + 1);
  const lab = await startLab({ hosts: PANES });
  const browser = await launchPlainBrowser();
  const host = await startWebHost({ workspace: lab.workspaceFile });
  try {
    const [target] = lab.hosts;
    if (!target) throw new Error('the lab has no host');
    await target.exec(['sh', '-c', 'cat > /tmp/flood.log'], { stdin: text });
    const part = quarter.toString('latin1').replaceAll('\r\n', '\n');
    for (const one of lab.hosts) await one.exec(['sh', '-c', 'cat > /tmp/part.log'], { stdin: part });
    const catMs = await catToNull(target);
    const page = await browser.open(host.url);
    for (const one of lab.hosts) await enterTerminal(page, one.id);
    await page.click(`Terminal ${target.id}`);
    // In turn, and the median: a shared machine's speed drifts from one second to the next.
    const one = { ours: [] as number[], parser: [] as number[], ratio: [] as number[] };
    const four = { ours: [] as number[], parser: [] as number[], ratio: [] as number[] };
    const note = (to: typeof one, bytes: number, ms: number, parser: number) => {
      to.ours.push(bytes / ms / 1000);
      to.parser.push(parser);
      to.ratio.push(bytes / ms / 1000 / parser);
    };
    for (let n = 1; n <= ROUNDS; n++) {
      const parser = await parserAlone(browser, arriving);
      await page.bringToFront();
      await page.click(`Terminal ${target.id}`);
      await page.type(`cat /tmp/flood.log; echo DONE-$((${n}+41))`);
      const from = await page.evaluate<number>('performance.now()');
      await page.press('Enter');
      note(one, arriving.length, (await waitForText(page, target.id, `DONE-${n + 41}`)) - from, parser);
      note(four, quarter.length * PANES, await floodAll(page, lab.hosts, n), parser);
    }
    // The end of a recording is on disk within a second, or when the core closes.
    await host.kill('SIGTERM');
    const recorded = await recordings(host.home);
    return {
      bench: 'terminal',
      results: [
        {
          case: 'one visible pane, 48 MiB of log lines over ssh',
          ratio: round(median(one.ratio)),
          ours: {
            megabytesPerSecond: round(median(one.ours)),
            recordedWhole: recorded.filter((bytes) => bytes.includes(arriving)).length >= 1,
            sha256: createHash('sha256').update(arriving).digest('hex'),
          },
          peer: {
            parserAloneMegabytesPerSecond: round(median(one.parser)),
            sshCatToNullMegabytesPerSecond: round(text.length / catMs / 1000),
          },
        },
        {
          case: `${PANES} visible panes at once, 12 MiB each, in total`,
          ratio: round(median(four.ratio)),
          ours: {
            megabytesPerSecond: round(median(four.ours)),
            recordedWhole: recorded.filter((bytes) => bytes.includes(quarter)).length >= PANES,
          },
          peer: { parserAloneMegabytesPerSecond: round(median(four.parser)) },
        },
      ],
    };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
  }
}

/** Milliseconds from the start of all to the end of the last. */
async function floodAll(page: PlainPage, hosts: readonly LabHost[], n: number): Promise<number> {
  const mark = `ALL-${n + 41}`;
  // They wait for each other, so that typing is not part of it: a file that a last line makes lets all of them go.
  const start = `/tmp/go-${n}`;
  for (const one of hosts) {
    await page.click(`Terminal ${one.id}`);
    await typeLine(
      page,
      `until [ -e ${start} ]; do sleep 0.02; done; cat /tmp/part.log; echo ALL-$((${n}+41))`,
    );
  }
  const from = await page.evaluate<number>('performance.now()');
  await Promise.all(hosts.map((one) => one.exec(`touch ${start}`)));
  const ends = await Promise.all(hosts.map((one) => waitForText(page, one.id, mark)));
  return Math.max(...ends) - from;
}

/** Log lines of many lengths with colours, deterministic. */
function logText(bytes: number): string {
  const lines: string[] = [];
  let length = 0;
  for (let n = 0; length < bytes; n++) {
    const line = `2026-01-02T03:04:${String(n % 60).padStart(2, '0')}Z \x1b[3${n % 8}mlevel=${n % 7}\x1b[0m request ${n} took ${(n * 7919) % 4001} ms ${'.'.repeat(n % 53)}\n`;
    lines.push(line);
    length += line.length;
  }
  return lines.join('');
}

function catToNull(target: LabHost): Promise<number> {
  const from = performance.now();
  const child = spawn('ssh', [...target.sshArguments(), 'cat /tmp/flood.log'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(performance.now() - from) : reject(new Error(`ssh ended with ${code}`)),
    );
  });
}

/** What each pane received, byte for byte, from the files. */
async function recordings(home: string): Promise<Buffer[]> {
  const casts = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.cast'),
  );
  return Promise.all(
    casts.map(async (cast) => {
      const file = join(home, cast);
      return (await readTerminalBytes(file, 0, readFileSync(file).length * 2)).bytes;
    }),
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
