import { type Disposable, DisposableStore } from '../../shared/base/disposable.ts';
import { onChartFrame } from './chartFrame.ts';
import { onTheme } from './themeColours.ts';

/** Of what an element draws in, in CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

export interface Drawing extends Disposable {
  /** It is to be drawn in the next frame in which it is visible. */
  invalidate(): void;
}

interface Registered {
  element: Element;
  draw: (size: Size) => void;
  dirty: boolean;
  visible: boolean;
  /** As it was told: to ask the element for it in a frame has the page laid out once more. */
  size: Size;
}

/** A key that is typed while pictures are drawn waits for no more than this. */
const BUDGET_MS = 6;

/**
 * One animation frame for all that is drawn by hand, on canvas or as paths. A frame is asked for only when something visible
 * is dirty, and draws only that.
 */
class FrameLoop {
  #registered = new Map<Element, Registered>();
  #asked = false;
  #sight: IntersectionObserver | undefined;
  #size: ResizeObserver | undefined;
  #theme: Disposable | undefined;

  add(element: Element, draw: (size: Size) => void): Drawing {
    if (this.#registered.size === 0) this.#start();
    const own: Registered = { element, draw, dirty: true, visible: false, size: { width: 0, height: 0 } };
    this.#registered.set(element, own);
    this.#sight?.observe(element);
    this.#size?.observe(element);
    const lifetime = new DisposableStore();
    lifetime.addStop(() => {
      this.#registered.delete(element);
      this.#sight?.unobserve(element);
      this.#size?.unobserve(element);
      if (this.#registered.size === 0) this.#stop();
    });
    return {
      invalidate: () => {
        own.dirty = true;
        if (own.visible && !lifetime.isDisposed) this.#ask();
      },
      dispose: () => lifetime.dispose(),
    };
  }

  #start(): void {
    this.#sight = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const own = this.#registered.get(entry.target);
        if (!own) continue;
        own.visible = entry.isIntersecting;
        if (own.visible && own.dirty) this.#ask();
      }
    });
    this.#size = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const own = this.#registered.get(entry.target);
        if (!own) continue;
        own.dirty = true;
        own.size = { width: entry.contentRect.width, height: entry.contentRect.height };
      }
      this.#ask();
    });
    this.#theme = onTheme(() => {
      for (const own of this.#registered.values()) own.dirty = true;
      this.#ask();
    });
  }

  #stop(): void {
    this.#sight?.disconnect();
    this.#size?.disconnect();
    this.#theme?.dispose();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    onChartFrame(() => this.#draw());
  }

  #draw(): void {
    this.#asked = false;
    const until = performance.now() + BUDGET_MS;
    for (const own of this.#registered.values()) {
      if (!own.dirty || !own.visible) continue;
      if (performance.now() >= until) {
        this.#ask();
        return;
      }
      own.dirty = false;
      // Behind all others: where a frame is too short for all, it is not the same ones that wait each time.
      this.#registered.delete(own.element);
      this.#registered.set(own.element, own);
      if (own.size.width > 0 && own.size.height > 0) own.draw(own.size);
    }
  }
}

export const frameLoop = new FrameLoop();
