import { setFlagsFromString } from 'node:v8';

/**
 * V8 marks the whole heap each time that twelve megabytes have been added to a core's twenty, and output counts twice on
 * its way (what the socket gave, what it was decrypted to): eight marks in a flood of 51 MB, on threads that a machine of
 * two cores needs for parsing it. With thrice the heap, which is within what V8 chooses by itself for programs that
 * allocate less, there are two. Measured: 20 to 40 % of the core's processor time in a flood.
 */
export function letHeapGrow(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
