import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { readTerminalBytes } from '../../electron/core/sessions/asciicast.ts';
import { startLab } from '../lab/lab.ts';
import type { LabHost } from '../lab/labHost.ts';
import { launchChromium } from '../specs/chromium.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, round } from './bench.types.ts';
import { openTerminal, typeLine, waitForText } from './terminalPage.ts';

const BYTES = 48 * 1024 * 1024;
/** As facts of xterm.js say: 64 KiB writes with five in flight are its best case. */
const CHUNK_BYTES = 64 * 1024;
const IN_FLIGHT = 5;
const ROUNDS = 5;

/**
 * Bytes per second of `cat FILE` on a real host through sshd, the core, the WebSocket and xterm's parser in
 * Chromium, against the same parser fed with the same bytes from memory in the same browser.
 */
export async function run(): Promise<BenchResult> {
  const text = logText(BYTES);
  // The pty's ONLCR turns each line feed into CR LF: this is what arrives.
  const arriving = Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
  const lab = await startLab({ hosts: 1 });
  const browser = await launchChromium();
  const host = await startWebHost({ workspace: lab.workspaceFile });
  try {
    const target = lab.hosts[0];
    if (!target) throw new Error('the lab has no host');
    await target.exec(['sh', '-c', 'cat > /tmp/flood.log'], { stdin: text });
    const catMs = await catToNull(target);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await openTerminal(page, host, target.id);
    // In turn, and the median: a shared machine's speed drifts from one second to the next.
    const rounds: { ours: number; parser: number }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const parser = await parserAlone(browser, arriving);
      await page.bringToFront();
      const from = await page.evaluate(() => performance.now());
      await typeLine(page, `cat /tmp/flood.log; echo DONE-$((${round}+41))`);
      const parsedMs = (await waitForText(page, target.id, `DONE-${round + 41}`)) - from;
      rounds.push({ ours: arriving.length / parsedMs / 1000, parser });
    }
    rounds.sort((a, b) => a.ours / a.parser - b.ours / b.parser);
    const median = rounds[Math.floor(ROUNDS / 2)];
    if (!median) throw new Error('no round was measured');
    const { ours, parser } = median;
    // The end of a recording is on disk within a second, or when the core closes.
    await host.kill('SIGTERM');
    return {
      bench: 'terminal',
      results: [
        {
          case: 'one visible pane, 48 MiB of log lines over ssh',
          ratio: round(ours / parser),
          ours: {
            megabytesPerSecond: round(ours),
            recordedWhole: await recordedWhole(host.home, arriving),
            sha256: createHash('sha256').update(arriving).digest('hex'),
          },
          peer: {
            parserAloneMegabytesPerSecond: round(parser),
            sshCatToNullMegabytesPerSecond: round(text.length / catMs / 1000),
          },
        },
      ],
    };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
  }
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

async function parserAlone(browser: Browser, bytes: Buffer): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const require = createRequire(import.meta.url);
  await page.route('http://bench.invalid/**', (route) =>
    route.request().url().endsWith('/bytes')
      ? route.fulfill({ body: bytes, contentType: 'application/octet-stream' })
      : route.fulfill({
          body: '<!doctype html><div id="t" style="width:1200px;height:700px"></div>',
          contentType: 'text/html',
        }),
  );
  await page.goto('http://bench.invalid/');
  await page.addStyleTag({ content: await readFile(require.resolve('@xterm/xterm/css/xterm.css'), 'utf8') });
  await page.addScriptTag({ path: require.resolve('@xterm/xterm/lib/xterm.js') });
  const milliseconds = await page.evaluate(
    async ({ chunkBytes, inFlight }) => {
      const { Terminal } = globalThis as unknown as { Terminal: typeof import('@xterm/xterm').Terminal };
      const terminal = new Terminal({ cols: 150, rows: 40, scrollback: 10_000 });
      terminal.open(document.getElementById('t') as HTMLElement);
      const data = new Uint8Array(await (await fetch('http://bench.invalid/bytes')).arrayBuffer());
      const from = performance.now();
      await new Promise<void>((resolve) => {
        let next = 0;
        let done = 0;
        const write = () => {
          if (next >= data.length) return;
          const chunk = data.subarray(next, next + chunkBytes);
          next += chunk.length;
          terminal.write(chunk, () => {
            done += chunk.length;
            if (done === data.length) resolve();
            else write();
          });
        };
        for (let i = 0; i < inFlight; i++) write();
      });
      return performance.now() - from;
    },
    { chunkBytes: CHUNK_BYTES, inFlight: IN_FLIGHT },
  );
  await page.close();
  return bytes.length / milliseconds / 1000;
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

/** True when the flood stands in some pane's recording, byte for byte. */
async function recordedWhole(home: string, arriving: Buffer): Promise<boolean> {
  const casts = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.cast'),
  );
  for (const cast of casts) {
    const file = join(home, cast);
    const { bytes } = await readTerminalBytes(file, 0, readFileSync(file).length * 2);
    if (Buffer.from(bytes).includes(arriving)) return true;
  }
  return false;
}
