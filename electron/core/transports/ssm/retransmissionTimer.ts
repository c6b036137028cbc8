/**
 * When an unacknowledged message is sent again, as both official ends reckon it (after RFC 6298):
 * SRTT₀ 100 ms, VAR₀ 0, RTO₀ 200 ms; VAR = ¾VAR + ¼|SRTT − s|; SRTT = ⅞SRTT + ⅛s;
 * RTO = min(1 s, SRTT + max(10 ms, 4·VAR)). All in milliseconds.
 */
export interface RetransmissionTimer {
  readonly smoothedRoundTripMs: number;
  readonly variationMs: number;
  readonly timeoutMs: number;
  /** A message was acknowledged that had been sent only once: which sending an answer is to is else unknown (Karn). */
  sample(roundTripMs: number): void;
}

const CLOCK_GRANULARITY_MS = 10;
const MOST_MS = 1000;

export function createRetransmissionTimer(): RetransmissionTimer {
  let smoothed = 100;
  let variation = 0;
  let timeout = 200;
  return {
    get smoothedRoundTripMs() {
      return smoothed;
    },
    get variationMs() {
      return variation;
    },
    get timeoutMs() {
      return timeout;
    },
    sample(roundTripMs) {
      variation = 0.75 * variation + 0.25 * Math.abs(smoothed - roundTripMs);
      smoothed = 0.875 * smoothed + 0.125 * roundTripMs;
      timeout = Math.min(MOST_MS, smoothed + Math.max(CLOCK_GRANULARITY_MS, 4 * variation));
    },
  };
}
