import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';

/** A colour token of tokens.css, as canvases need it. */
export type ColourToken = `--${string}`;

const known = new Map<ColourToken, string>();
const listeners = new Set<() => void>();
let observer: MutationObserver | undefined;

/** The value of a token in the present theme. Read once: computed style costs a style pass. */
export function colour(token: ColourToken): string {
  const value = known.get(token);
  if (value !== undefined) return value;
  const read = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  known.set(token, read);
  return read;
}

/** Hears when the theme has changed: everything drawn by hand is to be drawn anew. */
export function onTheme(listener: () => void): Disposable {
  listeners.add(listener);
  observer ??= observe();
  return toDisposable(() => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    observer?.disconnect();
    observer = undefined;
    known.clear();
  });
}

function observe(): MutationObserver {
  known.clear();
  const made = new MutationObserver(() => {
    known.clear();
    for (const one of [...listeners]) one();
  });
  made.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ['data-theme', 'class', 'style'],
  });
  return made;
}
