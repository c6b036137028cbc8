import { type Disposable, toDisposable } from './disposable.ts';

/** Subscribe with a listener; the returned disposable unsubscribes. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/**
 * The owner fires; others only see `event`. A listener that throws does not keep the others from hearing:
 * the first error is thrown to the owner once all have heard.
 */
export class Emitter<T> implements Disposable {
  #listeners = new Set<(value: T) => void>();
  #disposed = false;

  readonly event: Event<T> = (listener) => {
    if (this.#disposed) return toDisposable(() => {});
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return toDisposable(() => this.#listeners.delete(own));
  };

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  fire(value: T): void {
    const errors: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  dispose(): void {
    this.#disposed = true;
    this.#listeners.clear();
  }
}
