import { describe, expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { told } from './testPlay.ts';

describe('host.outlier', () => {
  const figures = (cpu: number, over = {}) => ({
    host: 'x' as never,
    cpu,
    memory: 0.4,
    network: 1e6,
    kernel: '6.1',
    ...over,
  });
  function compare(own: ReturnType<typeof figures>, others: ReturnType<typeof figures>[], count = 12) {
    const host = new TestHost({});
    for (let n = 0; n < count; n++) {
      host.clock.advance(10_000);
      host.push({ type: 'peers', own, tags: [{ tag: 'crawlers', others }] });
    }
    return host;
  }

  it('tells the one that differs, as a comparison', () => {
    const host = compare(
      figures(0.91),
      [0.15, 0.18, 0.17, 0.2, 0.16, 0.19, 0.18].map((cpu) => figures(cpu)),
    );
    expect(told(host, 'host.outlier')).toMatchObject([
      {
        severity: 'warning',
        title: 'CPU: 91 % busy, 5.1× the median of 7 other crawlers hosts',
        detail: { aspect: 'cpu', peers: 7 },
      },
    ]);
    const kernel = compare(figures(0.2, { kernel: '5.4' }), [figures(0.2), figures(0.2), figures(0.2)]);
    expect(told(kernel, 'host.outlier')).toMatchObject([{ severity: 'info', detail: { aspect: 'kernel' } }]);
  });

  it.each<[string, ReturnType<typeof figures>, ReturnType<typeof figures>[]]>([
    ['hosts that all differ', figures(0.9), [0.1, 0.5, 0.8, 0.3].map((cpu) => figures(cpu))],
    ['two busy ones', figures(0.9), [0.9, 0.1, 0.1, 0.1].map((cpu) => figures(cpu))],
    ['too few to compare with', figures(0.9), [figures(0.1), figures(0.1)]],
    ['a little more of little', figures(0.12), [0.02, 0.03, 0.02, 0.03].map((cpu) => figures(cpu))],
    [
      'kernels that are mixed',
      figures(0.1, { kernel: 'a' }),
      ['b', 'b', 'c'].map((kernel) => figures(0.1, { kernel })),
    ],
  ])('%s is none', (_, own, others) => {
    expect(compare(own, others).told).toEqual([]);
    nearMiss('host.outlier');
  });
});
