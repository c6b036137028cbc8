export function Scrubber() {
  return <section aria-label="Time axis" />;
}
