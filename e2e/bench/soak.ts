import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startLab } from '../lab/lab.ts';
import { launchChromium } from '../specs/chromium.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, round } from './bench.types.ts';

const HOSTS = 12;
const MINUTES = Number(process.env['BENCH_MINUTES'] ?? 10);
/** Start-up is over and every scrollback full by then: what grows after it is a leak. */
const SETTLE_MINUTES = Math.min(5, MINUTES / 3);
/**
 * Beginning and end are each the least of the measurements within so long: on top of what is held there is at times some
 * 7 MB that one collection leaves to the next.
 */
const SPAN_MINUTES = Math.max(1, (MINUTES - SETTLE_MINUTES) / 5);
const MEASURE_MINUTES = Math.min(1, SPAN_MINUTES / 3);
/** Beyond what a pane's terminal holds, so that its memory stands still before the first measurement. */
const FILL = `seq -f '%0100.0f' 12000; while :; do date; sleep 0.5; done`;

interface Measured {
  minute: number;
  coreMiB: number;
  pageMiB: number;
}

/**
 * Twelve hosts, twelve panes whose scrollbacks are full and that go on printing: memory of the core (RSS) and of the
 * page (JavaScript heap after a collection), measured every minute; the least of the last part against that of the
 * first after settling. `ratio` 1 is flat.
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
    await printInEveryPane(
      page,
      lab.hosts.map((one) => one.id),
    );
    const measured: Measured[] = [];
    const from = performance.now();
    const elapsed = () => (performance.now() - from) / 60_000;
    for (let next = SETTLE_MINUTES; next <= MINUTES; next += MEASURE_MINUTES) {
      await minutes(next - elapsed());
      await devtools.send('HeapProfiler.collectGarbage');
      const { usedSize } = await devtools.send('Runtime.getHeapUsage');
      const status = await readFile(`/proc/${host.pid}/status`, 'utf8');
      const one = {
        minute: elapsed(),
        coreMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
        pageMiB: usedSize / 1024 / 1024,
      };
      measured.push(one);
      // Goes to stderr: an hour and a half is long to know nothing.
      console.log(
        `${one.minute.toFixed(1)} min: core ${one.coreMiB.toFixed(1)} MiB, page ${one.pageMiB.toFixed(1)} MiB`,
      );
    }
    return {
      bench: 'soak',
      results: [compare('core RSS', measured, 'coreMiB'), compare('page heap', measured, 'pageMiB')],
    };
  } finally {
    await browser.close();
    await host.stop();
    await lab.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function printInEveryPane(page: Page, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const terminal = page.getByLabel(`Terminal ${id}`, { exact: true });
    // A window holds nine panes; the others are in the next.
    if (id !== ids[0] && !(await terminal.isVisible())) {
      await page.keyboard.press('Control+b');
      await page.keyboard.press('n');
    }
    await terminal.click();
    await page.keyboard.type(`${FILL}\n`);
  }
}

function compare(what: string, measured: readonly Measured[], key: 'coreMiB' | 'pageMiB') {
  const first = measured.filter((one) => one.minute < SETTLE_MINUTES + SPAN_MINUTES);
  const last = measured.filter((one) => one.minute > MINUTES - SPAN_MINUTES);
  const early = Math.min(...first.map((one) => one[key]));
  const late = Math.min(...last.map((one) => one[key]));
  return {
    case: `${what}, ${HOSTS} hosts and panes, ${MINUTES} min`,
    ratio: round(late / early),
    ours: { mebibytes: round(late), mebibytesAnHour: round(slope(measured, key) * 60) },
    peer: { mebibytesAfterSettling: round(early) },
  };
}

/** Least squares, a minute. */
function slope(measured: readonly Measured[], key: 'coreMiB' | 'pageMiB'): number {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const x = mean(measured.map((one) => one.minute));
  const y = mean(measured.map((one) => one[key]));
  const up = measured.reduce((sum, one) => sum + (one.minute - x) * (one[key] - y), 0);
  return up / measured.reduce((sum, one) => sum + (one.minute - x) ** 2, 0);
}

function minutes(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, count) * 60_000));
}
