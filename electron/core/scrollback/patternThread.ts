import { Worker } from 'node:worker_threads';
import type { Disposable } from '../../../shared/base/disposable.ts';

/** A pattern in a thread of its own: there it can be ended, however long it would take, and everything else goes on. */
export interface PatternThread extends Disposable {
  /** Its matches, flat: number of the text, place and length in UTF-16 units. The last `most` of them, in order. */
  find(texts: readonly string[], most: number): Promise<Uint32Array>;
}

/** As text, not as a file: it is the same wherever the core is bundled. */
const PROGRAM = `
  const { parentPort, workerData: pattern } = require('node:worker_threads');
  parentPort.on('message', ({ texts, most }) => {
    const parts = [];
    let count = 0;
    for (let n = texts.length - 1; n >= 0 && count < most; n--) {
      const found = [];
      pattern.lastIndex = 0;
      for (let match; (match = pattern.exec(texts[n])) !== null; ) {
        if (match[0].length === 0) pattern.lastIndex++;
        else found.push(n, match.index, match[0].length);
      }
      count += found.length / 3;
      parts.push(found);
    }
    const all = Uint32Array.from(parts.reverse().flat().slice(-3 * most));
    parentPort.postMessage(all, [all.buffer]);
  });
`;

/** `pattern` is global. */
export function startPatternThread(pattern: RegExp): PatternThread {
  const worker = new Worker(PROGRAM, { eval: true, workerData: pattern, execArgv: [] });
  let end = (_why: Error) => {};
  const ended = new Promise<never>((_resolve, reject) => {
    end = reject;
  });
  ended.catch(() => {});
  worker.once('error', end);
  return {
    find(texts, most) {
      const answer = new Promise<Uint32Array>((resolve) => worker.once('message', resolve));
      worker.postMessage({ texts, most });
      return Promise.race([answer, ended]);
    },
    dispose() {
      end(new Error('the search was ended'));
      void worker.terminate();
    },
  };
}
