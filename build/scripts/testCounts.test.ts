import { describe, expect, it } from 'vitest';
// @ts-expect-error: a plain script, run on the bare Node that npm was started with.
import { countPlaywright, countVitest, summaryLine } from './testCounts.mjs';

const vitest = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 2 };
const playwright = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 } };

describe('counts of a test run', () => {
  it('are those of the report', () => {
    expect(countVitest(vitest, 0)).toEqual({ passed: 5, failed: 0, skipped: 3 });
    expect(countVitest({ ...vitest, numFailedTests: 2 }, 1)).toEqual({ passed: 5, failed: 2, skipped: 3 });
    expect(countPlaywright(playwright, 1)).toEqual({ passed: 4, failed: 2, skipped: 2 });
  });

  it('hold a failure when the run ended badly without one, or left no report', () => {
    expect(countVitest(vitest, 1).failed).toBe(1);
    expect(countVitest(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countPlaywright(undefined, 137)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countPlaywright({ stats: { expected: 3, unexpected: 0, flaky: 0, skipped: 0 } }, 1).failed).toBe(
      1,
    );
  });

  it('are one line', () => {
    expect(summaryLine({ passed: 12, failed: 0, skipped: 1 })).toBe('12 passed, 0 failed, 1 skipped');
  });
});
