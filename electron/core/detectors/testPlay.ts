import type { Sample } from '../../../shared/model/sample.ts';
import type { EventKind } from '../../../shared/model/timelineEvent.ts';
import { nearMiss } from './testDetections.ts';
import type { TestHost } from './testHost.ts';

export const MIB = 1 << 20;
export const GIB = 1 << 30;

/** `count` seconds of samples, each changed by what is given for its second; then a tick. */
export function play(
  host: TestHost,
  count: number,
  of: (second: number, at: number) => Partial<Sample> = () => ({}),
): void {
  for (let second = 0; second < count; second++) {
    host.clock.advance(1000);
    const at = host.clock.now();
    host.push({ type: 'sample', sample: { ...host.sample(1000), ...of(second, at) } });
    host.push({ type: 'tick' });
  }
}

/** What was told of a kind, its spaces plain ones. Nothing: a near miss, if the test passes. */
export function told(host: TestHost, kind: EventKind) {
  const events = host.told.filter((event) => event.kind === kind);
  if (events.length === 0) nearMiss(kind);
  return events.map((event) => ({
    ...event,
    title: event.title.replace(/\s/g, ' '),
    verdict: (event.verdict ?? '').replace(/\s/g, ' '),
  }));
}
export const openKinds = (host: TestHost) => host.open.map((event) => event.kind);
/** Every event that is worse than information. */
export const alarms = (host: TestHost) =>
  host.told
    .filter((event) => event.severity === 'warning' || event.severity === 'critical')
    .map((e) => e.title);

/** A look every `every` seconds: between them the last is repeated, as the sampler does. */
export function looking<T>(every: number, look: (second: number) => T) {
  let value: T | undefined;
  let lookedAt = 0;
  return (second: number, at: number): { value: T; lookedAt: number } => {
    if (value === undefined || second % every === 0) {
      value = look(second);
      lookedAt = at;
    }
    return { value, lookedAt };
  };
}
