import type { ProfileWay } from '../model/profile.ts';
import type { FoldedStacks } from './foldedStacks.ts';

/**
 * speedscope's own file format (https://www.speedscope.app/file-format-schema.json): shared frames, and for each process
 * a profile of type `sampled`, whose samples are lists of frame indices, root first, each with its weight.
 */
export function speedscopeJson(
  name: string,
  way: ProfileWay,
  processes: readonly { name: string; stacks: FoldedStacks }[],
): string {
  const indices = new Map<string, number>();
  const frames: { name: string }[] = [];
  const indexOf = (frame: string) => {
    let index = indices.get(frame);
    if (index === undefined) {
      index = frames.length;
      indices.set(frame, index);
      frames.push({ name: frame });
    }
    return index;
  };
  const profiles = processes.map((process) => {
    const samples = [...process.stacks.keys()].map((stack) => stack.split(';').map(indexOf));
    const weights = [...process.stacks.values()];
    return {
      type: 'sampled',
      name: process.name,
      unit: way === 'inspector' ? 'microseconds' : 'none',
      startValue: 0,
      endValue: weights.reduce((a, b) => a + b, 0),
      samples,
      weights,
    };
  });
  return JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name,
    activeProfileIndex: 0,
    exporter: 'fireline',
    shared: { frames },
    profiles,
  });
}
