import type { ChildrenOf } from '../../../shared/model/sample.ts';
import { unescapeText } from './escapedText.ts';
import { type TableChange, type TableName, tableLine } from './tables.ts';

/**
 * The sampler's frame format, and its parser.
 *
 * Text lines, LF. Before the first frame come banners and whatever a login shell prints; the random token marks ours:
 *
 *     TOKEN need perl|awk        the bootstrap wants that script, ended by a line `#END#`
 *     TOKEN none                 the host has no interpreter that will do
 *     TOKEN hello 1 perl|awk     the script runs; it answers each tick line with one frame (again, on a line of its own,
 *                                when it had to be started anew)
 *
 * A frame. What did not change since the last one is not told again (except T, L, c, n, o):
 *
 *     #SEQ a|f|r                 adaptive, full sweep, reset (forget all that was told before)
 *     z EPOCHMS RESOLUTIONMS     the host's clock
 *     Fhostname|kernel|boot|os|hz|page|connector VALUE
 *     T UPTIME  L LOADAVG        as in /proc
 *     cNAME TICKS…               the cpu lines of /proc/stat
 *     sNAME N  mNAME KB  vNAME N /proc/stat, meminfo, vmstat
 *     iNAME RX TX RXERR TXERR RXDROP TXDROP RXPKT TXPKT   one interface; RX and TX in bytes
 *     dNAME READS SECTORS WRITES SECTORS BUSYMS
 *     pRESOURCE.some|full AVG10
 *     gm LIMIT|max USAGE KILLS   gc QUOTA|max PERIOD PERIODS THROTTLED   `-`: not known
 *     uUID NAME
 *     +PID AGE START PPID STATE THREADS CPU REAPED RSSPAGES VSIZE UID<tab>COMM<tab>COMMAND
 *     =PID AGE PPID STATE THREADS CPU REAPED RSSPAGES VSIZE
 *     -PID [STATUS]              STATUS: how it ended, as of wait(2), where the process connector told it
 *     e ONEIN LOST               the process connector was read: one process in ONEIN is told of; events that were lost
 *     xPARENT STARTED EXECUTED ENDED[ STATUS:COUNT:MS|-]…   children of a parent since the last frame (0: of all others), and
 *                                how many ended with the most frequent statuses, and how long the longest of them lived
 *     fPID COUNT LIMIT|-         open files, and the limit where the count is 100 or more
 *     hPID PAGES                 of the resident pages of one of the largest, those of files and shared memory
 *     y TABLE                    a table was looked at, whether anything in it changed or not
 *     rTABLE KEY<tab>VALUES      a row that is new or changed; without tab and values: it went
 *     n PIDS READ a|f            process folders there are, how many were read, whether all
 *     o CPUNS RSSBYTES           what the sampler itself has used
 *     .SEQ ELAPSEDMS
 *
 * Tables, see tables.ts: `if` interfaces, `fs` file systems, `gm` and `gc` control groups of busy processes, `tcp` sockets.
 *
 * AGE: frames since that process was last read, 0 when it is new. Text is escaped: `\\`, `\n`, `\t`, `\xHH` for
 * other control bytes.
 */

export type Implementation = 'perl' | 'awk';

export type FrameMode = 'adaptive' | 'full' | 'reset';

export interface ProcessNumbers {
  pid: number;
  /** Frames since it was last read; 0 when it is new. */
  age: number;
  parentPid: number;
  state: string;
  threads: number;
  cpuTicks: number;
  reapedTicks: number;
  residentPages: number;
  virtualBytes: number;
}

export type ProcessLine =
  | ({ line: 'told'; startTicks: number; uid: string; name: string; command: string } & ProcessNumbers)
  | ({ line: 'changed' } & ProcessNumbers)
  | { line: 'gone'; pid: number; status?: number };

export interface Frame {
  seq: number;
  mode: FrameMode;
  clock?: { epochMs: number; resolutionMs: number };
  facts: Map<string, string>;
  uptimeMs?: number;
  load?: { averages: [number, number, number]; threads: number; lastPid: number };
  cpu: Map<string, number[]>;
  /** Keyed as on the wire: `sbtime`, `mMemFree`, `voom_kill`, `pcpu.some`. */
  values: Map<string, number>;
  interfaces: Map<string, number[]>;
  disks: Map<string, number[]>;
  cgroupMemory?: { limitBytes?: number; usageBytes?: number; oomKills?: number };
  cgroupCpu?: { quotaCores?: number; periods?: number; throttledPeriods?: number };
  users: Map<string, string>;
  processes: ProcessLine[];
  openFiles: { pid: number; count: number; limit?: number }[];
  sharedPages: { pid: number; pages: number }[];
  /** What the process connector told; absent where it is not read. Counts are of one process in `oneIn`. */
  kernelEvents?: { oneIn: number; lost: number };
  children: ChildrenOf[];
  /** What changed in each table that was looked at. */
  tables: Map<TableName, TableChange>;
  pids: number;
  read: number;
  sweptAll: boolean;
  cost: { cpuNs: number; residentBytes: number };
  elapsedMs: number;
  bytes: number;
  /** Lines of it that could not be understood. */
  faults: number;
}

