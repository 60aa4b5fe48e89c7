import type { EpochMs } from "../../core/epoch.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import { lockEnd } from "../../core/lockout.ts";
import type { PlaceCodes } from "../../store/store.ts";

/** The wrong codes that are held against a user, from everywhere. */
export interface HeldCodes {
  wrongCodes: number;
  /** When the last lock ends; null if no codes are locked anywhere. */
  lockedUntil: EpochMs | null;
}

/**
 * Sums up the wrong codes that are held against a user. Those from networks where the user is known
 * count apart, and lock only the codes from there.
 *
 * @param places those of the user; others' are passed over
 */
export function heldCodesOf(
  { username, failures }: Enrolment,
  places: readonly PlaceCodes[],
  now: EpochMs,
): HeldCodes {
  const own = places.filter((place) => place.username === username);
  const all = [failures, ...own.map((place) => place.failures)];
  const ends = all.flatMap((one) => lockEnd(one, now) ?? []);
  return {
    wrongCodes: all.reduce((sum, { count }) => sum + count, 0),
    lockedUntil: ends.length === 0 ? null : Math.max(...ends),
  };
}
