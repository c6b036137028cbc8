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
import { launchPlainBrowser, type PlainBrowser, type PlainPage } from './plainBrowser.ts';
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
  const arriving = Buffer.from(text, 'latin1');
  const quarter = arriving.subarray(0, arriving.lastIndexOf(0x0a, arriving.length / PANES) + 1);
  const lab = await startLab({ hosts: PANES });
  const browser = await launchPlainBrowser();
  const host = await startWebHost({ workspace: lab.workspaceFile });
  try {
    const [target] = lab.hosts;
    if (!target) throw new Error('the lab has no host');
    await target.exec(['sh', '-c', 'cat > /tmp/flood.log'], { stdin: text });
    const part = quarter.toString('latin1');
    for (const one of lab.hosts) {
      await one.exec(['sh', '-c', 'cat > /tmp/part.log'], { stdin: part });
      await one.exec(['sh', '-c', 'cat > /tmp/part.sh'], { stdin: AT_ONE_MOMENT });
    }
    const catMs = await catToNull(target);
    const page = await browser.open(host.url);
    for (const one of lab.hosts) await enterTerminal(page, one.id);
    await zoom(page, target);
    const one = await inTurn(page, browser, arriving, async (n) => {
      await page.click(`Terminal ${target.id}`);
      await page.type(`${flood('/tmp/flood.log')}; echo DONE-$((${n}+41))`);
      const from = await page.evaluate<number>('performance.now()');
      await page.press('Enter');
      return arriving.length / ((await waitForText(page, target.id, `DONE-${n + 41}`)) - from) / 1000;
    });
    await zoom(page, target);
    const four = await inTurn(
      page,
      browser,
      arriving,
      async (n) => (quarter.length * PANES) / (await floodAll(page, lab.hosts, n)) / 1000,
    );
    // The end of a recording is on disk within a second, or when the core closes.
    await host.kill('SIGTERM');
    const recorded = await recordings(host.home);
    return {
      bench: 'terminal',
      results: [
        {
          case: 'one visible pane, 48 MiB of log lines over ssh',
          ratio: one.ratio,
          ours: {
            megabytesPerSecond: one.ours,
            recordedWhole: recorded.filter((bytes) => bytes.includes(arriving)).length >= 1,
            sha256: createHash('sha256').update(arriving).digest('hex'),
          },
          peer: {
            parserAloneMegabytesPerSecond: one.parser,
            sshCatToNullMegabytesPerSecond: round(text.length / catMs / 1000),
          },
        },
        {
          case: `${PANES} visible panes at once, 12 MiB each, in total`,
          ratio: four.ratio,
          ours: {
            megabytesPerSecond: four.ours,
            recordedWhole: recorded.filter((bytes) => bytes.includes(quarter)).length >= PANES,
          },
          peer: { parserAloneMegabytesPerSecond: four.parser },
        },
      ],
    };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
  }
}

interface Floods {
  /** Megabytes a second. */
  ours: number;
  parser: number;
  ratio: number;
}

/**
 * Medians of ROUNDS floods, each against the mean of the parser alone just before and after it: a shared machine's speed
 * drifts from one second to the next. `floods` resolves with megabytes a second.
 */
async function inTurn(
  page: PlainPage,
  browser: PlainBrowser,
  bytes: Buffer,
  floods: (n: number) => Promise<number>,
): Promise<Floods> {
  const ours: number[] = [];
  const parser: number[] = [];
  let before = await parserAlone(browser, bytes);
  for (let n = 1; n <= ROUNDS; n++) {
    await page.bringToFront();
    ours.push(await floods(n));
    const after = await parserAlone(browser, bytes);
    parser.push((before + after) / 2);
    before = after;
  }
  const ratios = ours.map((speed, n) => speed / (parser[n] ?? Number.NaN));
  return { ours: round(median(ours)), parser: round(median(parser)), ratio: round(median(ratios)) };
}

/** Shows the pane of `host` alone, or all of them again. */
async function zoom(page: PlainPage, host: LabHost): Promise<void> {
  await page.click(`Terminal ${host.id}`);
  await page.press('Control+b');
  await page.type('z');
}

/** So long before they begin all of them are asked to. */
const TYPED_WITHIN_MS = 4_000;

/** Milliseconds from the start of all to the end of the last. */
async function floodAll(page: PlainPage, hosts: readonly LabHost[], n: number): Promise<number> {
  const mark = `ALL-${n + 41}`;
  // They begin at one moment, each by itself, so that neither typing nor a sign to begin is part of it.
  const start = Date.now() + TYPED_WITHIN_MS;
  for (const one of hosts) {
    await page.click(`Terminal ${one.id}`);
    await typeLine(page, `bash /tmp/part.sh ${start}; echo ALL-$((${n}+41))`);
  }
  if (Date.now() >= start) throw new Error(`the commands were not typed within ${TYPED_WITHIN_MS} ms`);
  const ends = await Promise.all(hosts.map((one) => waitForText(page, one.id, mark)));
  return Math.max(...ends) - (await page.evaluate<number>(`${start} - performance.timeOrigin`));
}

/**
 * The host is on the machine that is measured: what its terminal does to each line costs as much as the core, and would be
 * on another. So the file brings its own carriage returns.
 */
const flood = (file: string) => `stty -opost; cat ${file}; stty opost`;

/** Begins at $1, in epoch milliseconds. */
const AT_ONE_MOMENT = `wait=$(($1 * 1000 - \${EPOCHREALTIME/./}))
printf -v seconds '%d.%06d' $((wait / 1000000)) $((wait % 1000000))
sleep $seconds
${flood('/tmp/part.log')}
`;

/** Log lines of many lengths with colours, deterministic. */
function logText(bytes: number): string {
  const lines: string[] = [];
  let length = 0;
  for (let n = 0; length < bytes; n++) {
    const line = `2026-01-02T03:04:${String(n % 60).padStart(2, '0')}Z \x1b[3${n % 8}mlevel=${n % 7}\x1b[0m request ${n} took ${(n * 7919) % 4001} ms ${'.'.repeat(n % 53)}\r\n`;
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
