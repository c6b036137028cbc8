import { appendFileSync, mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { appendFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { type RecordedInput, type RecordingHeader, writeInput } from './recordedInput.ts';

export interface InputRecorder extends Disposable {
  add(input: RecordedInput): void;
  readonly file: string;
}

export interface InputRecorderOptions {
  /** The record's own folder. */
  directory: string;
  clock: Clock;
  hosts: () => { id: HostId; tags: string[] }[];
  diagnostic: (line: string) => void;
}

/** Of one recording, and of all in a record: the oldest go when there is more. */
const MOST_BYTES = 512 * 2 ** 20;
const MOST_BYTES_IN_ALL = 2 * 2 ** 30;
const FLUSH_MS = 5000;
const FLUSH_CHARACTERS = 1 << 20;
/** What waits in memory for a disk that is full: an hour or so of one host. */
const MOST_WAITING_CHARACTERS = 64 << 20;
/** Of one log in a second; more are counted. */
const LOG_LINES = 200;
const LOG_CHARACTERS = 1000;
const compressed = promisify(gzip);

export const INPUTS_FOLDER = 'inputs';

/**
 * Writes what the detectors are given to `inputs/TIME.jsonl.gz` of the record: every few seconds one piece, each a gzip
 * member of its own, so that a crash loses those seconds and nothing before. It never holds up what it records.
 */
export function recordInputs(options: InputRecorderOptions): InputRecorder {
  const { clock } = options;
  const owned = new DisposableStore();
  const folder = join(options.directory, INPUTS_FOLDER);
  const startedAt = clock.now();
  const file = join(folder, `${new Date(startedAt).toISOString().replaceAll(':', '-')}.jsonl.gz`);
  const erlang = new Map<HostId, string>();
  const logs = new Map<string, { second: number; told: number; more: number }>();
  let lines: string[] = [];
  let characters = 0;
  let bytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let pieces: string[] = [];
  let failed = false;
  /** The disk refused the last piece, and that was told. */
  let refused = false;

  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    prune(folder);
    const header: RecordingHeader = { fireline: 'inputs', version: 1, startedAt, hosts: options.hosts() };
    const data = gzipSync(`${JSON.stringify(header)}\n`);
    writeFileSync(file, data, { mode: 0o600 });
    bytes = data.length;
  } catch (error) {
    fail(error);
  }

  function fail(error: unknown): void {
    if (failed) return;
    failed = true;
    lines = [];
    pieces = [];
    options.diagnostic(`inputs of the detectors are not recorded: ${String(error)}`);
  }

  function push(input: RecordedInput): void {
    const line = writeInput(input);
    lines.push(line);
    characters += line.length;
    if (characters >= FLUSH_CHARACTERS) flush();
  }

  function add(input: RecordedInput): void {
    if (failed || owned.isDisposed) return;
    if (input.kind === 'erlang') {
      // Every two seconds the same, mostly.
      const now = JSON.stringify(input.nodes);
      if (erlang.get(input.host) === now) return;
      erlang.set(input.host, now);
    }
    if (input.kind !== 'logLine') {
      push(input);
      return;
    }
    const { host, at, line } = input;
    const key = `${host} ${line.path}`;
    const second = Math.floor(at / 1000);
    const log = logs.get(key) ?? { second, told: 0, more: 0 };
    logs.set(key, log);
    if (log.second !== second) {
      if (log.more > 0) push({ kind: 'logLines', host, at, path: line.path, count: log.more });
      Object.assign(log, { second, told: 0, more: 0 });
    }
    if (log.told++ < LOG_LINES)
      push({ ...input, line: { ...line, text: line.text.slice(0, LOG_CHARACTERS) } });
    else log.more++;
    if (logs.size > 1000) logs.clear();
  }

  function take(): string {
    const text = lines.length > 0 ? `${lines.join('\n')}\n` : '';
    lines = [];
    characters = 0;
    return text;
  }

  function flush(): void {
    const text = take();
    if (text === '' || failed) return;
    if (bytes > MOST_BYTES) {
      fail(new Error(`this recording has ${Math.round(bytes / 2 ** 20)} MiB, which is the most it may have`));
      return;
    }
    pieces.push(text);
    writing = writing.then(writePieces);
  }

  /** In their order: what a frame says is told by those before it. */
  async function writePieces(): Promise<void> {
    for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
      try {
        const data = await compressed(piece);
        // Disposed meanwhile: it was written then.
        if (pieces[0] !== piece) return;
        pieces.shift();
        await appendFile(file, data);
        bytes += data.length;
        refused = false;
      } catch (error) {
        if (!owned.isDisposed) await waitForDisk(piece, error);
        return;
      }
    }
  }

  async function waitForDisk(piece: string, error: unknown): Promise<void> {
    pieces.unshift(piece);
    // Half a piece may be there, and nothing could be read behind it.
    await truncate(file, bytes).catch(() => {});
    if (pieces.reduce((sum, one) => sum + one.length, 0) > MOST_WAITING_CHARACTERS) fail(error);
    else if (!refused) options.diagnostic(`inputs of the detectors wait for the disk: ${String(error)}`);
    refused = true;
  }

  owned.add(clock.every(FLUSH_MS, flush));
  return {
    file,
    add,
    dispose() {
      if (owned.isDisposed) return;
      const rest = pieces.join('') + take();
      pieces = [];
      owned.dispose();
      if (failed || rest === '') return;
      try {
        appendFileSync(file, gzipSync(rest));
      } catch (error) {
        fail(error);
      }
    },
  };
}

function prune(folder: string): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
  let total = 0;
  for (const file of files) {
    total += statSync(file).size;
    if (total > MOST_BYTES_IN_ALL) unlinkSync(file);
  }
}
