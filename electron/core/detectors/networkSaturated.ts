import { visibleText } from '../../../shared/model/hostText.ts';
import { hasOwnWire } from '../sampling/interfaceNames.ts';
import { type Detector, type DetectorOutput, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, levelOf, takeLook } from './hysteresis.ts';
import { bytesWords, limit, percent } from './words.ts';

interface Link extends Hysteresis {
  /** Mean of the last few seconds. */
  share: number;
  /** Samples in a row in which it carried far more than its driver says that it can. */
  beyond: number;
}

/** A host that was held up makes good for it in a sample or two; what goes on is no link of that speed. */
const MOST_SHARE = 1.5;
const MOST_BEYOND = 5;

/** An interface that carries almost as much as its link can, either way, for a while. A bond or VLAN is told by its wire. */
export const networkSaturated: Detector<{ links: Map<string, Link> }> = {
  name: 'networkSaturated',
  takes: ['sample'],
  thresholds: { openShare: 0.9, closeShare: 0.7, seconds: 10 },
  initial: () => ({ links: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const outputs: DetectorOutput[] = [];
    for (const one of sample.network.interfaces ?? []) {
      if (one.bitsPerSecond === undefined || !hasOwnWire(one.name)) continue;
      const receives = one.receiveBytesPerSecond >= one.transmitBytesPerSecond;
      const rate = Math.max(one.receiveBytesPerSecond, one.transmitBytesPerSecond);
      const now = (rate * 8) / one.bitsPerSecond;
      const known = state.links.get(one.name);
      if (!known && now < limit(context, 'openShare')) continue;
      const link = known ?? { ...initialHysteresis(), share: now, beyond: 0 };
      if (!known) {
        if (state.links.size >= 64) continue;
        state.links.set(one.name, link);
      }
      link.share += (now - link.share) * 0.3;
      const { share } = link;
      if (link.beyond < MOST_BEYOND) link.beyond = now > MOST_SHARE ? link.beyond + 1 : 0;
      const untrue = link.beyond >= MOST_BEYOND;
      const look = untrue
        ? 'clear'
        : levelOf(share, limit(context, 'openShare'), limit(context, 'closeShare'));
      const change = takeLook(link, look, sample.at, {
        openMs: limit(context, 'seconds') * 1000,
        closeMs: 15_000,
      });
      if (change === 'closed')
        outputs.push({ type: 'close', key: one.name, endedAt: link.clearSince ?? sample.at });
      if (!link.open && look === 'clear' && !untrue) state.links.delete(one.name);
      if (change !== 'opened') continue;
      const name = visibleText(one.name, 40);
      const direction = receives ? 'receives' : 'sends';
      outputs.push({
        type: 'event',
        key: one.name,
        draft: {
          kind: 'network.saturated',
          severity: 'warning',
          at: link.heldSince ?? sample.at,
          hostAt: sample.hostAt,
          title: `${name} ${direction} ${bytesWords(rate)}/s, ${percent(Math.min(1, share))} of its link`,
          verdict: `Interface ${name} has ${receives ? 'received' : 'sent'} ${percent(Math.min(1, share))} of what its ${(one.bitsPerSecond / 1e6).toFixed(0)} Mbit/s can carry for ${limit(context, 'seconds')} s: ${bytesWords(rate)} a second in ${Math.round(one.packetsPerSecond)} packets`,
          detail: { ...one, share },
          evidence: [
            {
              type: 'samples',
              metric: receives ? 'system.network.io.receive' : 'system.network.io.transmit',
              from: sample.at - 60_000,
              to: sample.at,
            },
          ],
          actions: [],
          momentary: false,
        },
      });
    }
    return outputs;
  },
};
