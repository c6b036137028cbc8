import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { launchChromium } from '../specs/chromium.ts';
import { startWebHost } from '../specs/webHost.ts';
import { type BenchResult, round } from './bench.types.ts';

const PANES = 12;
const LINES = 50_000;
const COLUMNS = 120;
/** Two panes side by side have just above 120 columns here. */
const VIEWPORT = { width: 2300, height: 1300 };
const LIMIT_MB = 350;

/**
 * Twelve panes that have printed 50,000 lines of 120 columns each, every line of them still found by search and shown:
 * what the page takes, its JavaScript heap with its array buffers after a collection, and its process. The peer is one
 * xterm that holds all of its lines, times twelve.
 */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'fireline-memory-'));
  const workspace = join(folder, 'memory.yaml');
  await writeFile(workspace, workspaceText());
  const browser = await launchChromium();
  const host = await startWebHost({ workspace });
  try {
    const page = await browser.newPage({ viewport: VIEWPORT });
    await page.goto(host.url);
    const terminals = page.getByLabel(/^Terminal h\d$/).filter({ visible: true });
    await terminals.first().click();
    let columns = 0;
    for (let window = 0; window < PANES / 4; window++) {
      await prefix(page, `${window}`);
      await terminals.filter({ hasText: /[#$]/ }).nth(3).waitFor();
      await prefix(page, 'S');
      await page.keyboard.type(
        `awk 'BEGIN { for (i = 1; i <= ${LINES}; i++) printf "%06d ${'x'.repeat(COLUMNS - 7)}\\n", i }'; echo DONE-$((${window} + 40)) $(stty size)=\n`,
      );
      const done = terminals.filter({ hasText: `DONE-${window + 40}` });
      await done.nth(3).waitFor({ timeout: 180_000 });
      columns = Number(/DONE-\d+\s\d+\s(\d+)=/.exec((await done.first().textContent()) ?? '')?.[1]);
      await prefix(page, 'S');
    }
    const reached = await searchEverywhere(page);
    const page_ = await pageMemory(browser, page);
    const status = await readFile(`/proc/${host.pid}/status`, 'utf8');
    const coreMegabytes = round((Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6);
    const peer = await plainTerminal(browser);
    return {
      bench: 'memory',
      results: [
        {
          case: `${PANES} panes, ${LINES} lines of ${COLUMNS} columns each, at most ${LIMIT_MB} MB`,
          ratio: round(page_.heapMegabytes / (peer * PANES)),
          ours: {
            columns,
            ...page_,
            withinLimit: page_.heapMegabytes <= LIMIT_MB,
            coreMegabytes,
            ...reached,
          },
          peer: { xtermHoldingAllTimesTwelveMegabytes: round(peer * PANES) },
        },
      ],
    };
  } finally {
    await browser.close();
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Three windows of four panes, two by two; a host each, since a host has channels for eight panes. */
function workspaceText(): string {
  const names = ['h0', 'h1', 'h2'];
  const hosts = names.map((name) => `  - { id: ${name}, local: {} }\n`);
  const windows = names.map((name) => {
    const row = `{ row: [${name}, ${name}] }`;
    return `  - { name: ${name}, column: [${row}, ${row}] }\n`;
  });
  return `version: 1\nname: memory\nhosts:\n${hosts.join('')}panes:\n${windows.join('')}`;
}

async function prefix(page: Page, key: string): Promise<void> {
  await page.keyboard.press('Control+b');
  await page.keyboard.press(key);
}

/** The first, the middle and the last line of every pane are found, and the first is shown when it is gone to. */
async function searchEverywhere(page: Page): Promise<Record<string, number | boolean>> {
  const found: Record<string, number> = {};
  for (const line of [1, LINES / 2, LINES]) {
    await prefix(page, 'Control+f');
    const dialog = page.getByRole('dialog', { name: 'Search what was printed' });
    await dialog.getByLabel('Search for').fill(`${`${line}`.padStart(6, '0')} x`);
    await dialog.getByLabel('Search for').press('Enter');
    await dialog.getByText(`${PANES} found`).waitFor({ timeout: 120_000 });
    found[`panesWhereLine${line}IsFound`] = await dialog.getByRole('option').count();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  }
  await prefix(page, '[');
  const view = page.getByRole('textbox', { name: 'Scrollback h' });
  await view.getByText(`${LINES}`.padStart(6, '0')).waitFor();
  await page.keyboard.press('g');
  await view.getByText('000001 x').waitFor();
  await page.keyboard.press('q');
  await view.waitFor({ state: 'hidden' });
  return { ...found, firstLineIsShown: true };
}

async function pageMemory(browser: Browser, page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const heap = (await devtools.send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  const pids = processInfo.filter((one) => one.type === 'renderer').map((one) => one.id);
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
      const kB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
      return { resident: kB('Rss') / 1024, ownMemory: (kB('Private_Dirty') + kB('Private_Clean')) / 1024 };
    }),
  );
  const largest = sizes.reduce((a, b) => (b.resident > a.resident ? b : a), { resident: 0, ownMemory: 0 });
  return {
    heapMegabytes: round((heap.usedSize + (heap.backingStorageSize ?? 0)) / 1e6),
    javascriptMegabytes: round(heap.usedSize / 1e6),
    arrayBufferMegabytes: round((heap.backingStorageSize ?? 0) / 1e6),
    processResidentMegabytes: round(largest.resident * 1.048576),
    processOwnMegabytes: round(largest.ownMemory * 1.048576),
  };
}

/** One xterm that keeps 50,000 rows of 120 columns: its heap and array buffers, in MB. */
async function plainTerminal(browser: Browser): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const require = createRequire(import.meta.url);
  await page.route('http://bench.invalid/**', (route) =>
    route.fulfill({ body: '<!doctype html><div id="t"></div>', contentType: 'text/html' }),
  );
  await page.goto('http://bench.invalid/');
  await page.addScriptTag({ path: require.resolve('@xterm/xterm/lib/xterm.js') });
  await page.evaluate(
    async ({ lines, columns }) => {
      const { Terminal } = globalThis as unknown as { Terminal: typeof import('@xterm/xterm').Terminal };
      const terminal = new Terminal({ cols: columns, rows: 40, scrollback: lines });
      terminal.open(document.getElementById('t') as HTMLElement);
      const text = Array.from({ length: 1_000 }, () => `${'x'.repeat(columns - 1)}\r\n`).join('');
      for (let n = 0; n < lines; n += 1_000)
        await new Promise<void>((resolve) => terminal.write(text, resolve));
      Object.assign(globalThis, { kept: terminal });
    },
    { lines: LINES, columns: COLUMNS },
  );
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const heap = (await devtools.send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  await page.close();
  return (heap.usedSize + (heap.backingStorageSize ?? 0)) / 1e6;
}
