import { describe, expect, it } from 'vitest';
import type { LinkCause, LinkState } from '../../../shared/model/host.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';

const titles = (host: TestHost) => host.told.map((event) => event.title);
const kinds = (host: TestHost) => host.told.map((event) => event.kind);

function up(host: TestHost, seconds: number): void {
  host.push({ type: 'link', link: { kind: 'good', since: host.clock.now(), roundTripMs: 3 } });
  for (let i = 0; i < seconds; i++) host.second();
}

function ticks(host: TestHost, seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    host.clock.advance(1000);
    host.push({ type: 'tick' });
  }
}

function retrying(host: TestHost, reason: string, more: { cause?: LinkCause; downSince?: number } = {}) {
  const since = host.clock.now();
  const link: LinkState = {
    kind: 'reconnecting',
    since,
    reason,
    attempt: 2,
    nextTryAt: since + 2000,
    ...more,
  };
  host.push({ type: 'link', link });
}

describe('a link', () => {
  it('that is lost and tried many times is one event, which ends when it has stood for a while', () => {
    const host = new TestHost({});
    up(host, 10);
    const downSince = host.clock.now();
    retrying(host, 'reset by peer', { downSince });
    for (let i = 0; i < 5; i++) {
      ticks(host, 4);
      host.push({
        type: 'link',
        link: { kind: 'connecting', since: host.clock.now(), attempt: 2, downSince },
      });
      ticks(host, 4);
      retrying(host, 'no answer', { downSince, cause: 'no_answer' });
    }
    expect(titles(host)).toEqual(['The link is down: no answer']);
    expect(host.told[0]).toMatchObject({
      severity: 'critical',
      at: downSince,
      detail: { cause: 'no_answer' },
    });
    const backAt = host.clock.now();
    up(host, 5);
    expect(titles(host)).toEqual(['The link is down: no answer', 'The link is back after 40 s']);
    expect(host.told[0]?.endedAt).toBe(backAt);
    expect(host.open).toEqual([]);
  });

  it('that comes and goes is one event that counts', () => {
    const host = new TestHost({});
    up(host, 5);
    for (let i = 0; i < 4; i++) {
      retrying(host, 'reset by peer', { downSince: host.clock.now() });
      ticks(host, 1);
      up(host, 2);
    }
    up(host, 5);
    expect(kinds(host)).toEqual(['link.lost', 'link.restored']);
    expect(host.told[0]?.detail).toMatchObject({ times: 4 });
  });

  it.each([
    ['no_route', 'This machine has no route to the host: x'],
    ['host_unreachable', 'The host is unreachable: x'],
    ['not_listening', 'sshd does not listen: x'],
    ['turned_away', 'sshd turns logins away: x'],
    ['no_name', 'The name of the host cannot be looked up: x'],
  ] as const)('says what stands in the way: %s', (cause, title) => {
    const host = new TestHost({});
    retrying(host, 'x', { cause });
    expect(titles(host)).toEqual([title]);
  });

  it('that stalls and answers again was never lost', () => {
    const host = new TestHost({});
    up(host, 5);
    host.push({
      type: 'link',
      link: { kind: 'stalled', since: host.clock.now(), reason: 'no answer for 5 s' },
    });
    ticks(host, 8);
    expect(kinds(host)).toEqual(['link.degraded']);
    nearMiss('link.lost');
    up(host, 4);
    expect(titles(host)).toEqual([
      'The link is stalled: no answer for 5 s',
      'The link answers again after 8 s; the connection held',
    ]);
  });
});

describe('sshd', () => {
  it('that accepts and does not greet is dying, with the memory before; it is not told of a restart', () => {
    const host = new TestHost({});
    up(host, 5);
    const lastSampleAt = host.clock.now();
    const downSince = lastSampleAt + 2000;
    ticks(host, 2);
    retrying(host, 'closed before its greeting', { downSince, cause: 'ssh_dying' });
    ticks(host, 2);
    expect(kinds(host)).toEqual(['link.lost']);
    ticks(host, 4);
    expect(titles(host)[1]).toBe(
      'ssh is dying: the host accepts connections and sshd does not answer them; memory was 50 % used 2 s before',
    );
    const dying = host.told[1];
    expect(dying).toMatchObject({ kind: 'host.ssh_dying', severity: 'warning', at: downSince });
    expect(dying?.evidence).toMatchObject([
      { type: 'samples', metric: 'system.memory.usage.used', to: lastSampleAt },
    ]);
    // One attempt that fails in another way, and it is still the same.
    retrying(host, 'no answer', { downSince, cause: 'no_answer' });
    ticks(host, 10);
    retrying(host, 'no greeting', { downSince, cause: 'ssh_dying' });
    ticks(host, 20);
    expect(kinds(host)).toEqual(['link.lost', 'host.ssh_dying']);
    up(host, 5);
    expect(titles(host).slice(2)).toEqual(['sshd answers again after 36 s', 'The link is back after 36 s']);
    expect(host.open).toEqual([]);
  });

  it('that restarts is not dying', () => {
    const host = new TestHost({});
    up(host, 5);
    const downSince = host.clock.now();
    retrying(host, 'closed before its greeting', { downSince, cause: 'ssh_dying' });
    ticks(host, 2);
    retrying(host, 'nothing listens', { downSince, cause: 'not_listening' });
    ticks(host, 10);
    up(host, 5);
    expect(kinds(host)).toEqual(['link.lost', 'link.restored']);
    nearMiss('host.ssh_dying');
  });

  it('is dying while the old connection still stands, and then the link is not called stalled', () => {
    const host = new TestHost({});
    up(host, 5);
    const since = host.clock.now();
    const stalled = (reason: string, cause?: LinkCause) =>
      host.push({ type: 'link', link: { kind: 'stalled', since, reason, ...(cause ? { cause } : {}) } });
    stalled('no answer for 5 s');
    ticks(host, 4);
    stalled('not greeted', 'ssh_dying');
    ticks(host, 10);
    expect(host.open.map((event) => event.kind)).toEqual(['host.ssh_dying']);
    expect(kinds(host)).toEqual(['host.ssh_dying']);
    up(host, 5);
    expect(host.open).toEqual([]);
    expect(titles(host).at(-1)).toBe('sshd answers again after 14 s');
  });
});

