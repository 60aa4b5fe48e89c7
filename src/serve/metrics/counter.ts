import type { Family, Labels } from "./exposition.ts";

/** A number that only grows, for each combination of labels. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #values = new Map<string, { labels: Labels; value: number }>();

  /**
   * @param name ends in `_total`
   * @param known combinations of labels that begin at 0, so that an alert sees the first event, too
   */
  constructor(name: string, help: string, known: readonly Labels[]) {
    this.#name = name;
    this.#help = help;
    for (const labels of known) this.add(labels, 0);
  }

  /** Counts events; the labels' names must always come in the same order. */
  add(labels: Labels, by = 1): void {
    const key = JSON.stringify(labels);
    const entry = this.#values.get(key);
    if (entry === undefined) this.#values.set(key, { labels, value: by });
    else entry.value += by;
  }

  family(): Family {
    const samples = this.#values.values()
      .map(({ labels, value }) => ["", labels, value] as const).toArray();
    return { name: this.#name, help: this.#help, type: "counter", samples };
  }
}
