import { describe, expect, it, vi } from 'vitest';
import { COMMANDS } from './commands.ts';
import { ContractFailure, failure } from './errors.ts';
import { type CommandHandlers, createRpcClient, serveWindow, type WindowLink } from './rpc.ts';
import type { FrameChannel, TerminalFrame } from './wire.ts';

/** Both ends of a channel in memory: frames arrive at once and in order; either end closes both. */
function pair(): { window: FrameChannel; core: FrameChannel } {
  const ends = [0, 1].map(() => ({
    onFrame: (_frame: string | Uint8Array) => {},
    closeListeners: [] as (() => void)[],
  }));
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    for (const end of ends) for (const listener of end.closeListeners) listener();
  };
  const end = (own: number): FrameChannel => ({
    send(frame) {
      if (open) ends[1 - own]?.onFrame(frame);
    },
    onFrame(listener) {
      const mine = ends[own];
      if (mine) mine.onFrame = listener;
    },
    onClose: (listener) => void ends[own]?.closeListeners.push(listener),
    close,
  });
  return { window: end(0), core: end(1) };
}

function serve(handlers: Partial<CommandHandlers> = {}) {
  const channels = pair();
  const bugs: string[] = [];
  const terminal: TerminalFrame[] = [];
  const link = serveWindow(channels.core, {
    handlers: handlers as CommandHandlers,
    onTerminal: (frame) => terminal.push(frame),
    onBug: (name, error) => bugs.push(`${name}: ${String(error)}`),
  });
  return { ...channels, link, bugs, terminal };
}

