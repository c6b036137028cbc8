import type { DetectorOutput } from './detector.ts';

/** Forgets each of those followed that was not seen this time, and closes what is told of it. `endedAt`: epoch ms. */
export function closeGone<Key extends string | number, Followed>(
  followed: Map<Key, Followed>,
  wasSeen: (one: Followed, key: Key, endedAt: number) => boolean,
  isTold: (one: Followed) => boolean,
  endedAt: number,
): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  // Not `of`: it makes a pair of each, and most look at many and find none gone.
  followed.forEach((one, key) => {
    if (wasSeen(one, key, endedAt)) return;
    followed.delete(key);
    if (isTold(one)) outputs.push({ type: 'close', key: `${key}`, endedAt });
  });
  return outputs;
}
