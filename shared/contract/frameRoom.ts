/** A frame of a flood and its header, with what the last piece is over the limit. */
const SLAB_BYTES = 192 * 1024;
/** Smaller frames are left to the collector, whose young generation they do not outlive. */
const LEAST_BYTES = 16 * 1024;
/** More than is on its way to a window at once. */
const MOST_SLABS = 16;

const free: Uint8Array<ArrayBuffer>[] = [];

/**
 * Room for encoded frames, used again once a frame is sent. A new buffer for each outlives V8's young generation, and has
 * it mark its whole heap after every few megabytes of a flood.
 */
export const frameRoom = {
  /** Of exactly so many bytes. Whoever cannot tell when it is done with need not give it back. */
  take(length: number): { bytes: Uint8Array<ArrayBuffer>; giveBack: () => void } {
    if (length < LEAST_BYTES || length > SLAB_BYTES)
      return { bytes: new Uint8Array(length), giveBack: () => {} };
    let slab: Uint8Array<ArrayBuffer> | undefined = free.pop() ?? new Uint8Array(SLAB_BYTES);
    return {
      bytes: slab.subarray(0, length),
      giveBack() {
        if (slab && free.length < MOST_SLABS) free.push(slab);
        slab = undefined;
      },
    };
  },
};
