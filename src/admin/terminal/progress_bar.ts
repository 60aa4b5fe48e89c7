import type { AdminContext } from "../context.ts";

const WIDTH = 40;

/** Shows on a terminal how much of many is done; of few there is nothing to show. */
export class ProgressBar {
  readonly #context: AdminContext;
  readonly #total: number;
  #done = 0;

  constructor(context: AdminContext, total: number) {
    this.#context = context;
    this.#total = total;
  }

  /** One more is done. The bar goes with the last. */
  step(): void {
    this.#done++;
    if (!this.#context.isTerminal || this.#total < 2) return;
    const filled = Math.floor(WIDTH * this.#done / this.#total);
    const bar = "█".repeat(filled).padEnd(WIDTH, "░");
    this.#context.err(
      this.#done < this.#total
        ? `\r${bar} ${Math.floor(100 * this.#done / this.#total)} %`
        : "\r\x1b[K",
    );
  }
}
