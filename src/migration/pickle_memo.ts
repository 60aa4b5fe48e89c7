import { UnreadableSource } from "./reading.ts";

/** The values that a pickle stores in order to recall them later. */
export class PickleMemo<T> {
  readonly #items = new Map<number, T>();
  readonly #most: number;

  /** @param most how many values it may store */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Stores a value; undefined if there is none, which is an error. */
  put(index: number, item: T | undefined): void {
    if (item === undefined) throw new UnreadableSource("it stores a value where there is none");
    this.#items.set(index, item);
    if (this.size > this.#most) throw new UnreadableSource("it stores too many values");
  }

  /** Recalls a value. */
  get(index: number): T {
    const item = this.#items.get(index);
    if (item === undefined) throw new UnreadableSource("it recalls a value that it did not store");
    return item;
  }
}
