/** Shown while ui.dialog asks for it. */
export function ReportDialog() {
  return null;
}
