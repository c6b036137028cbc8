import type { DetectorOutput } from './detector.ts';

/** Forgets each of those followed that was not seen this time, and closes what is told of it. `endedAt`: epoch ms. */
export function closeGone<Key extends string | number, Followed>(
  followed: Map<Key, Followed>,
  wasSeen: (one: Followed, key: Key) => boolean,
  isTold: (one: Followed) => boolean,
  endedAt: number,
): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  for (const [key, one] of followed) {
    if (wasSeen(one, key)) continue;
    followed.delete(key);
    if (isTold(one)) outputs.push({ type: 'close', key: `${key}`, endedAt });
  }
  return outputs;
}
