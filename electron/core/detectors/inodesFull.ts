import { plural } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { fileSystemFull } from './fileSystemFull.ts';
import { bytesWords, countWords, percent } from './words.ts';

/** A file system that can hold no more files, though it may have room: `No space left on device` with space left. */
export const inodesFull = fileSystemFull({
  name: 'inodesFull',
  kind: 'inodes.full',
  thresholds: { openShare: 0.95, criticalShare: 0.99, closeShare: 0.92 },
  share({ inodes = 0, inodesFree }) {
    return inodes > 0 && inodesFree !== undefined ? 1 - inodesFree / inodes : undefined;
  },
  describe(fs, share) {
    const mount = visibleText(fs.mount, 80);
    const left = `${countWords(fs.inodesFree ?? 0)} more ${plural(fs.inodesFree ?? 0, 'file')}`;
    return {
      title: `${mount} can hold only ${left} (${percent(share)} of its inodes used)`,
      verdict: `The file system at ${mount} (${visibleText(fs.type, 20)}) has used ${percent(share)} of its ${countWords(fs.inodes ?? 0)} inodes: ${left} can be made, though ${bytesWords(fs.availableBytes)} are free`,
    };
  },
});
