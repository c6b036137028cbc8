import { type Disposable, DisposableStore } from '../../shared/base/disposable.ts';
import { onChartFrame } from './chartFrame.ts';
import { onTheme } from './themeColours.ts';

/** Where to draw: in CSS pixels, already scaled for the screen's density and cleared. */
export interface Surface {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

export interface Drawing extends Disposable {
  /** It is to be drawn in the next frame in which it is visible. */
  invalidate(): void;
}

interface Registered {
  canvas: HTMLCanvasElement;
  draw: (surface: Surface) => void;
  dirty: boolean;
  visible: boolean;
}

/** A key that is typed while canvases are drawn waits for no more than this. */
const BUDGET_MS = 6;

/**
 * One animation frame for all canvases. A frame is asked for only when a visible canvas is dirty, and draws only those:
 * a hundred sparklines cost 2–5 ms a tick, and nothing between ticks.
 */
class FrameLoop {
  #registered = new Map<Element, Registered>();
  #asked = false;
  #sight: IntersectionObserver | undefined;
  #size: ResizeObserver | undefined;
  #theme: Disposable | undefined;

  add(canvas: HTMLCanvasElement, draw: (surface: Surface) => void): Drawing {
    if (this.#registered.size === 0) this.#start();
    const own: Registered = { canvas, draw, dirty: true, visible: false };
    this.#registered.set(canvas, own);
    this.#sight?.observe(canvas);
    this.#size?.observe(canvas);
    const lifetime = new DisposableStore();
    lifetime.addStop(() => {
      this.#registered.delete(canvas);
      this.#sight?.unobserve(canvas);
      this.#size?.unobserve(canvas);
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
        if (own) own.dirty = true;
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
      this.#registered.delete(own.canvas);
      this.#registered.set(own.canvas, own);
      const surface = prepare(own.canvas);
      if (surface) own.draw(surface);
    }
  }
}

/** Matches the backing store to the element and the screen; setting a size clears, and so is done only on change. */
function prepare(canvas: HTMLCanvasElement): Surface | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (!context || width === 0 || height === 0) return undefined;
  const density = window.devicePixelRatio || 1;
  const wide = Math.round(width * density);
  const high = Math.round(height * density);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(wide / width, 0, 0, high / height, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export const frameLoop = new FrameLoop();
