import { describe, expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, play, told } from './testPlay.ts';

describe('network.saturated and network.errors', () => {
  const quiet = {
    name: 'eth0',
    receiveBytesPerSecond: 1e6,
    transmitBytesPerSecond: 1e6,
    receiveErrorsPerSecond: 0,
    transmitErrorsPerSecond: 0,
    receiveDropsPerSecond: 0,
    transmitDropsPerSecond: 0,
    packetsPerSecond: 2000,
    bitsPerSecond: 1e9,
  };
  const tunnel = { bitsPerSecond: 10e6, receiveBytesPerSecond: 6e6 };
  function carry(of: (second: number) => Partial<typeof quiet>, count = 120) {
    const host = new TestHost({});
    play(host, count, (second) => ({
      network: {
        receiveBytesPerSecond: 0,
        transmitBytesPerSecond: 0,
        errorsPerSecond: 0,
        interfaces: [{ ...quiet, ...of(second) }],
      },
    }));
    return host;
  }

  it('tells a full link, once, and when it is over', () => {
    const host = carry((s) => ({ transmitBytesPerSecond: s < 60 ? 120e6 : 1e6 }));
    expect(told(host, 'network.saturated')).toMatchObject([
      { detail: { name: 'eth0' }, endedAt: expect.any(Number) },
    ]);
  });

  it('tells errors, and drops that are a share of the packets', () => {
    expect(
      told(
        carry(() => ({ receiveErrorsPerSecond: 5 })),
        'network.errors',
      ),
    ).toMatchObject([{ title: expect.stringMatching(/^eth0 loses packets: [45]\.\d errors a second$/) }]);
    expect(
      told(
        carry(() => ({ receiveDropsPerSecond: 200 })),
        'network.errors',
      ),
    ).toHaveLength(1);
  });

  it.each<[string, (second: number) => Partial<typeof quiet>]>([
    ['a burst of five seconds', (s) => ({ transmitBytesPerSecond: s % 60 < 5 ? 124e6 : 1e6 })],
    ['a tunnel, all of which call their speed 10 Mbit/s', () => ({ ...tunnel, name: 'tun0' })],
    ['a guest’s tap', () => ({ ...tunnel, name: 'vnet3', receiveBytesPerSecond: 1.2e6 })],
    ['what carries more than its speed', () => ({ ...tunnel, name: 'cloud0' })],
    ['a VLAN, whose wire is told', () => ({ name: 'eth0.100', receiveBytesPerSecond: 120e6 })],
    [
      'a bond, whose wires are told',
      () => ({ name: 'bond0', receiveErrorsPerSecond: 5, receiveBytesPerSecond: 120e6 }),
    ],
    ['half of the link', () => ({ receiveBytesPerSecond: 60e6 })],
    ['frames that nobody speaks', () => ({ receiveDropsPerSecond: 3 })],
    [
      'drops that are next to nothing of much',
      () => ({ receiveDropsPerSecond: 12, packetsPerSecond: 200_000 }),
    ],
    ['one burst of errors', (s) => ({ receiveErrorsPerSecond: s === 30 ? 8 : 0 })],
  ])('%s is none', (_, of) => {
    expect(alarms(carry(of))).toEqual([]);
    nearMiss('network.saturated', 'network.errors');
  });
});
