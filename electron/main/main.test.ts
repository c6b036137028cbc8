import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../shared/base/clock.ts';
import type { FrameChannel } from '../../shared/contract/wire.ts';
import { APP_ORIGIN, isAppUrl } from './appOrigin.ts';
import { acceptWindows, CONNECT_MESSAGE, type ConnectEvent, type FrameApi } from './ipc.ts';
import { parseMainFlags } from './mainFlags.ts';
import { menuTemplate } from './menu.ts';
import { isWebUrl, lockNavigation } from './navigation.ts';
import { denyPermissions } from './permissions.ts';
import { answerAppRequest, type ProtocolApi, registerAppScheme, serveRenderer } from './protocol.ts';
import { closeBeforeQuit } from './quit.ts';
import { bringForward, openWindow, windowOptions } from './window.ts';

let base = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fireline-main-'));
});

afterEach(() => rm(base, { recursive: true }));

describe('the renderer’s origin', () => {
  it('is exactly app://fireline', () => {
    expect(isAppUrl('app://fireline/')).toBe(true);
    expect(isAppUrl('app://fireline/index.html')).toBe(true);
  });

  it.each([
    '',
    'about:blank',
    'app://fireline.evil/',
    'app://evil/',
    'app://fireline@evil/',
    'app://user@fireline/',
    'app://fireline:1/',
    'file:///app://fireline/',
    'https://fireline/',
    'javascript:alert(1)',
    'data:text/html,x',
  ])('is not %j', (url) => {
    expect(isAppUrl(url)).toBe(false);
  });
});

describe('the app protocol', () => {
  beforeEach(async () => {
    await mkdir(join(base, 'renderer', 'assets'), { recursive: true });
    await writeFile(join(base, 'renderer', 'index.html'), '<!doctype html>');
    await writeFile(join(base, 'renderer', 'assets', 'main.js'), 'export {};');
    await writeFile(join(base, 'secret.json'), 'SECRET');
  });

  it('is registered as standard and secure, and serves the renderer with its policy', async () => {
    const registered: unknown[] = [];
    const handlers = new Map<string, (request: Request) => Promise<Response>>();
    const protocol: ProtocolApi = {
      registerSchemesAsPrivileged: (schemes) => void registered.push(...schemes),
      handle: (scheme, handler) => void handlers.set(scheme, handler),
    };
    registerAppScheme(protocol);
    serveRenderer(protocol, join(base, 'renderer'));
    expect(registered).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ]);
    const response = await handlers.get('app')?.(new Request('app://fireline/'));
    expect(response?.status).toBe(200);
    expect(response?.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response?.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response?.headers.get('content-security-policy')).toContain("connect-src 'self';");
    expect(await response?.text()).toBe('<!doctype html>');
  });

  it.each([
    ['app://fireline/../secret.json', 404],
    ['app://fireline/%2e%2e/secret.json', 404],
    ['app://fireline/..%2fsecret.json', 404],
    ['app://fireline/..%5csecret.json', 404],
    ['app://fireline/assets/', 404],
    ['app://evil/index.html', 403],
    ['file:///etc/passwd', 403],
  ])('has nothing at %s', async (url, status) => {
    const response = await answerAppRequest({ url, method: 'GET' }, join(base, 'renderer'));
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('SECRET');
  });

  it('answers GET only', async () => {
    const request = { url: 'app://fireline/', method: 'POST' };
    expect((await answerAppRequest(request, join(base, 'renderer'))).status).toBe(403);
  });
});

/** A port of Electron's as far as it is used: what it is given is heard by `posted`. */
function fakePort() {
  const listeners = new Map<string, (message: { data: unknown }) => void>();
  const posted: unknown[] = [];
  return {
    posted,
    started: 0,
    closed: 0,
    on(event: string, listener: (message: { data: unknown }) => void) {
      listeners.set(event, listener);
    },
    postMessage(message: unknown) {
      posted.push(message);
    },
    start() {
      this.started++;
    },
    close() {
      this.closed++;
    },
    fire: (event: string, data?: unknown) => listeners.get(event)?.({ data }),
  };
}

