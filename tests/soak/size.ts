import { RUNS_FACTOR } from "../lab/fuzz.ts";

/** Seconds that `deno task soak` gives the load; unset in an ordinary run of the tests. */
const SOAK_SECONDS = Number(Deno.env.get("OVTOTP_SECONDS") ?? NaN);

/** These tests run for long, and may say what they measured. */
export const IS_SOAK = Number.isFinite(SOAK_SECONDS);

/** How long the load lasts, in seconds. */
export const LOAD_SECONDS = IS_SOAK ? SOAK_SECONDS : 3;

/** How many calls are under way at once. */
export const AT_ONCE = IS_SOAK ? 50 : 12;

/** `count` in an ordinary run, and `OVTOTP_RUNS` times as many in a longer one. */
export function times(count: number): number {
  return Math.ceil(count * RUNS_FACTOR);
}

/** Prints a line of figures; nothing in an ordinary run. */
export function report(line: string): void {
  if (!IS_SOAK) return;
  Deno.stdout.writeSync(new TextEncoder().encode(`  ${line}\n`));
}

/** The value that `share` (0 to 1) of the others don't exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(share * sorted.length))
  ]!;
}
