import { startLab } from '../lab/lab.ts';
import { launchChromium } from '../specs/chromium.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, latency } from './bench.types.ts';
import { openTerminal, typeLine, waitForText } from './terminalPage.ts';

const ROUNDS = 20;
/** What has scrolled past before Ctrl-C: well above every watermark on the way. */
const FLOOD_LINES = 200_000;

/** From the key's event in the page to the next prompt in xterm's rows, while the pane floods. */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: 1 });
  const browser = await launchChromium();
  const host = await startWebHost({ workspace: lab.workspaceFile });
  try {
    const target = lab.hosts[0];
    if (!target) throw new Error('the lab has no host');
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await openTerminal(page, host, target.id);
    await page.evaluate(() => {
      addEventListener(
        'keydown',
        (key) => {
          if (key.ctrlKey && key.key === 'c')
            (globalThis as { interruptedAt?: number }).interruptedAt = performance.now();
        },
        { capture: true },
      );
    });
    const milliseconds: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await typeLine(page, `seq -f 'flood %.0f of round ${round}' 999999999`);
      await page.waitForFunction(
        ({ label, least }) => {
          const rows = document.querySelector(`[aria-label="${label}"] .xterm-rows`)?.textContent ?? '';
          return Number(/flood.(\d+)/.exec(rows)?.[1] ?? 0) > least;
        },
        { label: `Terminal ${target.id}`, least: FLOOD_LINES },
      );
      await page.keyboard.press('Control+c');
      const prompted = await waitForText(page, target.id, `P${round + 2}> `);
      const pressed = await page.evaluate(
        () => (globalThis as { interruptedAt?: number }).interruptedAt ?? Number.NaN,
      );
      milliseconds.push(prompted - pressed);
    }
    return { bench: 'interrupt', results: [latency('Ctrl-C to prompt under flood, loopback', milliseconds)] };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
  }
}
