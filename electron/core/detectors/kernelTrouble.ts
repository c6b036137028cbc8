import { visibleText } from '../../../shared/model/hostText.ts';
import type { Evidence } from '../../../shared/model/timelineEvent.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { type KernelTrouble, readCarrier, readKernelTrouble } from './kernelTroubleLines.ts';
import { spokenAge } from './respawnRole.ts';
import { kernelLine, sharedKernelWords, type ToldLine } from './toldLine.ts';
import { countWords, limit } from './words.ts';

interface Going {
  trouble: KernelTrouble;
  count: number;
  since: number;
  lastAt: number;
  hostAt?: number;
  first: Evidence;
}

interface Carrier {
  /** When its link went, of the last minutes. */
  downs: number[];
  /** Since when it has none. */
  downAt?: number;
  upAt?: number;
  evidence: Evidence;
  told: boolean;
}

interface State {
  going: Map<string, Going>;
  /** Interfaces whose link went. */
  carriers: Map<string, Carrier>;
}

const MOST = 200;
/** Within so long the links that went are counted, and one that is there for so long stays. */
const FLAPPING_MS = 5 * 60_000;
const STEADY_MS = 60_000;

/**
 * What the kernel's log says of disks that fail, of limits that are met (tracked connections, open files, processes of a
 * group, neighbours) and of links that go: of one thing one event, which counts, and is over when nothing more was said for a
 * while. A link that is down for a moment, as when a machine starts, is none; one that comes and goes is.
 */
export const kernelTrouble: Detector<State> = {
  name: 'kernelTrouble',
  takes: ['kernelLine', 'tick', 'reboot'],
  thresholds: { linkDownSeconds: 15, linkFlaps: 3 },
  initial: () => ({ going: new Map(), carriers: new Map() }),
  reduce(state, input, context) {
    if (input.type === 'tick')
      return state.going.size + state.carriers.size === 0 ? NOTHING : takeTick(state, context);
    if (input.type === 'reboot') return closeAll(state, context.now);
    const line = kernelLine(input, context);
    if (!line) return NOTHING;
    const carrier = / link /i.test(line.text) ? readCarrier(line.text) : undefined;
    if (carrier) return line.past ? NOTHING : takeCarrier(state, carrier, line, context);
    const trouble = readKernelTrouble(line.text);
    return trouble ? take(state, trouble, line, context) : NOTHING;
  },
};

function take(
  state: State,
  trouble: KernelTrouble,
  line: ToldLine,
  context: DetectorContext,
): readonly DetectorOutput[] {
  const { key } = trouble;
  const known = state.going.get(key);
  if (!known && state.going.size >= MOST) return NOTHING;
  const going: Going = known ?? {
    trouble,
    count: 0,
    since: line.at,
    lastAt: line.at,
    first: line.evidence,
    ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
  };
  // The worst that was said of it.
  if (trouble.severity === 'critical' && going.trouble.severity !== 'critical') going.trouble = trouble;
  going.count++;
  going.lastAt = Math.max(going.lastAt, line.at);
  state.going.set(key, going);
  const { severity, says, kind } = going.trouble;
  const often = going.count > 1 ? `, said ${countWords(going.count)} times` : '';
  return [
    {
      type: 'event',
      key,
      draft: {
        kind,
        // The log of a container's kernel is everybody's.
        severity: context.facts?.container ? 'info' : severity,
        at: going.since,
        ...(going.hostAt === undefined ? {} : { hostAt: going.hostAt }),
        title: `${says}${often}${sharedKernelWords(context)}`,
        detail: { subject: key, count: going.count, past: line.past },
        evidence: going.count > 1 ? [going.first, line.evidence] : [line.evidence],
        actions: [],
        momentary: false,
      },
    },
  ];
}

function takeCarrier(
  state: State,
  { name, up }: { name: string; up: boolean },
  line: ToldLine,
  context: DetectorContext,
): readonly DetectorOutput[] {
  const known = state.carriers.get(name);
  if (up) {
    if (known) {
      known.upAt = line.at;
      delete known.downAt;
    }
    return NOTHING;
  }
  if (!known && state.carriers.size >= MOST) return NOTHING;
  const carrier = known ?? { downs: [], evidence: line.evidence, told: false };
  carrier.downs = [...carrier.downs.filter((at) => line.at - at <= FLAPPING_MS), line.at];
  carrier.downAt ??= line.at;
  delete carrier.upAt;
  carrier.evidence = line.evidence;
  state.carriers.set(name, carrier);
  if (!carrier.told && carrier.downs.length < limit(context, 'linkFlaps')) return NOTHING;
  return [tellCarrier(name, carrier, context)];
}

function tellCarrier(name: string, carrier: Carrier, context: DetectorContext): DetectorOutput {
  const { downs, downAt } = carrier;
  carrier.told = true;
  const shown = visibleText(name, 20);
  const first = downs[0] ?? context.now;
  const flaps = downs.length >= limit(context, 'linkFlaps');
  return {
    type: 'event',
    key: `link ${name}`,
    draft: {
      kind: 'network.errors',
      severity: context.facts?.container ? 'info' : 'warning',
      at: first,
      title: flaps
        ? `${shown} lost its link ${downs.length} times in ${spokenAge((downs.at(-1) ?? first) - first)}${sharedKernelWords(context)}`
        : `${shown} has had no link for ${spokenAge(context.now - (downAt ?? first))}${sharedKernelWords(context)}`,
      detail: { interface: name, count: downs.length },
      evidence: [carrier.evidence],
      actions: [],
      momentary: false,
    },
  };
}

function takeTick(state: State, context: DetectorContext): DetectorOutput[] {
  const { now } = context;
  const outputs: DetectorOutput[] = [];
  for (const [key, { trouble, lastAt }] of state.going) {
    if (now - lastAt < trouble.quietMs) continue;
    state.going.delete(key);
    outputs.push({ type: 'close', key, endedAt: lastAt });
  }
  for (const [name, carrier] of state.carriers) {
    const { downAt, upAt, told } = carrier;
    if (downAt !== undefined && !told && now - downAt >= limit(context, 'linkDownSeconds') * 1000)
      outputs.push(tellCarrier(name, carrier, context));
    if (upAt === undefined || now - upAt < (told ? STEADY_MS : FLAPPING_MS)) continue;
    state.carriers.delete(name);
    if (told) outputs.push({ type: 'close', key: `link ${name}`, endedAt: upAt });
  }
  return outputs;
}

/** After a reboot the kernel says again what is still so. */
function closeAll(state: State, endedAt: number): DetectorOutput[] {
  const keys = [...state.going.keys()];
  for (const [name, { told }] of state.carriers) if (told) keys.push(`link ${name}`);
  state.going.clear();
  state.carriers.clear();
  return keys.map((key) => ({ type: 'close', key, endedAt }));
}
