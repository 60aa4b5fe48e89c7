import type { Console } from "./console.ts";

const WIDTH = 40;

/** Shows on a terminal how much of a long job is done. */
export class ProgressBar {
  readonly #console: Console;
  readonly #total: number;
  #done = 0;

  constructor(console: Console, total: number) {
    this.#console = console;
    this.#total = total;
  }

  /** Counts some more as done. The bar disappears with the last. */
  step(count = 1): void {
    this.#done += count;
    if (!this.#console.isTerminal || this.#total < 2) return;
    const filled = Math.floor(WIDTH * this.#done / this.#total);
    const bar = "█".repeat(filled).padEnd(WIDTH, "░");
    this.#console.err(
      this.#done < this.#total
        ? `\r${bar} ${Math.floor(100 * this.#done / this.#total)} %`
        : "\r\x1b[K",
    );
  }
}
