import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../specs/chromium.ts';

/**
 * A page as a person's browser has it. Playwright has the browser report every WebSocket frame to it, base64 in JSON:
 * with tens of megabytes of output a second that costs the page, the browser and the bench more than what is measured.
 */
export interface PlainPage {
  evaluate<Result>(expression: string): Promise<Result>;
  /** Text as a person types it, and keys by name: `Enter`, `Control+c`. */
  type(text: string): Promise<void>;
  press(key: 'Enter' | 'Control+b' | 'Control+c'): Promise<void>;
  click(label: string): Promise<void>;
  bringToFront(): Promise<void>;
  close(): Promise<void>;
}

export interface PlainBrowser {
  /** In a window of its own; `tab`: in the newest one, before the page that was there, which is hidden then. */
  open(url: string, place?: 'tab'): Promise<PlainPage>;
  close(): Promise<void>;
}

const START_BOUND_MS = 20_000;

export async function launchPlainBrowser(): Promise<PlainBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'fireline-browser-'));
  const child = spawn(
    CHROMIUM,
    [
      ...CHROMIUM_ARGUMENTS,
      ...['--headless=new', '--remote-debugging-port=0', '--disable-extensions', '--window-size=1280,800'],
      ...[`--user-data-dir=${profile}`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const protocol = await connect(await endpointOf(child));
  return {
    async open(url, place) {
      const { targetId } = await protocol.send<{ targetId: string }>('Target.createTarget', {
        url,
        ...(place === 'tab' ? {} : { newWindow: true, width: 1280, height: 800 }),
      });
      const { sessionId } = await protocol.send<{ sessionId: string }>('Target.attachToTarget', {
        targetId,
        flatten: true,
      });
      const page = plainPage(protocol, sessionId, targetId);
      for (let left = START_BOUND_MS / 50; left > 0; left--) {
        // While it navigates there is no page to ask.
        const loaded = await page
          .evaluate<boolean>(`location.href !== 'about:blank' && document.readyState === 'complete'`)
          .catch(() => false);
        if (loaded) return page;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${url} did not load`);
    },
    async close() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      await protocol.send('Browser.close', {}).catch(() => child.kill('SIGKILL'));
      await exited;
      protocol.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function plainPage(protocol: Protocol, sessionId: string, targetId: string): PlainPage {
  const page: PlainPage = {
    async evaluate<Result>(expression: string) {
      const { result, exceptionDetails } = await protocol.send<{
        result: { value: Result };
        exceptionDetails?: { exception?: { description?: string }; text: string };
      }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    async type(text) {
      for (const character of text) {
        const key = { key: character, text: character, unmodifiedText: character, ...keyCodeOf(character) };
        await protocol.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key }, sessionId);
        await protocol.send('Input.dispatchKeyEvent', { type: 'keyUp', key: character }, sessionId);
      }
    },
    async press(key) {
      const letter = key.slice(-1);
      const event =
        key === 'Enter'
          ? { key, code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' }
          : { key: letter, ...keyCodeOf(letter), modifiers: 2 };
      await protocol.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event }, sessionId);
      await protocol.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event, text: '' }, sessionId);
    },
    async click(label) {
      const [x, y] = await page.evaluate<[number, number]>(`new Promise((done, fail) => {
        const until = performance.now() + 30000;
        const look = () => {
          const box = document.querySelector(${JSON.stringify(`[aria-label="${label}"]`)})?.getBoundingClientRect();
          if (box?.width) done([box.x + box.width / 2, box.y + box.height / 2]);
          else if (performance.now() > until) fail(new Error(${JSON.stringify(`${label} did not appear`)}));
          else setTimeout(look, 50);
        };
        look();
      })`);
      for (const type of ['mousePressed', 'mouseReleased']) {
        const event = { type, x, y, button: 'left', clickCount: 1 };
        await protocol.send('Input.dispatchMouseEvent', event, sessionId);
      }
    },
    bringToFront: () => protocol.send('Page.bringToFront', {}, sessionId),
    close: () => protocol.send('Target.closeTarget', { targetId }),
  };
  return page;
}

/** As a keyboard sends them. A key without its code is taken for an input method's: text, which is edited into a field. */
function keyCodeOf(character: string): { code: string; windowsVirtualKeyCode: number } | undefined {
  if (!/^[a-z0-9 ]$/.test(character)) return undefined;
  const upper = character.toUpperCase();
  const code = character === ' ' ? 'Space' : `${/\d/.test(character) ? 'Digit' : 'Key'}${upper}`;
  return { code, windowsVirtualKeyCode: upper.charCodeAt(0) };
}

interface Protocol {
  send<Result = void>(method: string, params: object, sessionId?: string): Promise<Result>;
  close(): void;
}

async function connect(endpoint: string): Promise<Protocol> {
  const socket = new WebSocket(endpoint, { maxPayload: 0, perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let next = 1;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: never; error?: { message: string } };
    const call = message.id === undefined ? undefined : waiting.get(message.id);
    if (!call || message.id === undefined) return;
    waiting.delete(message.id);
    if (message.error) call.reject(new Error(message.error.message));
    else call.resolve(message.result as never);
  });
  socket.on('close', () => {
    for (const call of waiting.values()) call.reject(new Error('the browser ended'));
    waiting.clear();
  });
  return {
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }));
      }),
    close: () => socket.close(),
  };
}

function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const bound = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the browser did not start within ${START_BOUND_MS / 1000} s`));
    }, START_BOUND_MS);
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      const endpoint = /ws:\/\/\S+/.exec(line)?.[0];
      if (!endpoint) return;
      clearTimeout(bound);
      resolve(endpoint);
    });
  });
}
