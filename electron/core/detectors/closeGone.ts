import type { DetectorOutput } from './detector.ts';

/** Forgets each of those followed whose key was not seen this time, and closes what is told of it. `endedAt`: epoch ms. */
export function closeGone<Followed>(
  followed: Map<string, Followed>,
  seen: ReadonlySet<string>,
  isTold: (one: Followed) => boolean,
  endedAt: number,
): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  for (const [key, one] of followed) {
    if (seen.has(key)) continue;
    followed.delete(key);
    if (isTold(one)) outputs.push({ type: 'close', key, endedAt });
  }
  return outputs;
}
