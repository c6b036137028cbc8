import { startLab } from '../lab/lab.ts';
import { startSlowWire } from '../lab/slowWire.ts';
import { workspaceThrough } from '../lab/workspaceThrough.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, type Latency, latency } from './bench.types.ts';
import { launchPlainBrowser, type PlainBrowser } from './plainBrowser.ts';
import { enterTerminal, typeLine, waitForText } from './terminalPage.ts';

const ROUNDS = 20;
/** What has scrolled past before Ctrl-C: well above every watermark on the way. */
const FLOOD_LINES = 100_000;
const ADDED_MS = 100;

/** From the key's event in the page to the next prompt in xterm's rows, while the pane floods. */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: 1 });
  const browser = await launchPlainBrowser();
  const wire = await startSlowWire(lab.host('web1'), { oneWayMs: ADDED_MS / 2 });
  try {
    const far = workspaceThrough(lab, () => wire);
    return {
      bench: 'interrupt',
      results: [
        await measure(browser, lab.workspaceFile, 'Ctrl-C to prompt under flood, loopback'),
        await measure(browser, far, `Ctrl-C to prompt under flood, ${ADDED_MS} ms added to the round trip`),
      ],
    };
  } finally {
    await browser.close();
    await wire.stop();
    await lab.stop();
  }
}

async function measure(browser: PlainBrowser, workspace: string, title: string): Promise<Latency> {
  const host = await startWebHost({ workspace });
  try {
    const page = await browser.open(host.url);
    await enterTerminal(page, 'web1');
    await page.evaluate(`void addEventListener('keydown', (key) => {
      if (key.ctrlKey && key.key === 'c') globalThis.interruptedAt = performance.now();
    }, { capture: true })`);
    const milliseconds: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await typeLine(page, `seq -f 'flood %.0f of round ${round}' 999999999`);
      await page.evaluate(`new Promise((done) => {
        const look = () => {
          const rows = document.querySelector('[aria-label="Terminal web1"] .xterm-rows')?.textContent ?? '';
          // The round tells its lines from those of the one before; a space may be a no-break one here.
          if (Number(/flood.(\\d+).of.round.${round}(?!\\d)/.exec(rows)?.[1] ?? 0) > ${FLOOD_LINES}) done();
          else setTimeout(look, 50);
        };
        look();
      })`);
      await page.press('Control+c');
      const prompted = await waitForText(page, 'web1', `P${round + 2}> `);
      milliseconds.push(prompted - (await page.evaluate<number>('globalThis.interruptedAt')));
    }
    await page.close();
    return latency(title, milliseconds);
  } finally {
    await host.stop();
  }
}
