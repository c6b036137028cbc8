/** Lines of a failure's message that are shown again; the whole of it is further up. */
const LINES = 12;

/**
 * What failed in a vitest run, from its JSON report: tests, and files that did not load.
 * @param {{ testResults: { name: string, status: string, message?: string, assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }[] } | undefined} report
 * @param {string} root folder that paths are told from
 * @returns {{ where: string, why: string }[]}
 */
export function vitestFailures(report, root) {
  return (report?.testResults ?? []).flatMap((file) => {
    const path = file.name.replace(`${root}/`, '');
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && file.status === 'failed') return [failure(path, file.message)];
    return failed.map((test) => failure(`${path} › ${test.fullName}`, test.failureMessages?.join('\n')));
  });
}

/**
 * The same of Playwright's JSON report; a test that passed only when tried again is one.
 * @param {{ suites: object[] } | undefined} report
 * @returns {{ where: string, why: string }[]}
 */
export function playwrightFailures(report) {
  const of = (suite, above) => {
    const titles = suite.file === suite.title ? [suite.title] : [...above, suite.title];
    return [
      ...(suite.specs ?? [])
        .filter(({ ok, tests }) => !ok || tests.some(({ status }) => status === 'flaky'))
        .map((spec) => failure([...titles, spec.title].join(' › '), spec.tests.map(messageOf).join('\n'))),
      ...(suite.suites ?? []).flatMap((inner) => of(inner, titles)),
    ];
  };
  return (report?.suites ?? []).flatMap((suite) => of(suite, []));
}

const messageOf = ({ results }) =>
  results
    .flatMap(({ errors }) => errors ?? [])
    .map(({ message }) => message)
    .join('\n');

function failure(where, message = '') {
  const lines = message.replace(/\u001b\[[\d;]*m/g, '').split('\n');
  return { where, why: lines.slice(0, LINES).join('\n').trimEnd() };
}
