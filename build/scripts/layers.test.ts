import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
// @ts-expect-error: a plain script, run on the bare Node that npm was started with.
import { checkLayers, findBreaches, findImports } from './layers.mjs';

const breach = (path: string, source: string): string[] =>
  (findBreaches(path, source) as { message: string }[]).map((b) => b.message);

describe('imports of a source', () => {
  it('finds static, type, side-effect, re-exporting, dynamic and required ones, each with its line', () => {
    const source = [
      'import a, {',
      '  b,',
      "} from './a.ts';",
      "import type { C } from '../c.ts';",
      "import './style.css';",
      "export { d } from './d.ts';",
      "export * from './e.ts';",
      "const f = await import('./f.ts');",
      "const g = require('g');",
      'import h from "h";',
    ].join('\n');
    expect(findImports(source)).toEqual([
      { specifier: './a.ts', line: 3 },
      { specifier: '../c.ts', line: 4 },
      { specifier: './style.css', line: 5 },
      { specifier: './d.ts', line: 6 },
      { specifier: './e.ts', line: 7 },
      { specifier: './f.ts', line: 8 },
      { specifier: 'g', line: 9 },
      { specifier: 'h', line: 10 },
    ]);
  });

  it('is not misled by comments, strings and templates', () => {
    const source = [
      "// import x from 'x';",
      "/* import y from 'y';",
      "import z from 'z'; */",
      'const text = "import q from \'q\'";',
      'const template = `',
      "import t from 't';",
      '`;',
      "const url = 'https://example.org'; // it's fine",
      "import real from 'real';",
    ].join('\n');
    expect(findImports(source)).toEqual([{ specifier: 'real', line: 9 }]);
  });
});

describe('layers', () => {
  it.each([
    [
      'electron/core/sessions/a.ts',
      "import x from '../../../shared/base/result.ts'; import fs from 'node:fs';",
    ],
    [
      'electron/web/a.ts',
      "import type { Core } from '../core/core.types.ts'; import { WebSocket } from 'ws';",
    ],
    ['electron/main/main.ts', "import { app } from 'electron'; import x from '../core/core.ts';"],
    ['electron/preload/preload.ts', "import { contextBridge } from 'electron';"],
    ['renderer/main.tsx', "import React from 'react'; import x from '../shared/model/host.ts';"],
    ['shared/contract/a.ts', "import { z } from 'zod'; import x from '../model/host.ts';"],
    ['shared/contract/a.test.ts', "import { it } from 'vitest'; import fs from 'node:fs';"],
    ['e2e/specs/a.ts', "import x from '../../electron/core/core.ts';"],
  ])('%s may: %s', (path, source) => {
    expect(breach(path, source)).toEqual([]);
  });

  it.each([
    ['shared/a.ts', "import fs from 'node:fs';"],
    ['shared/a.ts', "import fs from 'fs';"],
    ['shared/a.ts', "import React from 'react';"],
    ['shared/a.ts', "import x from '../electron/core/core.ts';"],
    ['shared/a.test.ts', "import x from '../electron/core/core.ts';"],
    ['renderer/a.ts', "import type { Core } from '../electron/core/core.types.ts';"],
    ['renderer/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['renderer/a.ts', "import { ipcRenderer } from 'electron';"],
    ['electron/core/a.ts', "import { app } from 'electron';"],
    ['electron/core/a.ts', "const { app } = await import('electron');"],
    ['electron/core/a.ts', "import x from '../web/webHost.ts';"],
    ['electron/core/a.ts', "import x from '../../renderer/main.tsx';"],
    ['electron/core/a.ts', "import x from '../../e2e/lab/host.ts';"],
    ['electron/core/a.test.ts', "import { app } from 'electron';"],
    ['electron/web/a.ts', "import x from '../cli/main.ts';"],
    ['electron/web/a.ts', "import { app } from 'electron';"],
    ['electron/cli/a.ts', "import x from '../main/window.ts';"],
    ['electron/main/a.ts', "import x from '../web/webHost.ts';"],
    ['electron/preload/preload.ts', "import x from '../core/core.ts';"],
    ['electron/preload/preload.ts', "import fs from 'node:fs';"],
  ])('%s may not: %s', (path, source) => {
    expect(breach(path, source)).toHaveLength(1);
  });

  it('says which import, and what is allowed', () => {
    expect(breach('electron/core/a.ts', "import x from '../web/webHost.ts';")).toEqual([
      'core may not import ../web/webHost.ts: it is part of web; allowed: core, shared',
    ]);
  });

  it('are looked for in every source of the three trees', async () => {
    const root = await mkdtemp(join(tmpdir(), 'fireline-layers-'));
    onTestFinished(() => rm(root, { recursive: true }));
    for (const [path, source] of [
      ['shared/base/a.ts', ''],
      ['electron/web/deep/a.ts', "import x from '../../cli/main.ts';"],
      ['renderer/a.tsx', "\n\nimport fs from 'node:fs';"],
    ] as const) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), source);
    }
    const { breaches, files } = checkLayers(root) as {
      breaches: { path: string; line: number }[];
      files: number;
    };
    expect(files).toBe(3);
    expect(breaches.map(({ path, line }) => `${path}:${line}`)).toEqual([
      'electron/web/deep/a.ts:1',
      'renderer/a.tsx:3',
    ]);
  });
});
