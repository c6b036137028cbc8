let real: boolean | undefined;

/**
 * True when WebGL runs on a real GPU. Software WebGL is slower than the DOM (9 MB/s and 24 frames a second, measured),
 * so its drivers are refused by name. Looked up once.
 */
export function hasRealGpu(): boolean {
  real ??= detect();
  return real;
}

function detect(): boolean {
  const context = document
    .createElement('canvas')
    .getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const info = context.getExtension('WEBGL_debug_renderer_info');
  const renderer: unknown = context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof renderer === 'string' && !isSoftwareRenderer(renderer);
}

function isSoftwareRenderer(name: string): boolean {
  return /swiftshader|llvmpipe|softpipe|software|basic render|swrast|lavapipe/i.test(name);
}
