export function Prompts() {
  return null;
}
