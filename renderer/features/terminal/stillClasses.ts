/**
 * At each key, pressed and let go, xterm takes away a class (`column-select`) that mostly is not there. The browser makes a
 * frame of that all the same, and an echo that comes a moment after it waits 16 ms for the next one. What is not there need
 * not be taken away.
 */
export function keepClassesStill(classes: Pick<DOMTokenList, 'contains' | 'remove'>): void {
  const remove = classes.remove.bind(classes);
  classes.remove = (...names) => {
    const present = names.filter((name) => classes.contains(name));
    if (present.length > 0) remove(...present);
  };
}
