/** `+12.3 %`; with a proper minus. */
export function changeWords(change: number): string {
  const percent = Math.abs(change * 100).toFixed(1);
  return `${change >= 0 ? '+' : '−'}${percent} %`;
}
