/**
 * xterm moves its hidden textarea to the cursor after each piece that it parses, so that an input method opens there. In a
 * flood every such change had the browser lay out and paint a whole frame, fifty a second, whatever the rate of drawing.
 * What is set while a piece is parsed therefore waits for the next drawn frame; what anything else sets is set at once.
 */
export function moveTextareaWithFrames(
  textarea: { readonly style: CSSStyleDeclaration },
  isParsing: () => boolean,
  requestFrame: (run: () => void) => void,
): void {
  const style = textarea.style;
  const held = new Map<string | symbol, unknown>();

  function place(): void {
    for (const [name, value] of held) Reflect.set(style, name, value);
    held.clear();
  }

  const holding = new Proxy(style, {
    set(_, name, value) {
      if (!isParsing()) {
        held.delete(name);
        return Reflect.set(style, name, value);
      }
      if (held.size === 0) requestFrame(place);
      held.set(name, value);
      return true;
    },
    get(_, name) {
      const value: unknown = Reflect.get(style, name);
      return typeof value === 'function' ? value.bind(style) : value;
    },
  });
  Object.defineProperty(textarea, 'style', { value: holding });
}
