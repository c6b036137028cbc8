/** Small differences are transport delay; larger ones are another machine's clock (a web host reached over a tunnel). */
const TOLERATED_MS = 2000;

let offsetMs = 0;

/** Now by the workbench's clock (the core's), which all times of samples and events are in. */
export function coreNow(): number {
  return Date.now() + offsetMs;
}

/** Told of the time of every batch of samples as it arrives. */
export function noteCoreTime(at: number): void {
  const difference = at - Date.now();
  if (Math.abs(difference - offsetMs) > TOLERATED_MS)
    offsetMs = Math.abs(difference) > TOLERATED_MS ? difference : 0;
}
