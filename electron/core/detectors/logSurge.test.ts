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
