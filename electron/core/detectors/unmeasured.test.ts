import { describe, expect, it } from 'vitest';
import type { SamplerState } from '../../../shared/model/host.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { openKinds, told } from './testPlay.ts';

const sampler = (host: TestHost, state: SamplerState) => host.push({ type: 'sampler', sampler: state });
const starting = (host: TestHost) => sampler(host, { kind: 'starting', since: host.clock.now() });
const silent = (host: TestHost) =>
  sampler(host, { kind: 'silent', since: host.clock.now(), reason: 'the sampler does not start for 5 s' });

function ticks(host: TestHost, seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    host.clock.advance(1000);
    host.push({ type: 'tick' });
  }
}

describe('host.unmeasured', () => {
  it('tells why a host gives no figures and what to do, and is over with the first', () => {
    const host = new TestHost({});
    starting(host);
    ticks(host, 1);
    sampler(host, {
      kind: 'failed',
      since: host.clock.now(),
      reason: 'the host has neither perl nor awk',
      advice: 'Install perl.',
    });
    expect(told(host, 'host.unmeasured')).toMatchObject([
      {
        severity: 'warning',
        title: 'Nothing is measured on this host: the host has neither perl nor awk',
        verdict: 'Install perl.',
      },
    ]);
    ticks(host, 100);
    expect(openKinds(host)).toEqual(['host.unmeasured']);
    host.second();
    expect(openKinds(host)).toEqual([]);
  });

  it('tells of a host that was measured and is no more, and ends with the next figures', () => {
    const host = new TestHost({});
    starting(host);
    host.second();
    sampler(host, { kind: 'failed', since: host.clock.now(), reason: 'no /proc', advice: 'Mount it.' });
    expect(openKinds(host)).toEqual(['host.unmeasured']);
    host.second();
    expect(openKinds(host)).toEqual([]);
  });

  it('tells of a login that takes the command and never answers', () => {
    const host = new TestHost({});
    starting(host);
    ticks(host, 5);
    silent(host);
    ticks(host, 11);
    expect(told(host, 'host.unmeasured')).toMatchObject([
      { title: 'Nothing is measured on this host: the sampler does not start for 5 s' },
    ]);
    sampler(host, { kind: 'off' });
    expect(host.open).toEqual([]);
  });

  it('a host that takes ten seconds for its first figures, and a sampler that falls silent later, are none', () => {
    const host = new TestHost({});
    starting(host);
    ticks(host, 5);
    silent(host);
    ticks(host, 5);
    host.second();
    ticks(host, 5);
    silent(host);
    ticks(host, 60);
    expect(told(host, 'host.unmeasured')).toEqual([]);
    nearMiss('host.unmeasured');
  });
});
