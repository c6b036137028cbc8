/** Shown while ui.dialog asks for it. */
export function NoteDialog() {
  return null;
}
