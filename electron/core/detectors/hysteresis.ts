/**
 * Something that is told when it held for a while and over when it was clear for a while, so that what trembles around a
 * limit is told once. Between the two levels nothing changes.
 */
export interface Hysteresis {
  open: boolean;
  /** Since when it has held, or been clear, without a break. */
  heldSince?: number;
  clearSince?: number;
  lookedAt?: number;
}

export const initialHysteresis = (): Hysteresis => ({ open: false });

/** Samples of a host that is out of breath come up to ten seconds late. */
const GAP_MS = 15_000;

/** Where a figure stands to its two levels: told from `open` on, over below `close`. */
export function levelOf(figure: number, open: number, close: number): 'holds' | 'between' | 'clear' {
  return figure >= open ? 'holds' : figure < close ? 'clear' : 'between';
}

/**
 * Takes one look; tells when that opens or closes it. All times epoch ms. Looks that are further apart than `gapMs` say
 * nothing of the time between them: it counts for neither.
 */
export function takeLook(
  state: Hysteresis,
  look: 'holds' | 'between' | 'clear',
  now: number,
  { openMs, closeMs, gapMs = GAP_MS }: { openMs: number; closeMs: number; gapMs?: number },
): 'opened' | 'closed' | undefined {
  if (now - (state.lookedAt ?? now) > gapMs) {
    if (state.heldSince !== undefined) state.heldSince = now;
    if (state.clearSince !== undefined) state.clearSince = now;
  }
  state.lookedAt = now;
  if (look === 'holds') state.heldSince ??= now;
  else if ((!state.open || look === 'clear') && state.heldSince !== undefined) delete state.heldSince;
  if (look === 'clear') state.clearSince ??= now;
  else if (state.clearSince !== undefined) delete state.clearSince;
  if (!state.open && state.heldSince !== undefined && now - state.heldSince >= openMs) {
    state.open = true;
    return 'opened';
  }
  if (state.open && state.clearSince !== undefined && now - state.clearSince >= closeMs) {
    state.open = false;
    return 'closed';
  }
  return undefined;
}