export interface FrameListener {
  need(implementation: Implementation): void;
  none(): void;
  hello(implementation: Implementation): void;
  /** `text`: the lines of it, from `#` to `.`. */
  frame(frame: Frame, text: string): void;
}

/** An escaped command line is at most four times 4,096 bytes. */
const MAXIMUM_LINE_BYTES = 32 * 1024;
/** The sampler tells sixteen, and the sum of the others. */
const MOST_PARENTS = 64;
/** Linux allows 4,194,304 pids; a host near that is not watched by this. */
const MAXIMUM_FRAME_LINES = 500_000;

/** Streaming and tolerant: what cannot be understood is counted in `faults`, never thrown; memory is bounded. */
export class FrameParser {
  readonly #token: string;
  readonly #listener: FrameListener;
  #pending: Buffer = Buffer.alloc(0);
  #skipping = false;
  #frame: Frame | undefined;
  #lines = 0;
  #text: string[] = [];
  #faults = 0;
  /** The last lines before the token: what a failing bootstrap said. */
  #preamble: string[] = [];
  #greeted = false;

  constructor(token: string, listener: FrameListener) {
    this.#token = token;
    this.#listener = listener;
  }

  get faults(): number {
    return this.#faults;
  }

  /** At most ten lines of 200 characters of what came before the sampler spoke. */
  get preamble(): string {
    return this.#preamble.join('\n');
  }

  push(bytes: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end < 0) break;
      this.#endOfLine(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start === bytes.length || this.#skipping) return;
    const rest = bytes.subarray(start);
    if (this.#pending.length + rest.length > MAXIMUM_LINE_BYTES) {
      this.#pending = Buffer.alloc(0);
      this.#skipping = true;
      this.#fault();
      return;
    }
    this.#pending = Buffer.concat([this.#pending, rest]);
  }

  #endOfLine(tail: Uint8Array): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const whole = this.#pending.length === 0 ? Buffer.from(tail) : Buffer.concat([this.#pending, tail]);
    this.#pending = Buffer.alloc(0);
    if (whole.length > MAXIMUM_LINE_BYTES) {
      this.#fault();
      return;
    }
    if (this.#frame) this.#frame.bytes += whole.length + 1;
    const text = whole.toString('utf8');
    this.#line(text.endsWith('\r') ? text.slice(0, -1) : text);
  }

  #fault(): void {
    this.#faults += 1;
    if (this.#frame) this.#frame.faults += 1;
  }

  #line(text: string): void {
    // The host's accounts can read the token in our own command line, and write it in theirs, which frames tell.
    const marked = this.#greeted && !text.startsWith(this.#token) ? -1 : text.indexOf(this.#token);
    if (marked >= 0 && this.#announcement(text.slice(marked + this.#token.length))) return;
    if (!this.#greeted) {
      this.#preamble.push(text.slice(0, 200));
      if (this.#preamble.length > 10) this.#preamble.shift();
      return;
    }
    if (text.startsWith('#')) {
      const head = /^#(\d{1,15}) ([afr])$/.exec(text);
      if (this.#frame || !head) this.#fault();
      this.#frame = head ? emptyFrame(Number(head[1]), head[2] ?? 'a', text.length + 1) : undefined;
      this.#lines = 0;
      this.#text = [text];
      return;
    }
    const frame = this.#frame;
    if (!frame) {
      this.#fault();
      return;
    }
    this.#text.push(text);
    if (text.startsWith('.')) {
      const foot = /^\.(\d{1,15}) (\d{1,9})$/.exec(text);
      this.#frame = undefined;
      if (!foot || Number(foot[1]) !== frame.seq) {
        this.#fault();
        return;
      }
      frame.elapsedMs = Number(foot[2]);
      const lines = this.#text;
      this.#text = [];
      this.#listener.frame(frame, `${lines.join('\n')}\n`);
      return;
    }
    this.#lines += 1;
    if (this.#lines > MAXIMUM_FRAME_LINES) {
      this.#frame = undefined;
      this.#fault();
      return;
    }
    if (!readLine(frame, text)) this.#fault();
  }

  #announcement(rest: string): boolean {
    const [, word, implementation] = /^ (need|hello 1|none)(?: (perl|awk))?$/.exec(rest) ?? [];
    if (word === 'none') this.#listener.none();
    else if (implementation !== 'perl' && implementation !== 'awk') return false;
    else if (word === 'need') this.#listener.need(implementation);
    else {
      this.#greeted = true;
      this.#frame = undefined;
      this.#listener.hello(implementation);
    }
    return true;
  }
}

