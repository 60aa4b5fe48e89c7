/** Longest line that is kept, in bytes; OpenVPN's own are below 11,000. */
const MAX_BYTES = 64 * 1024;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits what OpenVPN's management interface sends into lines, wherever it was cut apart. Memory stays
 * bounded whatever comes.
 */
export class LineSplitter {
  #begun = new Uint8Array(0);
  #isTooLong = false;

  /** Bytes of a line whose end has not come yet, such as a prompt; empty if the line is too long. */
  get unfinished(): Uint8Array {
    return this.#begun;
  }

  /**
   * Takes the next bytes. They are overwritten with zeros, as a password may be among them; so is each
   * line when the next one is asked for.
   *
   * @returns the lines that end in them, without their ends; null for one that is too long
   */
  *take(chunk: Uint8Array): Generator<Uint8Array | null> {
    let start = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      this.#append(chunk.subarray(start, end));
      yield this.#isTooLong ? null : withoutReturn(this.#begun);
      this.#begun.fill(0);
      this.#forget();
    }
    this.#append(chunk.subarray(start));
    chunk.fill(0);
  }

  /** Takes what has come of a line that has no end yet. */
  takeUnfinished(): Uint8Array {
    const bytes = this.#begun;
    this.#forget();
    return bytes;
  }

  #append(part: Uint8Array): void {
    if (this.#isTooLong || part.length === 0) return;
    const before = this.#begun;
    this.#isTooLong = before.length + part.length > MAX_BYTES;
    if (this.#isTooLong) this.#begun = new Uint8Array(0);
    else if (before.length === 0) this.#begun = part.slice();
    else {
      this.#begun = new Uint8Array(before.length + part.length);
      this.#begun.set(before);
      this.#begun.set(part, before.length);
    }
    before.fill(0);
  }

  #forget(): void {
    this.#begun = new Uint8Array(0);
    this.#isTooLong = false;
  }
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
