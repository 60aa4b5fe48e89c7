/** Thrown when the time is over. */
export class TooLate extends Error {
  override readonly name = "TooLate";
}

/** A moment after which nobody waits any longer. */
export class Deadline {
  readonly #end: number;

  /** @param ms from now, in milliseconds; Infinity for no end */
  constructor(ms: number) {
    this.#end = performance.now() + ms;
  }

  /** How much time is left, in milliseconds; 0 or less when it is over. */
  get leftMs(): number {
    return this.#end - performance.now();
  }

  /** An earlier moment: when one of so many equal parts of the time that is left is over. */
  part(parts: number): Deadline {
    return new Deadline(this.leftMs / parts);
  }

  /** This moment, or an earlier one: so many milliseconds from now. */
  atMost(ms: number): Deadline {
    return new Deadline(Math.min(ms, this.leftMs));
  }

  /**
   * Waits for something, but no longer than there is time. What comes of it later is ignored.
   *
   * @throws TooLate, and what the promise is rejected with
   */
  async wait<T>(promise: Promise<T>): Promise<T> {
    if (this.#end === Infinity) return await promise;
    promise.catch(() => {});
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new TooLate()), Math.max(0, this.leftMs));
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