function emptyFrame(seq: number, mode: string, bytes: number): Frame {
  return {
    seq,
    mode: mode === 'r' ? 'reset' : mode === 'f' ? 'full' : 'adaptive',
    facts: new Map(),
    cpu: new Map(),
    values: new Map(),
    interfaces: new Map(),
    disks: new Map(),
    users: new Map(),
    processes: [],
    openFiles: [],
    sharedPages: [],
    children: [],
    tables: new Map(),
    pids: 0,
    read: 0,
    sweptAll: false,
    cost: { cpuNs: 0, residentBytes: 0 },
    elapsedMs: 0,
    bytes,
    faults: 0,
  };
}

const TOLD =
  /^\+(\d{1,10}) (\d{1,10}) (\d{1,20}) (\d{1,10}) ([A-Za-z]) (\d{1,10}) (\d{1,20}) (\d{1,20}) (\d{1,20}) (\d{1,20}) (-|\d{1,10})\t([^\t]{0,256})\t([^\t]*)$/;
const CHANGED =
  /^=(\d{1,10}) (\d{1,10}) (\d{1,10}) ([A-Za-z]) (\d{1,10}) (\d{1,20}) (\d{1,20}) (\d{1,20}) (\d{1,20})$/;

/** False when the line is not of the format. */
function readLine(frame: Frame, text: string): boolean {
  switch (text[0]) {
    case '+': {
      const m = TOLD.exec(text);
      if (!m) return false;
      frame.processes.push({
        line: 'told',
        pid: Number(m[1]),
        age: Number(m[2]),
        startTicks: Number(m[3]),
        parentPid: Number(m[4]),
        state: m[5] ?? '?',
        threads: Number(m[6]),
        cpuTicks: Number(m[7]),
        reapedTicks: Number(m[8]),
        residentPages: Number(m[9]),
        virtualBytes: Number(m[10]),
        uid: m[11] ?? '-',
        name: unescapeText(m[12] ?? ''),
        command: unescapeText(m[13] ?? ''),
      });
      return true;
    }
    case '=': {
      const m = CHANGED.exec(text);
      if (!m) return false;
      frame.processes.push({
        line: 'changed',
        pid: Number(m[1]),
        age: Number(m[2]),
        parentPid: Number(m[3]),
        state: m[4] ?? '?',
        threads: Number(m[5]),
        cpuTicks: Number(m[6]),
        reapedTicks: Number(m[7]),
        residentPages: Number(m[8]),
        virtualBytes: Number(m[9]),
      });
      return true;
    }
    case '-': {
      const m = /^-(\d{1,10})(?: (\d{1,10}))?$/.exec(text);
      if (!m) return false;
      frame.processes.push({
        line: 'gone',
        pid: Number(m[1]),
        ...(m[2] !== undefined && { status: Number(m[2]) }),
      });
      return true;
    }
    case 'e': {
      const m = /^e (\d{1,4}) (\d{1,10})$/.exec(text);
      if (!m || Number(m[1]) < 1) return false;
      frame.kernelEvents = { oneIn: Number(m[1]), lost: Number(m[2]) };
      return true;
    }
    case 'x':
      return frame.children.length < MOST_PARENTS && childrenLine(frame.children, text);
    case 'h': {
      const m = /^h(\d{1,10}) (\d{1,20})$/.exec(text);
      if (!m) return false;
      frame.sharedPages.push({ pid: Number(m[1]), pages: Number(m[2]) });
      return true;
    }
    case 'f': {
      const m = /^f(\d{1,10}) (\d{1,10}) (-|\d{1,20})$/.exec(text);
      if (!m) return false;
      const limit = number(m[3]);
      frame.openFiles.push({
        pid: Number(m[1]),
        count: Number(m[2]),
        ...(limit !== undefined && { limit }),
      });
      return true;
    }
    case 'y':
    case 'r':
      return tableLine(frame.tables, text);
    case 'F':
    case 'u': {
      const m = /^[Fu](\w{1,20}) (.*)$/s.exec(text);
      if (!m) return false;
      (text[0] === 'F' ? frame.facts : frame.users).set(m[1] ?? '', unescapeText(m[2] ?? '').slice(0, 256));
      return true;
    }
    case 'T': {
      const seconds = number(text.slice(2));
      if (seconds === undefined) return false;
      frame.uptimeMs = Math.round(seconds * 1000);
      return true;
    }
    case 'L': {
      const m = /^L ([\d.]+) ([\d.]+) ([\d.]+) \d+\/(\d+) (\d+)$/.exec(text);
      if (!m) return false;
      frame.load = {
        averages: [Number(m[1]), Number(m[2]), Number(m[3])],
        threads: Number(m[4]),
        lastPid: Number(m[5]),
      };
      return frame.load.averages.every(Number.isFinite);
    }
    case 'c':
      return counters(frame.cpu, text, 4);
    case 'i':
      return counters(frame.interfaces, text, 4);
    case 'd':
      return counters(frame.disks, text, 5);
    case 's':
    case 'm':
    case 'v':
    case 'p': {
      const m = /^([smvp][\w.]{1,40}) (\S+)$/.exec(text);
      const value = number(m?.[2]);
      if (!m || value === undefined) return false;
      frame.values.set(m[1] ?? '', value);
      return true;
    }
    case 'z': {
      const m = /^z (\d{10,16}) (\d{1,5})$/.exec(text);
      if (!m) return false;
      frame.clock = { epochMs: Number(m[1]), resolutionMs: Number(m[2]) };
      return true;
    }
    case 'g':
      return cgroup(frame, text);
    case 'n': {
      const m = /^n (\d{1,10}) (\d{1,10}) ([af])$/.exec(text);
      if (!m) return false;
      frame.pids = Number(m[1]);
      frame.read = Number(m[2]);
      frame.sweptAll = m[3] === 'f';
      return true;
    }
    case 'o': {
      const m = /^o (\d{1,20}) (\d{1,20})$/.exec(text);
      if (!m) return false;
      frame.cost = { cpuNs: Number(m[1]), residentBytes: Number(m[2]) };
      return true;
    }
    default:
      return false;
  }
}

