import { plural } from '../../../shared/model/format.ts';
import type { Profile } from '../../../shared/model/profile.ts';
import { buildFlameTree } from '../../../shared/profiling/flameTree.ts';
import { hottestFrames, hottestStacks } from '../../../shared/profiling/hottestFrames.ts';
import { compareProfiles, measured } from './compareProfiles.ts';

const MOST_FRAMES = 15;
const MOST_STACKS = 8;

/** A profile, or the comparison of two, as a report's text: what to read without the graph. */
export function profileText(profile: Profile | undefined, against: Profile | undefined): string {
  if (!profile) return 'The profile’s file is not in the record any more.';
  if (against) return comparisonText(profile, against);
  const one = measured(profile);
  const frames = hottestFrames(buildFlameTree(one)).slice(0, MOST_FRAMES);
  const stacks = hottestStacks(one.stacks, MOST_STACKS);
  return [
    `${one.samples} ${plural(one.samples, 'sample')} of ${profile.processes.map(({ identity }) => `pid ${identity.pid}`).join(', ')}`,
    ...profile.notes,
    '',
    '    self    total  function',
    ...frames.map(({ self, total, name }) => `${percent(self)} ${percent(total)}  ${name}`),
    '',
    'The hottest stacks, from the root to the leaf',
    ...stacks.map(({ share, frames: path }) => `${percent(share)}  ${path.join(' → ')}`),
  ].join('\n');
}

function comparisonText(profile: Profile, against: Profile): string {
  const frames = hottestFrames(compareProfiles(profile, against)).filter((one) => one.differs);
  if (frames.length === 0) return 'No function differs by more than chance.';
  return [
    `change of the share that is a function’s own: ${profile.host} against ${against.host}`,
    '',
    '  change     self    there  function',
    ...frames.slice(0, MOST_FRAMES).map(({ self, otherSelf, name }) => {
      const change = self - otherSelf;
      return `${change < 0 ? '−' : '+'}${percent(Math.abs(change)).slice(1)} ${percent(self)} ${percent(otherSelf)}  ${name}`;
    }),
  ].join('\n');
}

const percent = (share: number) => `${(share * 100).toFixed(1).padStart(6)} %`;
