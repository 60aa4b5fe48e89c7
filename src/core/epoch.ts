/** A moment: milliseconds since 1970-01-01T00:00:00Z, as `Date.now()` gives it. */
export type EpochMs = number;

/** A day, in milliseconds. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** How far clocks are corrected in normal operation (a time server's step), in milliseconds. */
export const CORRECTED_BY_MS = 10_000;

/** Says whether something seems to have happened in the future, by more than a clock's correction. */
export function wasSetBack(happened: EpochMs, now: EpochMs): boolean {
  return now < happened - CORRECTED_BY_MS;
}
