import { expect, test, vi } from 'vitest';

test('some seconds of changed frames: no throw, no timer left, what is right taken and the rest refused', async () => {
  vi.stubEnv('FUZZ_MINUTES', '0.05');
  // `npm run bench -- ssmFuzz` goes on for five minutes.
  const { run } = await import('../../bench/ssmFuzz.ts');
  const [result] = (await run()).results;
  vi.unstubAllEnvs();
  const { frames, refused, delivered } = (result as { ours: Record<string, number> }).ours;
  expect(frames).toBeGreaterThan(10_000);
  expect(refused).toBeGreaterThan(1000);
  expect(delivered).toBeGreaterThan(1000);
}, 30_000);