/** Sends raw frames as a hostile window would, and collects what comes back. */
function raw(handlers: Partial<CommandHandlers> = {}) {
  const served = serve(handlers);
  const replies: unknown[] = [];
  served.window.onFrame((frame) => replies.push(JSON.parse(String(frame))));
  return { ...served, replies };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('calls', () => {
  it('bring back the result, with the defaults of the schema filled in for the handler', async () => {
    const asked: unknown[] = [];
    const { window } = serve({
      'remediation.plan': async (args) => {
        asked.push(args);
        throw failure('not_connected', 'web1 is away');
      },
      'workspace.recent': async () => [{ path: '/w.yaml', name: 'w', openedAt: 1 }],
    });
    const client = createRpcClient(window);
    expect(await client.call('workspace.recent', {})).toEqual([{ path: '/w.yaml', name: 'w', openedAt: 1 }]);
    const target = { bootId: 'b', pid: 1, startTicks: 2 };
    await client
      .call('remediation.plan', { host: 'web1', request: { action: 'process.kill', arguments: { target } } })
      .catch(() => {});
    expect(asked).toEqual([
      { host: 'web1', request: { action: 'process.kill', arguments: { target, signal: 'TERM' } } },
    ]);
  });

  it('are answered each with its own, whatever the order in which they end', async () => {
    const waiting: (() => void)[] = [];
    const { window } = serve({
      'files.list': ({ path }) =>
        new Promise((resolve) => waiting.push(() => resolve({ path, parent: null, entries: [] }))),
    });
    const client = createRpcClient(window);
    const calls = ['/a', '/b', '/c'].map((path) => client.call('files.list', { path }));
    for (const finish of waiting.reverse()) finish();
    expect((await Promise.all(calls)).map((listing) => listing.path)).toEqual(['/a', '/b', '/c']);
  });

  it('fail with the declared error, advice and data', async () => {
    const { window } = serve({
      'host.reconnect': () => Promise.reject(failure('not_found', 'no host x', 'Open it.', { host: 'x' })),
    });
    const error = await createRpcClient(window)
      .call('host.reconnect', { host: 'x' })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ContractFailure);
    expect((error as ContractFailure).error).toEqual({
      code: 'not_found',
      message: 'no host x',
      advice: 'Open it.',
      data: { host: 'x' },
    });
  });

  it('that fail by a bug say so without what might be secret, and tell the diagnostics', async () => {
    const { window, bugs } = serve({ 'host.reconnect': () => Promise.reject(new Error('key material')) });
    const error = await createRpcClient(window)
      .call('host.reconnect', { host: 'x' })
      .catch((e: unknown) => e);
    expect((error as ContractFailure).error.code).toBe('internal');
    expect(JSON.stringify((error as ContractFailure).error)).not.toContain('key material');
    expect(bugs).toEqual(['host.reconnect: Error: key material']);
  });

  it('that throw at once are answered too', async () => {
    const { window, bugs } = serve({
      'host.reconnect': () => {
        throw new Error('at once');
      },
    });
    await expect(createRpcClient(window).call('host.reconnect', { host: 'x' })).rejects.toThrow(
      'host.reconnect failed',
    );
    expect(bugs).toHaveLength(1);
  });

  it('that wait when the channel closes are rejected with closed, and so are later ones', async () => {
    const { window, core } = serve({ 'host.reconnect': () => new Promise(() => {}) });
    const client = createRpcClient(window);
    const closed = vi.fn();
    client.onClose(closed);
    const calls = [
      client.call('host.reconnect', { host: 'a' }),
      client.call('host.reconnect', { host: 'b' }),
    ];
    core.close();
    for (const call of calls) {
      expect(((await call.catch((e: unknown) => e)) as ContractFailure).error.code).toBe('closed');
    }
    const late = await client.call('host.reconnect', { host: 'c' }).catch((e: unknown) => e);
    expect((late as ContractFailure).error.code).toBe('closed');
    client.sendTerminal({ type: 'input', wire: 1, bytes: new Uint8Array([1]) });
    client.dispose();
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('that end after their window is gone are answered to nobody', async () => {
    let finish = () => {};
    const { window, link, replies } = raw({
      'host.reconnect': () =>
        new Promise((resolve) => {
          finish = () => resolve(null);
        }),
    });
    window.send('{"call":1,"name":"host.reconnect","arguments":{"host":"x"}}');
    window.close();
    expect(link.lifetime.isDisposed).toBe(true);
    finish();
    await settled();
    expect(replies).toEqual([]);
  });
});

describe('hostile windows', () => {
  it.each([
    ['another name', 'shell.run'],
    ['a name of every object', 'constructor'],
    ['a prototype', '__proto__'],
    ['an inherited method', 'toString'],
    ['no name', ''],
    ['a long name', 'x'.repeat(100_000)],
  ])('are refused %s', async (_what, name) => {
    const { window, replies, bugs } = raw();
    window.send(JSON.stringify({ call: 1, name, arguments: {} }));
    await settled();
    expect(replies).toHaveLength(1);
    expect(replies[0]).toMatchObject({ reply: 1, error: { code: 'unknown_command' } });
    expect(JSON.stringify(replies[0]).length).toBeLessThan(300);
    expect(bugs).toEqual([]);
  });

  it.each([
    ['a host that is a number', 'host.reconnect', { host: 7 }],
    ['no host', 'host.reconnect', {}],
    ['an argument too many', 'host.reconnect', { host: 'x', shell: 'rm -rf /' }],
    ['no object', 'host.reconnect', 'x'],
    ['a list', 'host.reconnect', ['x']],
    ['null for the host', 'host.reconnect', { host: null }],
    ['a host of a megabyte', 'host.reconnect', { host: 'x'.repeat(1_000_000) }],
    [
      'a pid below one',
      'remediation.plan',
      {
        host: 'x',
        request: { action: 'process.kill', arguments: { target: { bootId: 'b', pid: -1, startTicks: 0 } } },
      },
    ],
    [
      'a pid that is no number',
      'remediation.plan',
      {
        host: 'x',
        request: {
          action: 'process.kill',
          arguments: { target: { bootId: 'b', pid: '1; reboot', startTicks: 0 } },
        },
      },
    ],
    [
      'another action',
      'remediation.plan',
      {
        host: 'x',
        request: { action: 'host.reboot', arguments: { target: { bootId: 'b', pid: 1, startTicks: 0 } } },
      },
    ],
    [
      'another signal',
      'remediation.plan',
      {
        host: 'x',
        request: {
          action: 'process.kill',
          arguments: { signal: 'STOP', target: { bootId: 'b', pid: 1, startTicks: 0 } },
        },
      },
    ],
    ['a terminal without end', 'pane.resize', { pane: 'p', columns: 1e9, rows: 10 }],
    ['half a column', 'pane.resize', { pane: 'p', columns: 80.5, rows: 10 }],
    ['arguments where none are', 'app.snapshot', { all: true }],
  ])('are refused %s, by name, before the handler', async (_what, name, args) => {
    const handler = vi.fn();
    const { window, replies } = raw({ [name]: handler });
    window.send(JSON.stringify({ call: 3, name, arguments: args }));
    await settled();
    expect(replies).toHaveLength(1);
    const reply = replies[0] as { reply: number; error: { code: string; message: string } };
    expect(reply).toMatchObject({ reply: 3, error: { code: 'bad_arguments' } });
    expect(reply.error.message.startsWith(`${name}: `)).toBe(true);
    expect(reply.error.message.length).toBeLessThan(1000);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each([
    '',
    '{',
    'null',
    '7',
    '[]',
    '"call"',
    '{}',
    '{"call":"1","name":"app.snapshot"}',
    '{"call":1.5,"name":"app.snapshot"}',
    '{"call":1e400,"name":"app.snapshot"}',
    '{"call":1,"name":["app.snapshot"]}',
    '{"reply":1,"result":null}',
    `${'['.repeat(100_000)}`,
  ])('send %.40s in vain', async (frame) => {
    const { window, replies, bugs } = raw();
    window.send(frame);
    await settled();
    expect(replies).toEqual([]);
    expect(bugs).toEqual([]);
  });

  it('send binary frames that are none in vain', () => {
    const { window, terminal } = raw();
    for (const bytes of [[], [0], [9, 0, 0, 0, 1], [3, 0, 0, 0, 1], [1, 0]])
      window.send(new Uint8Array(bytes));
    expect(terminal).toEqual([]);
  });

  it('cannot reach a handler through arguments that carry a prototype', async () => {
    const { window, replies } = raw();
    window.send('{"call":1,"name":"host.reconnect","arguments":{"__proto__":{"host":"x"}}}');
    await settled();
    expect(replies[0]).toMatchObject({ error: { code: 'bad_arguments' } });
    expect(({} as { host?: string }).host).toBeUndefined();
  });
});

describe('events and terminals', () => {
  it('reach those who listen, until they stop', () => {
    const { window, link } = serve();
    const client = createRpcClient(window);
    const heard: unknown[] = [];
    const first = client.on('pane.closed', (data) => heard.push(['first', data]));
    client.on('pane.closed', (data) => heard.push(['second', data]));
    link.emit('pane.closed', { pane: 'p' as never });
    first.dispose();
    link.emit('pane.closed', { pane: 'q' as never });
    expect(heard).toEqual([
      ['first', { pane: 'p' }],
      ['second', { pane: 'p' }],
      ['second', { pane: 'q' }],
    ]);
  });

  it('carry terminal bytes both ways, outside JSON', () => {
    const { window, link, terminal } = serve();
    const client = createRpcClient(window);
    const shown: TerminalFrame[] = [];
    client.onTerminal((frame) => shown.push(frame));
    link.sendTerminal({ type: 'output', wire: 4, bytes: new Uint8Array([0xff, 0x00]) });
    client.sendTerminal({ type: 'acknowledgement', wire: 4, count: 2 });
    expect(shown).toEqual([{ type: 'output', wire: 4, bytes: new Uint8Array([0xff, 0x00]) }]);
    expect(terminal).toEqual([{ type: 'acknowledgement', wire: 4, count: 2 }]);
  });

  it('go in pieces where a person pastes very much, in order and whole', () => {
    const { window, terminal } = serve();
    const client = createRpcClient(window);
    const bytes = Uint8Array.from({ length: 17 * 1024 * 1024 + 5 }, (_, n) => n % 251);
    client.sendTerminal({ type: 'input', wire: 4, bytes });
    const pieces = terminal.flatMap((frame) => (frame.type === 'input' ? [frame.bytes] : []));
    // The web host ends a channel whose frame is longer than 16 MiB.
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(16 * 1024 * 1024);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  it('are ignored by the window where they are none', () => {
    const channels = pair();
    const client = createRpcClient(channels.window);
    const shown = vi.fn();
    client.onTerminal(shown);
    channels.core.send(new Uint8Array([7, 7]));
    channels.core.send('{"event":"unheard","data":1}');
    channels.core.send('{"reply":99,"result":1}');
    expect(shown).not.toHaveBeenCalled();
  });

  it('go nowhere once the window is gone; what the core holds for it is let go', () => {
    const { window, link } = serve();
    const frames: unknown[] = [];
    window.onFrame((frame) => frames.push(frame));
    const stopped = vi.fn();
    link.lifetime.addStop(stopped);
    window.close();
    link.emit('pane.closed', { pane: 'p' as never });
    link.sendTerminal({ type: 'output', wire: 1, bytes: new Uint8Array([1]) });
    expect(frames).toEqual([]);
    expect(stopped).toHaveBeenCalledTimes(1);
  });

  it('are one window’s own: each has its number', () => {
    const links: WindowLink[] = [serve().link, serve().link];
    expect(new Set(links.map((link) => link.id)).size).toBe(2);
  });
});

describe('the allow-list', () => {
  it('refuses unknown keys in every command', () => {
    for (const [name, { args }] of Object.entries(COMMANDS)) {
      const parsed = args.safeParse({ unexpected: true });
      expect(parsed.success, name).toBe(false);
    }
  });
});
