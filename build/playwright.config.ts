import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';

const results = fileURLToPath(new URL('../e2e/results', import.meta.url));
const root = process.getuid?.() === 0;

/** Chromium's own errands would be the only traffic that leaves the machine during a test. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
  '--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater',
];

/** The same specs in both homes; `electron` is there only where build/scripts/test.mjs found its program. */
export default defineConfig({
  testDir: fileURLToPath(new URL('../e2e/specs', import.meta.url)),
  testMatch: '**/*.{spec,test}.ts',
  outputDir: `${results}/artifacts`,
  // Specs mostly wait for what hosts do; the tests of one file run one after the other.
  workers: 2,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    acceptDownloads: true,
  },
  projects: [
    {
      name: 'web',
      use: {
        browserName: 'chromium',
        launchOptions: {
          executablePath: process.env['CHROMIUM'] ?? chromium(),
          // Chromium's sandbox refuses root.
          args: [...QUIET, ...(root ? ['--no-sandbox'] : [])],
        },
      },
    },
    ...(process.env['FIRELINE_ELECTRON'] ? [{ name: 'electron' }] : []),
  ],
});

/** Debian's; where it is not, Playwright's message about a missing browser names this path. */
function chromium(): string {
  return (
    ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)) ?? '/usr/bin/chromium'
  );
}
