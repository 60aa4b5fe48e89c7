import { DAY_MS, type EpochMs } from "./epoch.ts";
import type { CodeFailures } from "./lockout.ts";

/** A network that a user has logged in from, with the password and the code that they needed. */
export interface KnownPlace {
  /** The enrolled name of the user; for a user who is not enrolled, the name that PAM reported. */
  username: string;
  lastLoginAt: EpochMs;
  /** The wrong codes from here. They count apart, so that nobody elsewhere can lock the user out. */
  failures: CodeFailures;
}

/** A place stays known for this long after the last login, in milliseconds: four weeks. */
export const KNOWN_FOR_MS = 28 * DAY_MS;

/** A login makes no difference within this time after one that is recorded, in milliseconds: a day. */
const RECORDED_EVERY_MS = DAY_MS;

/** Says whether a user has logged in from a place in the last weeks. */
export function isKnown(place: KnownPlace | null, now: EpochMs): place is KnownPlace {
  return place !== null && now < place.lastLoginAt + KNOWN_FOR_MS;
}

/**
 * Says whether a login is to be recorded with a place. Writing each would cost all logins time, so that a
 * place is known for up to a day less than {@link KNOWN_FOR_MS} after the last one.
 */
export function isToBeRecorded(
  place: KnownPlace | null,
  { username, at }: { username: string; at: EpochMs },
): boolean {
  return place === null || place.username !== username ||
    // The clock may have been set back.
    Math.abs(at - place.lastLoginAt) >= RECORDED_EVERY_MS;
}
