import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { Core, CoreOptions } from '../core/core.types.ts';
import { hasDisplay } from './openBrowser.ts';
import { runWeb } from './runWeb.ts';
import { parseWebFlags, USUAL_PORT } from './webFlags.ts';

let base = '';
let stdout = '';
let stderr = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fireline-run-'));
  await mkdir(join(base, 'renderer'));
  await writeFile(join(base, 'renderer', 'index.html'), '<!doctype html>');
  stdout = '';
  stderr = '';
});

afterEach(() => rm(base, { recursive: true }));

/** The parts of a core that the web home uses, telling what was asked of it. */
function smallCore(problems: WorkspaceProblem[] = []) {
  const told: string[] = [];
  const createCore = async (options: CoreOptions) => {
    told.push(`created ${options.home} ${options.interactive} ${options.dataDirectory}`);
    return {
      attach() {},
      async openMachine() {
        told.push('machine');
      },
      async openWorkspace(path: string, partial: boolean) {
        told.push(`workspace ${path} ${partial}`);
        return { opened: partial || problems.length === 0, problems };
      },
      async close() {
        told.push('closed');
      },
    } as unknown as Core;
  };
  return { told, createCore };
}

function start(args: string[], createCore: (options: CoreOptions) => Promise<Core>) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let told = (_line: string) => {};
  const listening = new Promise<string>((resolve) => {
    told = resolve;
  });
  const status = runWeb({
    args,
    createCore,
    environment: { FIRELINE_HOME: join(base, 'data') },
    rendererDirectory: join(base, 'renderer'),
    stdout(text) {
      stdout += text;
      told(text);
    },
    stderr(text) {
      stderr += text;
    },
    ended: () => ended,
  });
  return { status, listening, end };
}

describe('the web home', () => {
  it('prints exactly one line on stdout, with an address that opens it, and closes the core at the end', async () => {
    const { told, createCore } = smallCore();
    const run = start(['--port', '0', '--no-open'], createCore);
    const line = await run.listening;
    expect(line).toMatch(/^Fireline is at http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
    const answer = await fetch(line.slice('Fireline is at '.length).trim(), { redirect: 'manual' });
    expect(answer.status).toBe(303);
    run.end();
    expect(await run.status).toBe(0);
    expect(stdout).toBe(line);
    expect(told).toEqual([`created web true ${join(base, 'data')}`, 'machine', 'closed']);
  });

  it('opens the workspace it is given', async () => {
    const { told, createCore } = smallCore();
    const run = start(['--port=0', '--no-open', '--workspace', '/srv/w.yaml'], createCore);
    await run.listening;
    run.end();
    expect(await run.status).toBe(0);
    expect(told).toContain('workspace /srv/w.yaml false');
  });

  it('says where a workspace is wrong and what to do, and starts nothing', async () => {
    const problem: WorkspaceProblem = {
      file: '/srv/w.yaml',
      line: 3,
      column: 5,
      message: 'port is "x"',
      expected: 'a number',
      host: 'web1',
      severity: 'error',
    };
    const { told, createCore } = smallCore([problem]);
    const run = start(['--port=0', '--workspace', '/srv/w.yaml'], createCore);
    expect(await run.status).toBe(1);
    expect(stderr).toContain('/srv/w.yaml:3:5: error: port is "x"; expected a number');
    expect(stderr).toContain('--partial');
    expect(stdout).toBe('');
    expect(told.at(-1)).toBe('closed');
  });

  it('says so when the port that was asked for is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const { told, createCore } = smallCore();
    expect(await start(['--port', String(port)], createCore).status).toBe(1);
    expect(stderr).toContain(`port ${port} is taken: choose another, or --port 0`);
    expect(told.at(-1)).toBe('closed');
  });

  it('uses another port when the usual one is taken and none was asked for', async () => {
    const other = createServer();
    // Somebody else may hold it already: then it is taken as well.
    await new Promise<void>((resolve) => {
      other.once('error', () => resolve());
      other.listen(USUAL_PORT, '127.0.0.1', resolve);
    });
    onTestFinished(() => void other.close());
    const run = start(['--no-open'], smallCore().createCore);
    expect(await run.listening).not.toContain(`:${USUAL_PORT}/`);
    expect(stderr).toContain(`port ${USUAL_PORT} is taken; using another`);
    run.end();
    expect(await run.status).toBe(0);
  });

  it('says what is wrong with the data directory when the core cannot start', async () => {
    const run = start(['--port=0'], () => Promise.reject(new Error('the disk is full')));
    expect(await run.status).toBe(1);
    expect(stderr).toContain(`could not start with the data in ${join(base, 'data')}: the disk is full`);
  });

  it('says how to build the interface when it is not there', async () => {
    await rm(join(base, 'renderer', 'index.html'));
    const { told, createCore } = smallCore();
    expect(await start([], createCore).status).toBe(1);
    expect(stderr).toContain('npm start -- --web');
    expect(told).toEqual([]);
  });

  it.each([
    ['--host', '0.0.0.0'],
    ['--port', 'x'],
    ['--port', '70000'],
    ['--port'],
    ['stray'],
    ['--no-open=1'],
  ])('refuses %s %s with status 2', async (...args) => {
    const { told, createCore } = smallCore();
    expect(await start(args, createCore).status).toBe(2);
    expect(stderr).toContain('--help');
    expect(told).toEqual([]);
  });

  it('prints its help on stdout', async () => {
    expect(await start(['--help'], smallCore().createCore).status).toBe(0);
    expect(stdout).toContain('--no-open');
  });
});

describe('flags and display', () => {
  it('knows the flags', () => {
    expect(parseWebFlags(['--port', '0', '--no-open', '--workspace', 'w.yaml', '--partial'])).toEqual({
      ok: true,
      value: { help: false, port: 0, open: false, workspace: 'w.yaml', partial: true },
    });
    expect(parseWebFlags([])).toEqual({ ok: true, value: { help: false, open: true, partial: false } });
  });

  it('opens no browser on a Linux machine without a display server', () => {
    expect(hasDisplay({}, 'linux')).toBe(false);
    expect(hasDisplay({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBe(true);
    expect(hasDisplay({}, 'darwin')).toBe(true);
  });
});
