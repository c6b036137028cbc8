/**
 * Bytes to lines, in bounded memory: a line longer than `maximumBytes` is told once, cut, and the rest of it dropped.
 * Invalid UTF-8 becomes U+FFFD.
 */
export class LineSplitter {
  readonly #maximumBytes: number;
  readonly #line: (text: string, cut: boolean) => void;
  #parts: Uint8Array[] = [];
  #length = 0;
  #cut = false;

  constructor(maximumBytes: number, line: (text: string, cut: boolean) => void) {
    this.#maximumBytes = maximumBytes;
    this.#line = line;
  }

  push(bytes: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(10, start);
      if (end < 0) break;
      this.#keep(bytes.subarray(start, end));
      const text = Buffer.concat(this.#parts).toString('utf8');
      const cut = this.#cut;
      this.#parts = [];
      this.#length = 0;
      this.#cut = false;
      start = end + 1;
      this.#line(text, cut);
    }
    this.#keep(bytes.subarray(start));
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    const room = this.#maximumBytes - this.#length;
    if (part.length > room) this.#cut = true;
    if (room <= 0) return;
    // Copied: the bytes of a channel are only valid during its event.
    const kept = Uint8Array.from(part.subarray(0, room));
    this.#parts.push(kept);
    this.#length += kept.length;
  }
}
