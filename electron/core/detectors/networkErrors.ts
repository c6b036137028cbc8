import { visibleText } from '../../../shared/model/hostText.ts';
import type { NetworkInterface } from '../../../shared/model/resources.ts';
import { isBond } from '../sampling/interfaceNames.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, takeLook } from './hysteresis.ts';
import { limit } from './words.ts';

interface Link extends Hysteresis {
  /** Means of the last half minute, per second. */
  errors: number;
  sendDrops: number;
  receiveDrops: number;
  packets: number;
}

/**
 * An interface that loses packets: errors of the link, or drops. A few dropped on arrival are normal (frames that nobody
 * here speaks are counted as dropped), so those count only as a share of all packets. A bond's are told by its parts.
 */
export const networkErrors: Detector<{ links: Map<string, Link> }> = {
  name: 'networkErrors',
  takes: ['sample'],
  thresholds: { openPerSecond: 1, dropsPerSecond: 10, dropShare: 0.01, seconds: 20 },
  initial: () => ({ links: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const outputs: DetectorOutput[] = [];
    for (const one of sample.network.interfaces ?? []) {
      if (isBond(one.name)) continue;
      const errors = one.receiveErrorsPerSecond + one.transmitErrorsPerSecond;
      const drops = one.receiveDropsPerSecond + one.transmitDropsPerSecond;
      const known = state.links.get(one.name);
      if (!known && errors === 0 && drops === 0) continue;
      if (!known && state.links.size >= 64) continue;
      const link = known ?? { ...initialHysteresis(), errors: 0, sendDrops: 0, receiveDrops: 0, packets: 0 };
      state.links.set(one.name, link);
      // A mean over about ten seconds: a burst of errors is a moment.
      const weight = Math.min(1, sample.intervalMs / 10_000);
      link.errors += (errors - link.errors) * weight;
      link.sendDrops += (one.transmitDropsPerSecond - link.sendDrops) * weight;
      link.receiveDrops += (one.receiveDropsPerSecond - link.receiveDrops) * weight;
      link.packets += (one.packetsPerSecond - link.packets) * weight;
      const look = isLossy(link, 1, context) ? 'holds' : isLossy(link, 0.25, context) ? 'between' : 'clear';
      const change = takeLook(link, look, sample.at, {
        openMs: limit(context, 'seconds') * 1000,
        closeMs: 60_000,
      });
      if (change === 'closed')
        outputs.push({ type: 'close', key: one.name, endedAt: link.clearSince ?? sample.at });
      if (!link.open && look === 'clear' && errors + drops === 0) state.links.delete(one.name);
      if (change === 'opened') outputs.push(told(one, link, sample.at, sample.hostAt));
    }
    return outputs;
  },
};

function isLossy(link: Link, factor: number, context: DetectorContext): boolean {
  const least = limit(context, 'openPerSecond') * factor;
  return (
    link.errors >= least ||
    link.sendDrops >= least ||
    (link.receiveDrops >= limit(context, 'dropsPerSecond') * factor &&
      link.receiveDrops >= limit(context, 'dropShare') * factor * (link.packets + link.receiveDrops))
  );
}

function told(one: NetworkInterface, link: Link, at: number, hostAt: number): DetectorOutput {
  const name = visibleText(one.name, 40);
  const parts = [
    link.errors >= 0.1 ? `${link.errors.toFixed(1)} errors` : '',
    link.sendDrops >= 0.1 ? `${link.sendDrops.toFixed(1)} packets dropped on sending` : '',
    link.receiveDrops >= 0.1 ? `${link.receiveDrops.toFixed(1)} dropped on arrival` : '',
  ].filter((part) => part !== '');
  return {
    type: 'event',
    key: one.name,
    draft: {
      kind: 'network.errors',
      severity: 'warning',
      at: link.heldSince ?? at,
      hostAt,
      title: `${name} loses packets: ${parts.join(', ')} a second`,
      verdict: `Interface ${name} loses packets, as a mean of the last seconds: ${parts.join(', ')} a second, of ${Math.round(link.packets)} packets a second in all`,
      detail: {
        ...one,
        errorsPerSecond: link.errors,
        transmitDropsPerSecond: link.sendDrops,
        receiveDropsPerSecond: link.receiveDrops,
      },
      evidence: [
        { type: 'samples', metric: 'system.network.io.receive', from: at - 60_000, to: at },
        { type: 'samples', metric: 'system.network.io.transmit', from: at - 60_000, to: at },
      ],
      actions: [],
      momentary: false,
    },
  };
}
