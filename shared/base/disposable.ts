/** Something that was started and can be stopped. Stopping twice is harmless. */
export interface Disposable {
  dispose(): void;
}

export function toDisposable(stop: () => void): Disposable {
  let stopped = false;
  return {
    dispose() {
      if (stopped) return;
      stopped = true;
      stop();
    },
  };
}

/** Owns disposables and stops them together, last added first. What is added after disposal is stopped at once. */
export class DisposableStore implements Disposable {
  #owned = new Set<Disposable>();
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  add<T extends Disposable>(owned: T): T {
    if (this.#disposed) owned.dispose();
    else this.#owned.add(owned);
    return owned;
  }

  addStop(stop: () => void): Disposable {
    return this.add(toDisposable(stop));
  }

  /** Stops one member early and forgets it. */
  release(owned: Disposable): void {
    this.#owned.delete(owned);
    owned.dispose();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const owned = [...this.#owned].reverse();
    this.#owned.clear();
    for (const one of owned) one.dispose();
  }
}
