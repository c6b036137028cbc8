export function HostDetail() {
  return <section aria-label="Host detail" />;
}
