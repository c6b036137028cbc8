import type { DetectorOutput } from './detector.ts';

/** Forgets each of those followed whose key was not seen this time, and closes what is told of it. `endedAt`: epoch ms. */
export function closeGone<Key extends string | number, Followed>(
  followed: Map<Key, Followed>,
  seen: ReadonlySet<Key>,
  isTold: (one: Followed) => boolean,
  endedAt: number,
): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  for (const [key, one] of followed) {
    if (seen.has(key)) continue;
    followed.delete(key);
    if (isTold(one)) outputs.push({ type: 'close', key: `${key}`, endedAt });
  }
  return outputs;
}
