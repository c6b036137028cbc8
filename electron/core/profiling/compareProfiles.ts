import { visibleText } from '../../../shared/model/hostText.ts';
import type { Profile, ProfileSummary } from '../../../shared/model/profile.ts';
import { buildFlameTree, type FlameTree, type Measured } from '../../../shared/profiling/flameTree.ts';
import { mergeFolded, readFolded } from '../../../shared/profiling/foldedStacks.ts';
import { hottestFrames } from '../../../shared/profiling/hottestFrames.ts';

/** All processes of a profile as one. */
export function measured(profile: Profile): Measured {
  return {
    stacks: mergeFolded(profile.folded.map((one) => readFolded(one))),
    samples: profile.processes.reduce((sum, { samples }) => sum + samples, 0),
  };
}

export function compareProfiles(profile: Profile, against: Profile): FlameTree {
  return buildFlameTree(measured(profile), measured(against));
}

/** One line: the largest difference, as one would say it. */
export function comparisonWords(tree: FlameTree, profile: ProfileSummary, against: ProfileSummary): string {
  const [first] = hottestFrames(tree);
  const pair = `${profile.host} compared with ${against.host}`;
  if (!first?.differs) return `${pair}: no difference beyond chance`;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const self = Math.abs(first.self - first.otherSelf) >= Math.abs(first.total - first.otherTotal) / 2;
  return `${pair}: ${visibleText(first.name, 120)} has ${percent(self ? first.self : first.total)} of the CPU there, and ${percent(self ? first.otherSelf : first.otherTotal)} on ${against.host}`;
}