function accept() {
  const attached: FrameChannel[] = [];
  const diagnostics: string[] = [];
  let send = (_event: ConnectEvent) => {};
  acceptWindows(
    {
      on(name, listener) {
        expect(name).toBe(CONNECT_MESSAGE);
        send = listener;
      },
    },
    { attach: (channel) => void attached.push(channel) },
    (line) => void diagnostics.push(line),
  );
  return { attached, diagnostics, send: (event: ConnectEvent) => send(event) };
}

const mainFrame: FrameApi = { url: `${APP_ORIGIN}/index.html`, origin: APP_ORIGIN, parent: null };

describe('windows that connect', () => {
  it('are attached with their port, frames both ways, until it closes', () => {
    const { attached, send } = accept();
    const port = fakePort();
    send({ senderFrame: mainFrame, ports: [port] });
    const [channel] = attached;
    const frames: (string | Uint8Array)[] = [];
    const closed = vi.fn();
    channel?.onClose(closed);
    expect(port.started).toBe(0);
    channel?.onFrame((frame) => frames.push(frame));
    expect(port.started).toBe(1);
    port.fire('message', '{"call":1}');
    port.fire('message', new Uint8Array([2, 0, 0, 0, 1]));
    for (const odd of [undefined, null, 7, {}, [1], new ArrayBuffer(4)]) port.fire('message', odd);
    expect(frames).toEqual(['{"call":1}', new Uint8Array([2, 0, 0, 0, 1])]);
    const whole = new Uint8Array(64);
    channel?.send(whole.subarray(8, 12));
    expect((port.posted[0] as Uint8Array).buffer.byteLength).toBe(4);
    port.fire('close');
    channel?.send('late');
    expect(port.posted).toHaveLength(1);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('are told of once when the core closes them', () => {
    const { attached, send } = accept();
    const port = fakePort();
    send({ senderFrame: mainFrame, ports: [port] });
    const closed = vi.fn();
    attached[0]?.onClose(closed);
    attached[0]?.close();
    port.fire('close');
    expect(port.closed).toBe(1);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it.each<[string, FrameApi | null]>([
    ['no frame', null],
    ['a frame inside', { ...mainFrame, parent: mainFrame }],
    ['about:blank', { ...mainFrame, url: 'about:blank' }],
    ['an empty address', { ...mainFrame, url: '' }],
    ['an opaque origin', { ...mainFrame, origin: 'null' }],
    ['another origin', { url: 'https://evil.example/', origin: 'https://evil.example', parent: null }],
    ['a look-alike', { url: 'app://fireline.evil/', origin: 'app://fireline.evil', parent: null }],
  ])('are refused from %s, and their port closed', (_name, senderFrame) => {
    const { attached, diagnostics, send } = accept();
    const port = fakePort();
    send({ senderFrame, ports: [port] });
    expect(attached).toEqual([]);
    expect(port.closed).toBe(1);
    expect(diagnostics).toHaveLength(1);
  });

  it('are refused without a port or with two', () => {
    const { attached, diagnostics, send } = accept();
    send({ senderFrame: mainFrame, ports: [] });
    const ports = [fakePort(), fakePort()];
    send({ senderFrame: mainFrame, ports });
    expect(attached).toEqual([]);
    expect(ports.map((port) => port.closed)).toEqual([1, 1]);
    expect(diagnostics).toHaveLength(2);
  });
});

describe('a window', () => {
  it('is sandboxed, isolated and without Node', () => {
    expect(windowOptions('/p.cjs').webPreferences).toMatchObject({
      preload: '/p.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
    });
  });

  it('loads the renderer and shows itself when there is something to see', async () => {
    let ready = () => {};
    const window = {
      loadURL: vi.fn(async () => {}),
      once: (_event: string, listener: () => void) => {
        ready = listener;
      },
      show: vi.fn(),
      isMinimized: () => true,
      restore: vi.fn(),
      focus: vi.fn(),
    };
    await openWindow(window);
    expect(window.loadURL).toHaveBeenCalledWith('app://fireline/');
    expect(window.show).not.toHaveBeenCalled();
    ready();
    expect(window.show).toHaveBeenCalledTimes(1);
    bringForward(window);
    expect(window.restore).toHaveBeenCalledTimes(1);
    expect(window.focus).toHaveBeenCalledTimes(1);
  });

  it('is granted no permission', () => {
    const granted: boolean[] = [];
    denyPermissions({
      setPermissionRequestHandler: (handler) => handler({}, 'media', (yes) => granted.push(yes)),
      setPermissionCheckHandler: (handler) => granted.push(handler()),
      setDevicePermissionHandler: (handler) => granted.push(handler()),
    });
    expect(granted).toEqual([false, false, false]);
  });

  it('stays on the renderer; only web links go to the desktop', () => {
    const listeners = new Map<string, (event: { preventDefault(): void; url: string }) => void>();
    let open: (details: { url: string }) => { action: 'deny' } = () => ({ action: 'deny' });
    const external: string[] = [];
    lockNavigation(
      {
        setWindowOpenHandler(handler) {
          open = handler;
        },
        on(event: string, listener: (event: { preventDefault(): void; url: string }) => void) {
          listeners.set(event, listener);
        },
      },
      (url) => void external.push(url),
    );
    const prevented = (event: string, url: string) => {
      const preventDefault = vi.fn();
      listeners.get(event)?.({ preventDefault, url });
      return preventDefault.mock.calls.length > 0;
    };
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      expect(prevented(event, 'https://evil.example/')).toBe(true);
      expect(prevented(event, 'file:///etc/passwd')).toBe(true);
      expect(prevented(event, 'app://fireline/')).toBe(false);
    }
    expect(prevented('will-attach-webview', '')).toBe(true);
    for (const url of [
      'https://example.org/a',
      'file:///bin/sh',
      'javascript:alert(1)',
      'ms-msdt:/x',
      'app://fireline/',
    ]) {
      expect(open({ url })).toEqual({ action: 'deny' });
    }
    expect(external).toEqual(['https://example.org/a']);
    expect(isWebUrl('https://user:password@example.org/')).toBe(false);
  });
});

describe('the menu', () => {
  it.each(['linux', 'win32', 'darwin'])('leaves the terminal its keys on %s', (platform) => {
    const text = JSON.stringify(menuTemplate(platform, false));
    expect(text).not.toMatch(/reload|zoom|toggleDevTools|"close"/i);
    expect(text).not.toMatch(/"(?:Ctrl|Cmd|CmdOrCtrl)\+[A-Z]"/);
  });

  it('has developer tools only in a work tree', () => {
    expect(JSON.stringify(menuTemplate('linux', true))).toContain('toggleDevTools');
  });
});

describe('flags', () => {
  it('are ours among whatever the desktop adds', () => {
    expect(parseMainFlags(['--workspace', 'w.yaml', '--enable-features=X', '-psn_0_1'])).toEqual({
      workspace: 'w.yaml',
      partial: false,
    });
    expect(parseMainFlags(['--partial', '--workspace=w.yaml'])).toEqual({
      workspace: 'w.yaml',
      partial: true,
    });
    expect(parseMainFlags(['--workspace'])).toEqual({ partial: false });
  });
});

describe('quitting', () => {
  function quit(close: () => Promise<void>) {
    let fire = () => {};
    const preventDefault = vi.fn();
    const exit = vi.fn();
    const clock = new ManualClock();
    const diagnostics: string[] = [];
    closeBeforeQuit(
      {
        on: (_event, listener) => {
          fire = () => listener({ preventDefault });
        },
        exit,
      },
      { close },
      (line) => void diagnostics.push(line),
      clock,
    );
    fire();
    return { fire: () => fire(), preventDefault, exit, clock, diagnostics };
  }

  it('waits for the core, once', async () => {
    let done = () => {};
    const close = vi.fn(() => new Promise<void>((resolve) => (done = resolve)));
    const { fire, exit, preventDefault } = quit(close);
    fire();
    expect(preventDefault).toHaveBeenCalledTimes(2);
    expect(close).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
    done();
    await vi.waitFor(() => expect(exit).toHaveBeenCalledTimes(1));
  });

  it('does not wait for ever', () => {
    const { exit, clock, diagnostics } = quit(() => new Promise(() => {}));
    clock.advance(5_000);
    expect(exit).toHaveBeenCalledTimes(1);
    expect(diagnostics.join()).toContain('too long');
  });
});
