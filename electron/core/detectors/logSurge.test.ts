import { describe, expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, told } from './testPlay.ts';

describe('log.matched and log.surge', () => {
  const logs = [
    { path: '/srv/www/*/log/*.log', match: [{ pattern: 'ERROR .*timeout', severity: 'critical' as const }] },
  ];

  it('tells matching lines of one pattern and file as one event with a count', () => {
    const host = new TestHost({ logs });
    for (let n = 0; n < 5; n++) {
      host.log(`ERROR upstream timeout ${n}`);
      host.second();
    }
    // A revision that is only a larger count is held back for two seconds.
    for (let n = 0; n < 3; n++) host.second();
    expect(told(host, 'log.matched')).toMatchObject([
      { severity: 'critical', detail: { count: 5, pattern: 'ERROR .*timeout' } },
    ]);
    for (let n = 0; n < 70; n++) host.second();
    expect(host.open).toEqual([]);
  });

  it('sees a line as a person does: colours, CR LF and the mark at a file’s beginning are none of it', () => {
    const match = [{ pattern: '^ERROR .*down$', severity: 'warning' as const }];
    const host = new TestHost({ logs: [{ path: '/srv/a.log', match }] });
    host.log('\u001b[31mERROR\u001b[0m db down\r', '/srv/a.log');
    host.log('\ufeff\u001b[1;38;5;9mERROR\u001b[m db \u001b]0;x\u0007down', '/srv/a.log');
    for (let n = 0; n < 3; n++) host.second();
    expect(told(host, 'log.matched')).toMatchObject([
      {
        detail: { count: 2, last: 'ERROR db down' },
        evidence: [{ text: '\u001b[31mERROR\u001b[0m db down\r' }, {}],
      },
    ]);
  });

  it('not of another file, not of other words, and no pattern takes long', () => {
    const host = new TestHost({
      logs: [...logs, { path: '/a/b', match: [{ pattern: '(a+)+b', severity: 'warning' }] }],
    });
    host.log('ERROR upstream timeout', '/srv/www/app/deeper/log/x.log');
    host.log('all is well');
    // Two to the power of four thousand steps, for an engine that backtracks.
    host.log('a'.repeat(4000), '/a/b');
    host.second();
    expect(host.told).toEqual([]);
    nearMiss('log.matched');
    expect(host.diagnostics).toEqual([]);
  });

  function write(host: TestHost, seconds: number, lines: (second: number) => number): void {
    for (let second = 0; second < seconds; second++) {
      for (let n = 0; n < lines(second); n++) host.log(`request ${second}${n} failed: ECONNRESET`);
      host.second();
    }
  }

  it('tells a log that says many times more than usual, what it says, and when it is over', () => {
    const host = new TestHost({});
    write(host, 90, () => 1);
    write(host, 30, () => 25);
    expect(told(host, 'log.surge')).toMatchObject([
      { severity: 'warning', detail: { path: '/srv/www/app/log/unicorn.log' } },
    ]);
    expect(told(host, 'log.surge')[0]?.title).toMatch(
      /grows by \d+ lines a second, \d+ times its usual 1\.\d$/,
    );
    expect(told(host, 'log.surge')[0]?.verdict).toContain('ECONNRESET');
    write(host, 60, () => 1);
    expect(host.open).toEqual([]);
  });

  it('a job that writes as much each five minutes is told as before, and is no alarm again', () => {
    const host = new TestHost({});
    write(host, 1500, (s) => (s % 300 > 200 && s % 300 < 225 ? 60 : 2));
    const surges = told(host, 'log.surge');
    expect(surges.length).toBeGreaterThan(3);
    expect(surges.map((event) => event.severity)).toEqual(['warning', ...surges.slice(1).map(() => 'info')]);
    expect(surges[1]?.title).toMatch(/, as it did before$/);
    write(host, 60, () => 200);
    expect(told(host, 'log.surge').at(-1)).toMatchObject({ severity: 'warning' });
  });

  it('how fast it grows is what it came to', () => {
    const host = new TestHost({});
    write(host, 90, () => 1);
    write(host, 40, () => 500);
    expect(told(host, 'log.surge')[0]?.title).toContain('grows by 500 lines a second');
  });

  it.each<[string, (second: number) => number]>([
    ['a log that is always busy', () => 60],
    ['the burst of a start', (s) => (s === 100 ? 500 : 1)],
    ['a burst every minute', (s) => (s % 60 < 3 ? 60 : 1)],
    ['a day that gets busier', (s) => 5 + s / 10],
    ['a few more than none', (s) => (s < 90 ? 0 : 4)],
  ])('%s is none', (_, lines) => {
    const host = new TestHost({});
    write(host, 300, lines);
    expect(alarms(host)).toEqual([]);
    nearMiss('log.surge');
  });
});
