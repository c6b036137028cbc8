import { describe, expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, told } from './testPlay.ts';

describe('clock.skewed', () => {
  function skewed(offset: (second: number) => number, uncertainty = 5, count = 60) {
    const host = new TestHost({});
    for (let second = 0; second < count; second++) {
      host.facts = { ...host.facts, clockOffsetMs: offset(second), clockUncertaintyMs: uncertainty };
      host.second();
    }
    return host;
  }

  it('tells by how much and which way, and when it is right again', () => {
    const host = skewed((s) => (s < 30 ? -3200 : 0), 5, 90);
    expect(told(host, 'clock.skewed')).toMatchObject([
      {
        title: 'The host’s clock is 3.2 s behind this machine’s'.replaceAll('’', "'"),
        endedAt: expect.any(Number),
      },
    ]);
  });

  it('a second, a slow way there and back, and a step that is corrected at once are none', () => {
    expect(alarms(skewed(() => 1100))).toEqual([]);
    expect(alarms(skewed(() => 2500, 900))).toEqual([]);
    expect(alarms(skewed((s) => (s % 20 < 5 ? 5000 : 0)))).toEqual([]);
    nearMiss('clock.skewed');
  });
});
