/**
 * Host clock minus workbench clock, from the exchanges of ticks and frames, as NTP does it: half the round trip, less
 * the time that the host worked, is the uncertainty. The best exchange of the last five minutes counts, so that a
 * drift or a step is followed.
 */
export class ClockOffset {
  #exchanges: { offsetMs: number; uncertaintyMs: number }[] = [];

  /** `sentAt`: workbench clock, epoch ms. `elapsedMs`: host time between reading its clock and answering. */
  add(
    clock: { epochMs: number; resolutionMs: number },
    sentAt: number,
    roundTripMs: number,
    elapsedMs: number,
  ): void {
    const way = Math.max(0, roundTripMs - elapsedMs) / 2;
    const exchange = {
      offsetMs: Math.round(clock.epochMs - (sentAt + way)),
      uncertaintyMs: Math.ceil(way + clock.resolutionMs / 2),
    };
    // A step is larger than what both exchanges allow: what was measured before it is void.
    const last = this.#exchanges.at(-1);
    if (
      last &&
      Math.abs(last.offsetMs - exchange.offsetMs) > last.uncertaintyMs + exchange.uncertaintyMs + 100
    ) {
      this.#exchanges = [];
    }
    this.#exchanges.push(exchange);
    while (this.#exchanges.length > KEPT) this.#exchanges.shift();
  }

  estimate(): { offsetMs: number; uncertaintyMs: number } {
    let best = this.#exchanges[0];
    if (!best) return { offsetMs: 0, uncertaintyMs: UNKNOWN_MS };
    for (const exchange of this.#exchanges) if (exchange.uncertaintyMs < best.uncertaintyMs) best = exchange;
    return best;
  }
}

const KEPT = 300;
/** Without a single reading of the host's clock nothing is known: a day. */
const UNKNOWN_MS = 86_400_000;
