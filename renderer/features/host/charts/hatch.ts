const HATCH_EVERY = 5;

/** SVG path data of the slanted hairlines where data is missing: from the bottom to the top, cut at both sides. */
export function hatch(left: number, right: number, height: number): string {
  let path = '';
  const start = Math.floor((left - height) / HATCH_EVERY) * HATCH_EVERY;
  for (let at = start; at < right; at += HATCH_EVERY) {
    const from = Math.max(left, at);
    const to = Math.min(right, at + height);
    if (to > from) path += `M${from} ${height - (from - at)}L${to} ${height - (to - at)}`;
  }
  return path;
}
