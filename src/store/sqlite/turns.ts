/**
 * Runs one piece of work after the other, in the order in which they were asked for. A connection has
 * one transaction at a time: what two callers did between two waits would end up in the same one.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs work when all before it has ended, whether well or not. Work must not wait for another turn
   * of its own: neither would ever end.
   */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits until everything that was asked for so far has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
