/** Shown while ui.dialog asks for it. */
export function RemediationSheet() {
  return null;
}
