export function Fleet() {
  return <section aria-label="Fleet" />;
}
