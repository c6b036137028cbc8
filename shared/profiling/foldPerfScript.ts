import { type FoldedBounds, StackFolder } from './foldedStacks.ts';
import { scriptFrame } from './frameName.ts';

/**
 * The output of `perf script -F comm,pid,tid,time,event,ip,sym,dso` (perf-script(1)), line by line, as folded stacks a
 * process, weighted by samples. A sample is a heading, the leaf's line, its callers', and an empty line:
 *
 *     node  4321/4325  901.123456: cpu-clock:ppp:
 *         7f2a10c4 parse+0x12 (/usr/lib/libfoo.so)
 *
 * The name may hold blanks, digits and colons: the heading is read from its end, where `pid/tid time: event:` stand.
 */
export class PerfScriptFolder {
  readonly #folders = new Map<number, StackFolder>();
  readonly #bounds: FoldedBounds | undefined;
  readonly #samples = new Map<number, number>();
  #pid: number | undefined;
  #frames: string[] = [];
  /** Frames seen, and those that nothing is known of. */
  frames = 0;
  unknown = 0;

  constructor(bounds?: FoldedBounds) {
    this.#bounds = bounds;
  }

  line(text: string): void {
    if (text.trim() === '') this.#finish();
    else if (/^\s/.test(text) && this.#pid !== undefined && FRAME.test(text)) this.#frame(text);
    else {
      const heading = HEADING.exec(text);
      if (!heading) return;
      this.#finish();
      this.#pid = Number(heading[1]);
    }
  }

  /** By pid. */
  end(): Map<number, { folder: StackFolder; samples: number }> {
    this.#finish();
    return new Map(
      [...this.#folders].map(([pid, folder]) => [pid, { folder, samples: this.#samples.get(pid) ?? 0 }]),
    );
  }

  #frame(text: string): void {
    if (this.#frames.length >= MOST_FRAMES) return;
    const found = FRAME.exec(text);
    if (!found) return;
    const name = frameOf(found[1] ?? '', found[2] ?? '');
    this.frames++;
    if (name.startsWith('[unknown]')) this.unknown++;
    this.#frames.push(name);
  }

  #finish(): void {
    const pid = this.#pid;
    if (pid !== undefined) {
      let folder = this.#folders.get(pid);
      if (!folder && this.#folders.size < MOST_PIDS) {
        folder = new StackFolder(this.#bounds);
        this.#folders.set(pid, folder);
      }
      // Perf knows no stack of a sample whose process ended meanwhile.
      folder?.add(this.#frames.length === 0 ? ['[unknown]'] : this.#frames.reverse(), 1);
      if (folder) this.#samples.set(pid, (this.#samples.get(pid) ?? 0) + 1);
    }
    this.#pid = undefined;
    this.#frames = [];
  }
}

const MOST_FRAMES = 1000;
const MOST_PIDS = 1000;
const HEADING = /\s(\d{1,9})\/\d{1,9}\s+(?:\[\d+\]\s+)?\d+\.\d+:\s+(?:\d+\s+)?\S+:\s*$/;
const FRAME = /^\s+[0-9a-f]{1,16}\s+(.*?)\s+\((.*)\)\s*$/i;

/**
 * JIT frames come from the process's map, `/tmp/perf-PID.map`: `LazyCompile:*parse /srv/app/html.js:12:3` (Node up to
 * 16), `JS:*parse file:///srv/app/html.js:12:3` since; `*` is optimised code, `~` interpreted, `^` and `+` between.
 */
function frameOf(symbol: string, object: string): string {
  const script =
    /^(?:LazyCompile|Function|JS|Script|Eval):[*~^+]{0,2}([^\s]*) ?(\S*?)(?::(\d+))?(?::\d+)?(?:\+0x[0-9a-f]+)?$/.exec(
      symbol,
    );
  if (script) return scriptFrame(script[1] ?? '', script[2] ?? '', Number(script[3] ?? 0));
  const name = symbol.replace(/\+0x[0-9a-f]+$/, '');
  if (/^\[(?:kernel|guest\.kernel)/.test(object)) return `${name}_[k]`;
  const file = /^\/tmp\/perf-\d+\.map$/.test(object) ? 'JIT' : (object.split('/').at(-1) ?? '');
  if (name === '[unknown]') return `[unknown] (${file})`;
  return file === '' || file === '[unknown]' ? name : `${name} (${file})`;
}
