import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

export interface RendererFile {
  content: Uint8Array<ArrayBuffer>;
  mediaType: string;
  /** A `Cache-Control` value: what carries its content's hash in its name never changes. */
  cacheControl: string;
}

/**
 * One file of the built renderer by the path of its URL (percent-encoded, as it came: hostile). `undefined` for
 * whatever is not a plain file of a known type below `root`, links that lead out of it included.
 */
export async function readRendererFile(root: string, urlPath: string): Promise<RendererFile | undefined> {
  const segments = safeSegments(urlPath);
  if (!segments) return undefined;
  const relative = segments.length === 0 ? ['index.html'] : segments;
  const mediaType = MEDIA_TYPES[extname(relative.at(-1) ?? '').toLowerCase()];
  if (!mediaType) return undefined;
  try {
    const realRoot = await realpath(root);
    const path = await realpath(join(realRoot, ...relative));
    if (!path.startsWith(realRoot + sep) || !(await stat(path)).isFile()) return undefined;
    const hashed = relative[0] === 'assets' && /-[\w-]{8,}\.\w+$/.test(relative.at(-1) ?? '');
    return {
      content: new Uint8Array(await readFile(path)),
      mediaType,
      cacheControl: hashed ? 'private, max-age=31536000, immutable' : 'no-store',
    };
  } catch {
    return undefined;
  }
}

/** The decoded segments, or `undefined` where one of them could climb, hide or be read in two ways. */
function safeSegments(urlPath: string): string[] | undefined {
  const path = urlPath.split(/[?#]/, 1)[0] ?? '';
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (!decoded.startsWith('/') || /[\0\\%]/.test(decoded)) return undefined;
  const segments = decoded.split('/').filter((segment) => segment !== '');
  return segments.some((segment) => segment.startsWith('.')) ? undefined : segments;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};
