import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { WorkspaceProblem } from '../../../shared/model/workspace.ts';
import { aliasTargets } from './aliasTargets.ts';
import { nearestName } from './nearestName.ts';

/** A value in the file and where it stands, for messages. `node` is never an alias. */
export interface Item {
  node: ParsedNode | null;
  offset: number;
}

/** Entries of a map by key; `at` is where the key stands. */
export type Entries = Map<string, Item & { at: number }>;

const MAXIMUM_CHARACTERS = 1_048_576;
/** Ten times what a thousand hosts need; an alias bomb passes it within a dozen lines. */
const MAXIMUM_NODES = 100_000;

/**
 * Reads one YAML document by walking its nodes, so that every complaint has its line and column. Faults are
 * collected in `problems`; a reading method that finds one returns `undefined`.
 */
export class YamlReader {
  readonly problems: WorkspaceProblem[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  #document: Document.Parsed | undefined;
  #targets: ReadonlyMap<Alias, ParsedNode> = new Map();
  #host: string | undefined;
  #errors = 0;
  /** Beyond the first syntax error the parser guesses: what it found there is neither used nor complained of. */
  #trustedUntil = Number.POSITIVE_INFINITY;

  constructor(file: string, text: string) {
    this.#file = file;
    if (text.length > MAXIMUM_CHARACTERS) {
      this.problem(0, `The file has ${text.length} characters.`, 'a workspace of at most 1 MiB');
      return;
    }
    try {
      const document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        uniqueKeys: false,
      });
      // The first fault only: what the parser complains of after it is mostly the same one again.
      const [first] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
      if (first) {
        this.#syntaxProblem(first, 'error');
        this.#trustedUntil = first.pos[0];
      }
      for (const warning of document.warnings) this.#syntaxProblem(warning, 'warning');
      this.#document = document;
      this.#targets = aliasTargets(document);
      if (document.contents && !this.#staysSmall(document.contents)) this.#document = undefined;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#document = undefined;
      this.problem(0, TOO_DEEP, 'a workspace of hosts, logs, panes and thresholds');
    }
  }

