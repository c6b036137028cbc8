export function HeldCommands() {
  return null;
}
