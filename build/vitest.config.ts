import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{shared,electron,renderer,build,e2e}/**/*.test.{ts,tsx}'],
          exclude: ['e2e/lab/**', 'e2e/specs/**', '**/node_modules/**', 'build/out/**'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['e2e/lab/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          // Lab tests mostly wait for what real hosts do, in real seconds.
          maxWorkers: 3,
        },
      },
    ],
  },
});
