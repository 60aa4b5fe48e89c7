import fc from "fast-check";

/** Seed of the random inputs: the same in each run, so that a failure can be reproduced. */
export const SEED = numberFrom("OVTOTP_SEED", 20_260);

/** Factor for the number of runs that a test asks for. */
export const RUNS_FACTOR = numberFrom("OVTOTP_RUNS", 1);

/**
 * Runs a property of fast-check on random inputs; a failure shows the seed and a counterexample. To
 * make a long run with other inputs, set `OVTOTP_SEED=$RANDOM OVTOTP_RUNS=100` in the environment.
 *
 * @param runs the number of inputs
 * @param examples inputs to begin with, which are included in `runs`
 */
export function holds<T>(
  property: fc.IAsyncProperty<T>,
  runs?: number,
  examples?: T[],
): Promise<void>;
export function holds<T>(
  property: fc.IProperty<T>,
  runs?: number,
  examples?: T[],
): void;
export function holds<T>(
  property: fc.IProperty<T> | fc.IAsyncProperty<T>,
  runs = 300,
  examples: T[] = [],
): void | Promise<void> {
  return fc.assert(property as fc.IProperty<T>, {
    seed: SEED,
    examples,
    numRuns: Math.ceil(runs * RUNS_FACTOR),
  });
}

/** Any JavaScript string, including unpaired surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
);

/** Text made of pieces that could confuse a parser, with any text between them. */
export function textWith(...pieces: string[]): fc.Arbitrary<string> {
  return fc.array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...pieces), weight: 3 },
      { arbitrary: anyText, weight: 1 },
    ),
    { maxLength: 12 },
  ).map((parts) => parts.join(""));
}

/** A moment in milliseconds since 1970-01-01T00:00:00Z, up to the year 2100. */
export const moment: fc.Arbitrary<number> = fc.integer({
  min: 0,
  max: Date.UTC(2100),
});

function numberFrom(variable: string, otherwise: number): number {
  const text = Deno.env.get(variable);
  const number = text ? Number(text) : otherwise;
  if (Number.isFinite(number)) return number;
  throw new Error(`${variable} is no number`);
}
