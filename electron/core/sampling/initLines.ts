/** What systemd says of its units: `[seconds.micros] host systemd[1]: text` (journalctl -o short-monotonic _PID=1). */
const INIT_LINE = /^\[ *(\d{1,12}\.\d{1,9})\] \S{1,255} (systemd\[1\]: .*)$/s;

export interface InitLine {
  /** With `systemd[1]: `. Unit names and descriptions in it are hostile text. */
  text: string;
  monotonicMs: number;
  /** It was in the journal before we came for the first time in this boot. */
  backlog: boolean;
}

/** Tells each line of one host once, through every reconnect. */
export class InitLines {
  #bootId = '';
  #newestMs = -1;
  /** Raw lines that have the newest stamp. */
  readonly #atNewest = new Set<string>();
  #backlogEndsMs = Number.POSITIVE_INFINITY;

  /** `last`: the newest line before this start. */
  begin(bootId: string, last: string): void {
    const again = this.#bootId === bootId;
    if (!again) {
      this.#newestMs = -1;
      this.#atNewest.clear();
    }
    this.#bootId = bootId;
    const seconds = INIT_LINE.exec(last)?.[1];
    this.#backlogEndsMs = again || seconds === undefined ? -1 : Number(seconds) * 1000;
  }

  read(raw: string): InitLine | undefined {
    const [, seconds, text] = INIT_LINE.exec(raw) ?? [];
    if (seconds === undefined || text === undefined || this.#bootId === '') return undefined;
    const monotonicMs = Number(seconds) * 1000;
    if (monotonicMs < this.#newestMs || (monotonicMs === this.#newestMs && this.#atNewest.has(raw)))
      return undefined;
    if (monotonicMs > this.#newestMs) this.#atNewest.clear();
    this.#newestMs = monotonicMs;
    this.#atNewest.add(raw);
    return { text, monotonicMs, backlog: monotonicMs <= this.#backlogEndsMs };
  }
}
