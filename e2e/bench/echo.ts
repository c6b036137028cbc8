import { spawn } from 'node:child_process';
import { startLab } from '../lab/lab.ts';
import type { LabHost } from '../lab/labHost.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, latency } from './bench.types.ts';
import { launchPlainBrowser } from './plainBrowser.ts';
import { enterTerminal, typeLine } from './terminalPage.ts';

const HOSTS = 40;
const FLOODING = 3;
/** The twelve slowest are above p95: of sixty keys it would be three, and one more or less of them says another figure. */
const KEYS = 240;
const KEY_EVERY_MS = 150;

/**
 * From a key's event in the page to its echo in xterm's rows, while three other panes flood and forty hosts are sampled,
 * less the round trip of the same key through OpenSSH's client alone in the same run.
 */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: HOSTS });
  const browser = await launchPlainBrowser();
  const host = await startWebHost({ workspace: lab.workspaceFile });
  try {
    const page = await browser.open(host.url);
    const [quiet, ...others] = lab.hosts;
    if (!quiet) throw new Error('the lab has no host');
    const flooding = others.slice(0, FLOODING);
    for (const one of [quiet, ...flooding]) await enterTerminal(page, one.id);
    for (const one of flooding) {
      await page.click(`Terminal ${one.id}`);
      await typeLine(page, `seq -f 'flood %.0f of ${one.id}' 999999999`);
    }
    await page.click(`Terminal ${quiet.id}`);
    await page.evaluate(`void addEventListener('keydown', (key) => {
      globalThis.pressedAt = performance.now();
    }, { capture: true })`);
    const milliseconds: number[] = [];
    let line = '';
    for (let n = 0; n < KEYS; n++) {
      if (line.length >= 40) {
        await page.press('Control+c');
        await pause(KEY_EVERY_MS * 2);
        line = '';
      }
      const letter = 'abcdefghijklmnopqrstuvwxyz'[n % 26] ?? 'a';
      line += letter;
      const echoed = page.evaluate<number>(
        `(${echoInPage.toString()})(${JSON.stringify({ id: quiet.id, line })})`,
      );
      await page.type(letter);
      milliseconds.push((await echoed) - (await page.evaluate<number>('globalThis.pressedAt')));
      await pause(KEY_EVERY_MS);
    }
    const roundTrip = await keepaliveRoundTrip(quiet);
    return {
      bench: 'echo',
      results: [
        latency(`key to echo, ${FLOODING} panes flooding, ${HOSTS} hosts sampled`, milliseconds),
        latency(
          `the same above the round trip (median ${roundTrip.toFixed(1)} ms)`,
          milliseconds.map((ms) => ms - roundTrip),
        ),
      ],
    };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
  }
}

/** Runs in the page. Resolves when the last line of the terminal ends with what was typed. */
function echoInPage({ id, line }: { id: string; line: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const rows = document.querySelector(`[aria-label="Terminal ${id}"] .xterm-rows`);
    if (!rows) {
      reject(new Error(`no terminal ${id}`));
      return;
    }
    const bound = setTimeout(() => reject(new Error(`${line} was not echoed`)), 20_000);
    const look = () => {
      const text = (rows.textContent ?? '').replaceAll('\u00a0', ' ');
      if (!text.includes(`> ${line}`)) return;
      clearTimeout(bound);
      observer.disconnect();
      resolve(performance.now());
    };
    const observer = new MutationObserver(look);
    observer.observe(rows, { childList: true, characterData: true, subtree: true });
    look();
  });
}

/** Milliseconds there and back of one byte through `ssh HOST cat`: the wire and sshd, without any of ours. */
async function keepaliveRoundTrip(host: LabHost): Promise<number> {
  const child = spawn('ssh', [...host.sshArguments(), 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const trips: number[] = [];
  for (let n = 0; n < 21; n++) {
    const from = performance.now();
    const back = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('x');
    await back;
    // The first one waits for the login.
    if (n > 0) trips.push(performance.now() - from);
  }
  child.stdin.end();
  return trips.sort((a, b) => a - b)[10] ?? Number.NaN;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
