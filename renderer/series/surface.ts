import type { Size } from './frameLoop.ts';

/** Where to draw: in CSS pixels, already scaled for the screen's density and cleared. */
export interface Surface extends Size {
  context: CanvasRenderingContext2D;
}

/**
 * Draws on a canvas whose backing store matches its element and the screen; setting its size clears it, and so is done only on
 * change. To the browser each canvas is a layer of its own, and every frame of the page puts all layers together: many small
 * pictures are better drawn as paths.
 */
export function onSurface(
  canvas: HTMLCanvasElement,
  paint: (surface: Surface) => void,
): (size: Size) => void {
  return ({ width, height }) => {
    const context = canvas.getContext('2d');
    if (!context) return;
    const density = window.devicePixelRatio || 1;
    const wide = Math.round(width * density);
    const high = Math.round(height * density);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    context.setTransform(wide / width, 0, 0, high / height, 0, 0);
    context.clearRect(0, 0, width, height);
    paint({ context, width, height });
  };
}