describe('a host', () => {
  it('is silent when the link answers and no sample comes; a sample now and then does not end it', () => {
    const host = new TestHost({});
    up(host, 5);
    ticks(host, 6);
    expect(titles(host)).toEqual(['The host is silent: no sample for 5 s, and the link answers']);
    for (let i = 0; i < 4; i++) {
      host.second();
      ticks(host, 6);
    }
    expect(kinds(host)).toEqual(['host.silent']);
    expect(host.told[0]?.evidence).toMatchObject([{ metric: 'system.memory.usage.used' }]);
    up(host, 5);
    expect(kinds(host)).toEqual(['host.silent', 'host.silent_ended']);
  });

  it('is not called silent when a slow link has not answered since its last sample', () => {
    const host = new TestHost({});
    up(host, 5);
    const reason = 'answers take 1.2 s';
    host.push({
      type: 'link',
      link: { kind: 'degraded', since: host.clock.now(), reason, roundTripMs: 1200 },
    });
    const linkAnsweredAt = host.clock.now() + 300;
    const silence = (seconds: number, answeredAt: () => number) => {
      for (let i = 0; i < seconds; i++) {
        host.clock.advance(1000);
        host.push({ type: 'tick', linkAnsweredAt: answeredAt() });
      }
    };
    silence(10, () => linkAnsweredAt);
    expect(host.told).toEqual([]);
    nearMiss('host.silent');
    silence(1, () => host.clock.now() - 1200);
    expect(titles(host)).toEqual(['The host is silent: no sample for 11 s, and the link answers']);
  });

  it('is not called silent by an answer of before the link fell silent too', () => {
    const host = new TestHost({});
    up(host, 5);
    const linkAnsweredAt = host.clock.now() + 2600;
    for (let i = 0; i < 10; i++) {
      host.clock.advance(1000);
      host.push({ type: 'tick', linkAnsweredAt });
    }
    expect(host.told).toEqual([]);
    nearMiss('host.silent');
  });

  it.each([
    ['stalled', 'no answer for 5 s'],
    ['degraded', 'a keepalive is unanswered for 1 s'],
  ] as const)(
    'is not called silent when its %s link answers again and samples are a moment behind',
    (kind, reason) => {
      const host = new TestHost({});
      up(host, 5);
      host.push({ type: 'link', link: { kind, since: host.clock.now(), reason } });
      ticks(host, 10);
      host.push({ type: 'link', link: { kind: 'good', since: host.clock.now(), roundTripMs: 3 } });
      for (let i = 0; i < 4; i++) {
        host.clock.advance(1000);
        host.push({ type: 'tick', linkAnsweredAt: host.clock.now() });
      }
      up(host, 5);
      expect(kinds(host).filter((one) => one.startsWith('host.'))).toEqual([]);
      nearMiss('host.silent');
    },
  );

  it('is not called silent while the newest keepalive is unanswered', () => {
    const host = new TestHost({});
    up(host, 5);
    host.push({
      type: 'link',
      link: { kind: 'degraded', since: host.clock.now(), reason: 'a keepalive is unanswered for 1 s' },
    });
    ticks(host, 10);
    expect(host.told).toEqual([]);
    nearMiss('host.silent', 'link.degraded');
    host.push({ type: 'link', link: { kind: 'stalled', since: host.clock.now(), reason: 'no answer' } });
    ticks(host, 10);
    expect(kinds(host)).toEqual(['link.degraded']);
  });
});

it('a task that was replaced is no trouble, and what went on there is over', () => {
  const host = new TestHost({});
  up(host, 10);
  for (let line = 0; line < 4; line++) host.log('Already running on PID:76');
  ticks(host, 3);
  expect(host.open).not.toEqual([]);
  retrying(host, 'the session ended');
  const since = host.clock.now();
  const reason = 'the task stopped: Scaling activity initiated by deployment';
  host.push({ type: 'link', link: { kind: 'refused', since, reason, advice: '', gone: true } });
  expect(host.open).toEqual([]);
  expect(host.told.at(-1)).toMatchObject({
    kind: 'link.refused',
    severity: 'info',
    title: `The host is gone: ${reason}`,
    endedAt: since,
  });
});