/** `cNAME N N N…`: at least `least` numbers. */
function counters(into: Map<string, number[]>, text: string, least: number): boolean {
  const [name = '', ...words] = text.slice(1).trimEnd().split(' ');
  const numbers = words.map(number);
  if (name === '' || name.length > 64 || words.length < least || words.length > 32) return false;
  const known = numbers.filter((n) => n !== undefined);
  if (known.length !== numbers.length) return false;
  into.set(unescapeText(name), known);
  return true;
}

function childrenLine(into: ChildrenOf[], text: string): boolean {
  const m =
    /^x(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10})((?: \d{1,10}:\d{1,10}:(?:-|\d{1,12}(?:\.\d)?)){0,8})$/.exec(
      text,
    );
  if (!m) return false;
  into.push({
    parentPid: Number(m[1]),
    started: Number(m[2]),
    executed: Number(m[3]),
    ended: Number(m[4]),
    endings: (m[5] ?? '')
      .split(' ')
      .slice(1)
      .map((word) => {
        const [status, count, longestMs] = word.split(':').map(number);
        return { status: status ?? 0, count: count ?? 0, ...(longestMs !== undefined && { longestMs }) };
      }),
  });
  return true;
}

function cgroup(frame: Frame, text: string): boolean {
  const m = /^g([mc]) (max|\d{1,20}) (-|\d{1,20}) (-|\d{1,20})(?: (-|\d{1,20}))?$/.exec(text);
  if (!m) return false;
  const [limit, second, third, fourth] = [number(m[2]), number(m[3]), number(m[4]), number(m[5])];
  if (m[1] === 'm') {
    frame.cgroupMemory = {
      ...(limit !== undefined && { limitBytes: limit }),
      ...(second !== undefined && { usageBytes: second }),
      ...(third !== undefined && { oomKills: third }),
    };
  } else {
    frame.cgroupCpu = {
      ...(limit !== undefined && second !== undefined && second > 0 && { quotaCores: limit / second }),
      ...(third !== undefined && { periods: third }),
      ...(fourth !== undefined && { throttledPeriods: fourth }),
    };
  }
  return true;
}

function number(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,20}(\.\d{1,6})?$/.test(word)) return undefined;
  return Number(word);
}
