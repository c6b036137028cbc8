import { describe, expect, it } from 'vitest';
// @ts-expect-error: a plain script, run on the bare Node that npm was started with.
import { playwrightFailures, vitestFailures } from './testFailures.mjs';

describe('what failed, told once more at the end', () => {
  it('is each test of vitest with the head of its message, and each file that did not load', () => {
    const report = {
      testResults: [
        {
          name: '/r/a.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'a works' },
            {
              status: 'failed',
              fullName: 'a holds',
              failureMessages: [`\u001b[31mAssertionError\n${'x\n'.repeat(40)}`],
            },
          ],
        },
        { name: '/r/b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
        { name: '/r/c.test.ts', status: 'passed', message: '', assertionResults: [] },
      ],
    };
    expect(vitestFailures(report, '/r')).toEqual([
      { where: 'a.test.ts › a holds', why: `AssertionError\n${'x\n'.repeat(11)}`.trimEnd() },
      { where: 'b.test.ts', why: 'no such module' },
    ]);
    expect(vitestFailures(undefined, '/r')).toEqual([]);
  });

  it('is each spec of Playwright with its titles, and what passed only when tried again', () => {
    const test = (status: string, message: string) => ({ status, results: [{ errors: [{ message }] }] });
    const report = {
      suites: [
        {
          title: 'a.spec.ts',
          file: 'a.spec.ts',
          specs: [
            { title: 'well', ok: true, tests: [{ status: 'expected', results: [{ errors: [] }] }] },
            { title: 'ill', ok: false, tests: [test('unexpected', 'too late')] },
          ],
          suites: [
            {
              title: 'dark',
              file: 'a.spec.ts',
              specs: [{ title: 'again', ok: true, tests: [test('flaky', 'once')] }],
            },
          ],
        },
      ],
    };
    expect(playwrightFailures(report)).toEqual([
      { where: 'a.spec.ts › ill', why: 'too late' },
      { where: 'a.spec.ts › dark › again', why: 'once' },
    ]);
    expect(playwrightFailures(undefined)).toEqual([]);
  });
});
