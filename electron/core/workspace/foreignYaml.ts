import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { aliasTargets } from './aliasTargets.ts';
import type { ImportRefusal } from './importers.ts';

/** A value of another tool's file. Maps are Maps: `__proto__` is a key like any other. */
export type Foreign = string | number | boolean | null | Foreign[] | ForeignMap;
export interface ForeignMap extends Map<string, Foreign> {}

const MAXIMUM_CHARACTERS = 1_048_576;
/** With every alias written out. */
const MAXIMUM_VALUES = 100_000;
const MAXIMUM_DEPTH = 60;

/**
 * Reads YAML, or JSON, that somebody else wrote for another program: bounded in size, depth and what its aliases write
 * out to; `<<` merges. Tags are ignored, so that `!vault` and the like stay text.
 */
export function readForeignYaml(text: string, file: string): Result<Foreign, ImportRefusal> {
  const refuse = (message: string, advice: string) => fail({ message: `${file}: ${message}`, advice });
  if (text.length > MAXIMUM_CHARACTERS)
    return refuse(`the file has ${text.length} characters`, 'A file of at most 1 MiB can be imported.');
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text.replace(/^\uFEFF/, ''), {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      return refuse(
        `line ${line}, column ${col}: ${error.message}`,
        'Correct the file, then import it again.',
      );
    }
    const targets = aliasTargets(document);
    let left = MAXIMUM_VALUES;
    const convert = (node: unknown, depth: number): Foreign => {
      if (--left < 0) throw new RangeError(`it writes out to more than ${MAXIMUM_VALUES} values`);
      if (depth > MAXIMUM_DEPTH) throw new RangeError('it is nested too deeply, or contains itself');
      if (isAlias(node)) return convert(targets.get(node), depth + 1);
      if (isSeq(node)) return node.items.map((one) => convert(one, depth + 1));
      if (isMap(node)) {
        const map: ForeignMap = new Map();
        const merged: Foreign[] = [];
        for (const { key, value } of node.items) {
          const name = convert(key, depth + 1);
          const converted = convert(value, depth + 1);
          if (name === '<<') merged.push(...(Array.isArray(converted) ? converted : [converted]));
          else map.set(name === null ? '' : typeof name === 'object' ? '?' : String(name), converted);
        }
        for (const one of merged)
          if (one instanceof Map) for (const [key, value] of one) if (!map.has(key)) map.set(key, value);
        return map;
      }
      if (!isScalar(node)) return null;
      const { value } = node;
      if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
      // As it is written: 0755 and 1_000 are no numbers here, they are somebody's names.
      return typeof value === 'number' ? value : (node.source ?? String(value));
    };
    return ok(convert(document.contents, 0));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof ReferenceError)) throw error;
    return refuse(
      error.message.startsWith('Maximum call stack') ? 'it is nested too deeply' : error.message,
      'A file with ordinary lists, maps and anchors can be imported.',
    );
  }
}

/** Scalars as text; undefined for lists, maps and nothing. */
export function foreignText(value: Foreign | undefined): string | undefined {
  return value === null || value === undefined || typeof value === 'object' ? undefined : String(value);
}

export function foreignMap(value: Foreign | undefined): ForeignMap | undefined {
  return value instanceof Map ? value : undefined;
}
