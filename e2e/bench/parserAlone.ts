import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { PlainBrowser } from './plainBrowser.ts';

/** As facts of xterm.js say: 64 KiB writes with five in flight are its best case. */
const CHUNK_BYTES = 64 * 1024;
const IN_FLIGHT = 5;

/**
 * Megabytes a second of xterm's parser in this browser, drawing a terminal of a whole window in a visible page, fed with
 * `bytes` from memory.
 */
export async function parserAlone(browser: PlainBrowser, bytes: Buffer): Promise<number> {
  const require = createRequire(import.meta.url);
  const style = readFileSync(require.resolve('@xterm/xterm/css/xterm.css'), 'utf8');
  const script = readFileSync(require.resolve('@xterm/xterm/lib/xterm.js'));
  const page = `<!doctype html><style>${style}</style><div id="t" style="width:1200px;height:700px"></div><script src="/xterm.js"></script>`;
  const server = createServer(({ url }, response) => {
    if (url === '/bytes') response.setHeader('content-type', 'application/octet-stream').end(bytes);
    else if (url === '/xterm.js') response.setHeader('content-type', 'text/javascript').end(script);
    else response.setHeader('content-type', 'text/html').end(page);
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const tab = await browser.open(`http://127.0.0.1:${port}/`);
  try {
    await tab.bringToFront();
    const milliseconds = await tab.evaluate<number>(
      `(${feedInPage.toString()})(${JSON.stringify({ chunkBytes: CHUNK_BYTES, inFlight: IN_FLIGHT })})`,
    );
    return bytes.length / milliseconds / 1000;
  } finally {
    await tab.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Runs in the page. */
async function feedInPage({ chunkBytes, inFlight }: { chunkBytes: number; inFlight: number }) {
  const { Terminal } = globalThis as unknown as { Terminal: typeof import('@xterm/xterm').Terminal };
  const terminal = new Terminal({ cols: 150, rows: 40, scrollback: 10_000 });
  terminal.open(document.getElementById('t') as HTMLElement);
  const data = new Uint8Array(await (await fetch('/bytes')).arrayBuffer());
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
}
