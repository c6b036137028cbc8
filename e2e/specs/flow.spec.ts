import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { readTerminalBytes } from '../../electron/core/sessions/asciicast.ts';
import { launchPlainBrowser } from '../bench/plainBrowser.ts';
import { enterTerminal, typeLine } from '../bench/terminalPage.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/waitUntil.ts';
import { startWebHost, type WebHost } from './webHost.ts';

/** Far above what may be on its way unacknowledged: it only arrives whole where it is parsed and acknowledged. */
const LINES = 30_000;
const arriving = Buffer.from(
  Array.from({ length: LINES }, (_, n) => `flood ${n + 1} of ${'x'.repeat(60)}\r\n`).join(''),
);

let lab: Lab;
let host: WebHost;
test.beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  host = await startWebHost({ workspace: lab.workspaceFile });
});
test.afterAll(async () => {
  await host?.stop();
  await lab?.stop();
});

/** How many recordings hold the whole flood. */
async function whole(): Promise<number> {
  const casts = readdirSync(host.home, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.cast'),
  );
  const found = await Promise.all(
    casts.map(async (cast) =>
      (await readTerminalBytes(join(host.home, cast), 0, 1e8)).bytes.includes(arriving),
    ),
  );
  return found.filter(Boolean).length;
}

test('a hidden pane, one that is resized and a page in the background take a flood, and it is on record byte for byte', async () => {
  test.setTimeout(240_000);
  const browser = await launchPlainBrowser();
  try {
    const page = await browser.open(host.url);
    for (const [index, one] of lab.hosts.entries()) {
      await enterTerminal(page, one.id);
      await typeLine(
        page,
        `until [ -e /tmp/go ]; do sleep 0.05; done; seq -f 'flood %.0f of ${'x'.repeat(60)}' ${LINES}; echo done-${index}`,
      );
    }
    // The first is zoomed over the others: they are not drawn, and it changes its size while it floods.
    await page.click('Terminal web1');
    await page.evaluate(
      `void (document.querySelector('article[aria-label$=": web1"] [aria-label^="Zoom this pane"]').click())`,
    );
    await waitUntil('the others hidden', 5_000, async () =>
      (await page.evaluate<boolean>(
        `!document.querySelector('[aria-label="Terminal web2"]')?.getClientRects().length`,
      ))
        ? true
        : undefined,
    );
    const [resized, hidden, background] = lab.hosts;
    await Promise.all([resized, hidden].map((one) => one?.exec('touch /tmp/go')));
    for (const size of [70, 40, 90]) {
      await page.evaluate(`void (document.body.style.width = '${size}vw')`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    await waitUntil('the floods of the visible page on record', 100_000, async () =>
      (await whole()) === 2 ? true : undefined,
    );
    const front = await browser.open('data:text/html,<p>something else</p>', 'tab');
    expect(await page.evaluate<boolean>('document.hidden')).toBe(true);
    await background?.exec('touch /tmp/go');
    await waitUntil('the flood of the page in the background on record', 100_000, async () =>
      (await whole()) === 3 ? true : undefined,
    );
    await front.close();
  } finally {
    await browser.close();
  }
});
