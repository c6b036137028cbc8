/**
 * What kind of code a frame is of, by its name: the application's own, a library (node_modules, shared objects), the
 * runtime (Node's own, V8, the collector) or the kernel.
 */
export type FrameKind = 'application' | 'library' | 'runtime' | 'kernel' | 'unknown';

export function frameKind(name: string): FrameKind {
  if (/^\[(?:unknown|nameless)\]/.test(name) || name === '[…]') return 'unknown';
  if (/_\[k\]$|\(\[kernel/.test(name)) return 'kernel';
  if (/^\((?:garbage collector|program|idle|root)\)$/.test(name) || / \(node:/.test(name)) return 'runtime';
  if (/\/node_modules\//.test(name)) return 'library';
  if (/ \((?:node|nodejs|beam\.smp|\[vdso\])\)$/.test(name)) return 'runtime';
  if (/\.so(?:\.[\d.]+)?\)$/.test(name) || /^(?:Builtin|Stub|Handler|RegExp)\b/.test(name)) return 'library';
  return 'application';
}

/**
 * A frame as two profiles share it: without addresses, offsets and lines, which differ from one start and one version
 * of a program to the next.
 */
export function sameFrame(name: string): string {
  return name
    .replace(/\+0x[0-9a-f]+/gi, '')
    .replace(/\b0x[0-9a-f]{4,}\b/gi, '0x…')
    .replace(/(?::\d+){1,2}\)$/, ')')
    .replace(/^\d+_(?=\d|scheduler)/, '');
}

/** The same, and each name is looked into once: a tree has the same one in many places. */
export function rememberedSameFrame(): typeof sameFrame {
  const known = new Map<string, string>();
  return (name) => {
    let same = known.get(name);
    if (same === undefined) {
      same = sameFrame(name);
      known.set(name, same);
    }
    return same;
  };
}

/** `parse (/srv/app/html.js:12)` for a JavaScript function; lines from 1. */
export function scriptFrame(functionName: string, url: string, line: number): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const file = url.replace(/^file:\/\//, '');
  if (file === '') return name;
  return line > 0 ? `${name} (${file}:${line})` : `${name} (${file})`;
}

/** For narrow places: the function, with the last part of its file. */
export function shortFrame(name: string): string {
  return name.replace(/ \([^()]*\/([^()/]+)\)$/, ' ($1)');
}
