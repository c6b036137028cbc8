export function Timeline() {
  return <section aria-label="Timeline" />;
}
