/**
 * Counts of a vitest run from its JSON report. A run that ended badly without a failed test (a file that does not load, an
 * unhandled error, no report at all) counts as one failure: it must not pass for a success.
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number } | undefined} report
 * @param {number} status of the run
 */
export function countVitest(report, status) {
  const counts = report
    ? {
        passed: report.numPassedTests,
        failed: report.numFailedTests,
        skipped: report.numPendingTests + report.numTodoTests,
      }
    : { passed: 0, failed: 0, skipped: 0 };
  return orOneFailure(counts, status);
}

/**
 * The same of Playwright's JSON report. A test that passed only when tried again is a failure.
 * @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } } | undefined} report
 */
export function countPlaywright(report, status) {
  const counts = report
    ? {
        passed: report.stats.expected,
        failed: report.stats.unexpected + report.stats.flaky,
        skipped: report.stats.skipped,
      }
    : { passed: 0, failed: 0, skipped: 0 };
  return orOneFailure(counts, status);
}

/** The last line of `npm test`. */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function orOneFailure(counts, status) {
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
