/** Shown while ui.dialog asks for it. */
export function IncidentDialog() {
  return null;
}
