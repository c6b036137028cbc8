/** In the top bar: the running incident with its age, or the button that declares one. */
export function IncidentBadge() {
  return null;
}
