import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab } from '../lab/lab.ts';
import { launchChromium } from '../specs/chromium.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, round } from './bench.types.ts';

const HOSTS = 12;
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);
/** Start-up is over by then: what grows after it is a leak. */
const SETTLE_MINUTES = Math.min(2, MINUTES / 3);

/**
 * Twelve hosts for ten minutes, a line a second in every pane: memory of the core (RSS) and of the page (JavaScript
 * heap after a collection) at the end against two minutes after the start. `ratio` 1 is flat.
 */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: HOSTS });
  const home = await mkdtemp(join(tmpdir(), 'fireline-soak-'));
  const browser = await launchChromium();
  const host = await startWebHost({ workspace: lab.workspaceFile, home });
  try {
    const page = await browser.newPage({ viewport: { width: 2560, height: 1440 } });
    const devtools = await page.context().newCDPSession(page);
    await page.goto(host.url);
    await page.getByLabel('Terminal web1', { exact: true }).click();
    await page.keyboard.type('while :; do date; sleep 1; done\n');
    const measure = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      const { usedSize } = await devtools.send('Runtime.getHeapUsage');
      const status = await readFile(`/proc/${host.pid}/status`, 'utf8');
      return { coreMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, pageMiB: usedSize / 1024 / 1024 };
    };
    await minutes(SETTLE_MINUTES);
    const early = await measure();
    await minutes(MINUTES - SETTLE_MINUTES);
    const late = await measure();
    return {
      bench: 'soak',
      results: [
        {
          case: `core RSS, ${HOSTS} hosts, ${MINUTES} min`,
          ratio: round(late.coreMiB / early.coreMiB),
          ours: { mebibytes: round(late.coreMiB) },
          peer: { mebibytesAfterSettling: round(early.coreMiB) },
        },
        {
          case: `page heap, ${HOSTS} hosts, ${MINUTES} min`,
          ratio: round(late.pageMiB / early.pageMiB),
          ours: { mebibytes: round(late.pageMiB) },
          peer: { mebibytesAfterSettling: round(early.pageMiB) },
        },
      ],
    };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
    await rm(home, { recursive: true, force: true });
  }
}

function minutes(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 60_000));
}
