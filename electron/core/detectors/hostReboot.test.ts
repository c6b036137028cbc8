import { expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { told } from './testPlay.ts';

it('another boot is told once, with how long nothing was heard before it', () => {
  const host = new TestHost({});
  host.second();
  const before = host.bootId;
  host.clock.advance(40_000);
  host.bootId = '7f0ad2bd-0000-4d87-b3ac-77883730a9e6';
  host.second();
  host.second();
  expect(told(host, 'host.rebooted')).toMatchObject([
    {
      severity: 'critical',
      title: 'The host rebooted, 41 s after its last sample',
      detail: { bootId: host.bootId, previousBootId: before, silentMs: 41_000 },
    },
  ]);
});

it('a long silence, and a sampler that starts again, are no reboot', () => {
  const host = new TestHost({});
  host.second();
  host.clock.advance(600_000);
  host.second();
  expect(told(host, 'host.rebooted')).toEqual([]);
  nearMiss('host.rebooted');
});
