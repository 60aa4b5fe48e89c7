import { isBusy } from "./errors.ts";

/** Between two tries, in milliseconds: a login's transaction takes some of them. */
const PAUSE_MS = { least: 5, most: 25 } as const;

/**
 * Waits for other processes' locks without holding up this process's other work. SQLite's own wait
 * blocks the thread, which is as good where there is nothing else to do.
 */
export class Patience {
  readonly #waitMs: number;

  /** @param waitMs how long to try again, in milliseconds, besides SQLite's own wait */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /**
   * Runs work, and runs it again while another process holds a lock.
   *
   * @param work must have no effect where it fails that way
   */
  async run<T>(work: () => T): Promise<T> {
    const end = performance.now() + this.#waitMs;
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= end) throw error;
      }
      await pause();
    }
  }
}

/** Of random length, so that processes that wait for each other don't go on in step. */
function pause(): Promise<void> {
  const { least, most } = PAUSE_MS;
  return new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
}