  /** The document's top; `undefined` when there is nothing to walk. */
  get root(): Item | undefined {
    if (!this.#document) return undefined;
    return this.#item(this.#document.contents, 0);
  }

  problem(offset: number, message: string, expected: string, severity: 'error' | 'warning' = 'error'): void {
    if (offset >= this.#trustedUntil) return;
    if (severity === 'error') this.#errors += 1;
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push({
      file: this.#file,
      // Before anything was parsed the counter knows no line.
      line: Math.max(1, line),
      column: Math.max(1, col),
      // They quote the file, and end on a terminal too.
      message: visibleText(message),
      expected: visibleText(expected),
      severity,
      ...(this.#host === undefined ? {} : { host: this.#host }),
    });
  }

  /** Runs `read` with problems attributed to `host`; `clean` when there was no error among them. */
  forHost<T>(host: string, read: () => T): { value: T; clean: boolean } {
    const outer = this.#host;
    const before = this.#errors;
    this.#host = host;
    try {
      const value = read();
      return { value, clean: this.#errors === before };
    } finally {
      this.#host = outer;
    }
  }

  /** True when the parser had no trouble up to the end of this value. */
  isWhole(item: Item): boolean {
    return (item.node?.range?.[1] ?? item.offset) < this.#trustedUntil;
  }

  /** A map with only `known` keys (any, when not given). `<<` merges; what is written out wins. */
  map(item: Item, what: string, known?: readonly string[]): Entries | undefined {
    const { node } = item;
    if (!isMap(node)) {
      this.#wrongType(item, what, 'a map');
      return undefined;
    }
    const entries: Entries = new Map();
    const merged: Item[] = [];
    for (const pair of node.items) {
      const at = offsetOf(pair.key) ?? item.offset;
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      const value = this.#item(pair.value as ParsedNode | null, at);
      if (key === '<<') {
        merged.push(...(isSeq(value.node) ? this.#members(value) : [value]));
      } else if (typeof key !== 'string' || key === '') {
        this.problem(at, `A key of ${what} is ${describe(pair.key)}.`, 'a name');
      } else if (entries.has(key)) {
        this.problem(at, `${what} has ${quote(key)} twice.`, `${quote(key)} once`);
      } else if (known && !known.includes(key)) {
        this.unknownName(at, `${what} has an unknown key ${quote(key)}`, key, known);
      } else {
        entries.set(key, { ...value, at });
      }
    }
    for (const one of merged) {
      for (const [key, value] of this.map(one, `what is merged into ${what}`, known) ?? []) {
        if (!entries.has(key)) entries.set(key, value);
      }
    }
    return entries;
  }

  list(item: Item, what: string): Item[] | undefined {
    if (!isSeq(item.node)) {
      const { node } = item;
      const hint = isScalar(node) && typeof node.value === 'string' ? `a list: [${node.value}]` : 'a list';
      this.#wrongType(item, what, hint);
      return undefined;
    }
    return this.#members(item);
  }

  /** Text that is not empty and holds no control character. */
  text(item: Item, what: string): string | undefined {
    const { node } = item;
    if (!isScalar(node) || typeof node.value !== 'string') {
      const source = isScalar(node) && node.value !== null ? node.source : undefined;
      this.#wrongType(item, what, source === undefined ? 'text' : `text: write it in quotes, "${source}"`);
      return undefined;
    }
    if (node.value === '') {
      this.problem(item.offset, `${what} is empty.`, 'text');
      return undefined;
    }
    if (/[\u0000-\u001f\u007f]/.test(node.value)) {
      this.problem(item.offset, `${what} holds a control character or a line break.`, 'one line of text');
      return undefined;
    }
    return node.value;
  }

  /** Every member must be text; `undefined` if the list or one of its members is not. */
  texts(item: Item, what: string): string[] | undefined {
    const items = this.list(item, what);
    const read = items?.map((one) => this.text(one, `an entry of ${what}`));
    return read?.every((one) => one !== undefined) ? read : undefined;
  }

  /** Text of several lines, such as a script. */
  block(item: Item, what: string): string | undefined {
    const { node } = item;
    if (
      isScalar(node) &&
      typeof node.value === 'string' &&
      /[\u0000-\u0008\u000b-\u001f\u007f]/.test(node.value)
    ) {
      this.problem(item.offset, `${what} holds a control character.`, 'lines of text');
      return undefined;
    }
    if (isScalar(node) && typeof node.value === 'string' && node.value.trim() !== '') return node.value;
    return this.text(item, what);
  }

  whole(item: Item, what: string, minimum: number, maximum: number): number | undefined {
    const value = isScalar(item.node) ? item.node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum)
      return value;
    this.#wrongType(item, what, `a whole number, ${minimum} to ${maximum}`);
    return undefined;
  }

  flag(item: Item, what: string): boolean | undefined {
    if (isScalar(item.node) && typeof item.node.value === 'boolean') return item.node.value;
    this.#wrongType(item, what, 'true or false');
    return undefined;
  }

  unknownName(offset: number, complaint: string, typed: string, known: readonly string[]): void {
    const near = nearestName(typed, known);
    this.problem(
      offset,
      near ? `${complaint}; did you mean ${quote(near)}?` : `${complaint}.`,
      known.length === 0
        ? 'none here'
        : known.length <= 12
          ? `one of: ${known.join(', ')}`
          : `a known name, such as ${near ?? known[0]}`,
    );
  }

  #wrongType(item: Item, what: string, expected: string): void {
    this.problem(item.offset, `${what} is ${describe(item.node)}.`, expected);
  }

  #members(item: Item): Item[] {
    return isSeq(item.node)
      ? item.node.items.map((one) => this.#item(one as ParsedNode | null, item.offset))
      : [];
  }

  #item(node: ParsedNode | null, fallback: number): Item {
    const offset = offsetOf(node) ?? fallback;
    if (!isAlias(node)) return { node, offset };
    const target = this.#targets.get(node);
    if (!target)
      this.problem(offset, `The alias *${node.source} refers to no anchor.`, `an earlier &${node.source}`);
    return { node: target ?? null, offset };
  }

  /** Counts nodes with every alias written out, each anchor once; complains and gives up at the bound. */
  #staysSmall(top: ParsedNode): boolean {
    const sizes = new Map<ParsedNode, number>();
    const open = new Set<ParsedNode>();
    let complained = false;
    const complain = (offset: number, message: string) => {
      if (!complained)
        this.problem(offset, message, 'anchors and aliases that write out to a workspace of ordinary size');
      complained = true;
    };
    const size = (node: unknown): number => {
      if (complained || !isParsed(node)) return 1;
      const known = sizes.get(node);
      if (known !== undefined) return known;
      if (open.has(node)) {
        complain(offsetOf(node) ?? 0, 'An anchor contains an alias to itself.');
        return 1;
      }
      open.add(node);
      let total = 1;
      if (isAlias(node)) total = size(this.#targets.get(node));
      else if (isSeq(node)) for (const one of node.items) total += size(one);
      else if (isMap(node)) for (const pair of node.items) total += size(pair.key) + size(pair.value);
      open.delete(node);
      if (total > MAXIMUM_NODES) {
        complain(
          offsetOf(node) ?? 0,
          `There are more than ${MAXIMUM_NODES.toLocaleString('en')} values here, with every alias written out.`,
        );
      }
      sizes.set(node, total);
      return total;
    };
    size(top);
    return !complained;
  }

  #syntaxProblem(error: YAMLError, severity: 'error' | 'warning'): void {
    const unclosed = /^Flow (?:map|sequence) .* end with a (.)$/.exec(error.message);
    const [message, expected] = unclosed
      ? [
          `A bracket that was opened above is not closed before here.`,
          `"${unclosed[1]}", or this line indented to belong to it`,
        ]
      : (SYNTAX[error.code] ?? ['', 'well-formed YAML']);
    this.problem(error.pos[0], message || `${error.message}.`, expected, severity);
  }
}

const TOO_DEEP = 'Lists and maps are nested too deeply to be read.';

/** What the parser says is mostly clear; an empty first text keeps it. */
const SYNTAX: Partial<Record<YAMLError['code'], [message: string, expected: string]>> = {
  MULTIPLE_DOCS: [
    'The file holds more than one YAML document.',
    'one document: remove the line --- and what follows',
  ],
  TAB_AS_INDENT: ['A tab is used for indentation.', 'spaces: YAML does not allow tabs there'],
  BAD_INDENT: ['', 'indentation in line with its neighbours'],
  MISSING_CHAR: ['', 'the missing character'],
  BLOCK_AS_IMPLICIT_KEY: ['', 'one key on a line, or the value in quotes if it contains ": "'],
  TAG_RESOLVE_FAILED: ['', 'plain values without !tags'],
  RESOURCE_EXHAUSTION: [TOO_DEEP, 'a workspace of hosts, logs, panes and thresholds'],
};

function isParsed(node: unknown): node is ParsedNode {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node);
}

function offsetOf(node: unknown): number | undefined {
  return isParsed(node) ? node.range[0] : undefined;
}

export function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}

function describe(node: unknown): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node) || node.value === null) return 'empty';
  if (typeof node.value === 'string') return `the text ${quote(node.value)}`;
  if (typeof node.value === 'boolean') return `${node.value}`;
  return `the number ${node.source ?? node.value}`;
}
