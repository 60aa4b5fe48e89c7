import { PATIENCE_MS } from "./patience.ts";

/**
 * Lines that arrive over time (from a log or a management interface). They are all kept, so that a
 * test can wait for a line whether or not it has already arrived.
 */
export class Lines {
  readonly #name: string;
  readonly #seen: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #also: Lines | undefined;
  #isClosed = false;

  /** @param also gets each line, too, and stays open when these have ended */
  constructor(name: string, also?: Lines) {
    this.#name = name;
    this.#also = also;
  }

  /** All lines so far. */
  get seen(): readonly string[] {
    return this.#seen;
  }

  /** Reads a stream to its end. */
  async readFrom(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of stream) {
        const parts = (rest + decoder.decode(chunk, { stream: true }))
          .split("\n");
        rest = parts.pop() ?? "";
        for (const part of parts) this.add(part.replace(/\r$/, ""));
      }
    } catch {
      // A connection that is closed by force has ended, too.
    }
    if (rest !== "") this.add(rest);
    this.close();
  }

  /** Adds a line. */
  add(line: string): void {
    this.#seen.push(line);
    this.#also?.add(line);
    this.#wake();
  }

  /** Marks the end: nothing more comes. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /**
   * Waits for a line that matches, starting at line number `from`.
   *
   * @returns the match
   * @throws Error with all lines if none matches in time
   */
  async waitFor(pattern: RegExp, from = 0): Promise<RegExpMatchArray> {
    const deadline = Date.now() + PATIENCE_MS;
    for (let next = from;;) {
      for (; next < this.#seen.length; next++) {
        const match = this.#seen[next]!.match(pattern);
        if (match) return match;
      }
      const left = deadline - Date.now();
      if (this.#isClosed || left <= 0) {
        throw new Error(
          `no line of ${this.#name} matches ${pattern}:\n${this.#seen.join("\n")}`,
        );
      }
      await this.#nextLine(left);
    }
  }

  #nextLine(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
