import { type Family, type Labels, numeral, type Sample } from "./exposition.ts";

/** What was observed with one combination of labels. */
interface Series {
  labels: Labels;
  /** How many observations each bucket has by itself; the last one has those beyond all bounds. */
  counts: number[];
  sum: number;
}

/** How long something took, in seconds, by one label. */
export class Histogram<Value extends string> {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series: ReadonlyMap<Value, Series>;

  /**
   * @param label its name, and all its values
   * @param bounds of the buckets, rising
   */
  constructor(
    name: string,
    help: string,
    label: readonly [name: string, values: readonly Value[]],
    bounds: readonly number[],
  ) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
    const [labelName, values] = label;
    this.#series = new Map(values.map((value) => [value, {
      labels: { [labelName]: value },
      counts: Array.from({ length: bounds.length + 1 }, () => 0),
      sum: 0,
    }]));
  }

  /** Counts a time; one that a clock set back has made negative counts as 0. */
  observe(value: Value, seconds: number): void {
    const series = this.#series.get(value);
    if (series === undefined || Number.isNaN(seconds)) return;
    const time = Math.max(0, seconds);
    const bucket = this.#bounds.findIndex((bound) => time <= bound);
    series.counts[bucket === -1 ? this.#bounds.length : bucket]!++;
    series.sum += time;
  }

  family(): Family {
    const samples = this.#series.values().flatMap((series) => this.#samplesOf(series)).toArray();
    return { name: this.#name, help: this.#help, type: "histogram", samples };
  }

  #samplesOf({ labels, counts, sum }: Series): Sample[] {
    let upTo = 0;
    const buckets = counts.map((count, i): Sample => {
      upTo += count;
      return ["_bucket", { ...labels, le: numeral(this.#bounds[i] ?? Infinity) }, upTo];
    });
    return [...buckets, ["_sum", labels, sum], ["_count", labels, upTo]];
  }
}
