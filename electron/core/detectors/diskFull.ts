import { visibleText } from '../../../shared/model/hostText.ts';
import { cutJournal } from './cutJournal.ts';
import { fileSystemFull } from './fileSystemFull.ts';
import { bytesWords, limit, percent } from './words.ts';

/** A file system with next to nothing left to write to. On a very large one a few per cent are plenty: `enoughGiB`. */
export const diskFull = fileSystemFull({
  name: 'diskFull',
  kind: 'disk.full',
  thresholds: { openShare: 0.95, criticalShare: 0.99, closeShare: 0.92, enoughGiB: 20 },
  share({ usedBytes, availableBytes }) {
    // As df counts: what only root may use is not free.
    const usable = usedBytes + availableBytes;
    return usable > 0 ? usedBytes / usable : undefined;
  },
  plenty: (fs, context) => fs.availableBytes / (limit(context, 'enoughGiB') * 2 ** 30),
  describe(fs, share) {
    const mount = visibleText(fs.mount, 80);
    return {
      title: `${mount} is ${percent(share)} full: ${bytesWords(fs.availableBytes)} left`,
      verdict: `The file system at ${mount} (${visibleText(fs.device, 60)}, ${visibleText(fs.type, 20)}) is ${percent(share)} full: ${bytesWords(fs.availableBytes)} of ${bytesWords(fs.sizeBytes)} can still be written by others than root`,
    };
  },
  actions: cutJournal,
});
