import type { Attempt } from "../core/challenge.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import { type CodeFailures, LONGEST_LOCK_SECONDS, withinLongestLock } from "../core/lockout.ts";
import { pairKey } from "../core/throttle.ts";
import type { Transaction } from "./conclude.ts";
import { knownPlaceAt } from "./place_throttle.ts";

/** The wrong codes that are held against a login. */
export interface HeldCodes {
  failures: CodeFailures;
  /** No lock is longer than this, in seconds. */
  longestLockSeconds: number;
  save(failures: CodeFailures): Promise<void>;
}

/**
 * Finds the wrong codes that are held against a login. Where the user is known, only those from there
 * count; from all other places, they count together. So somebody elsewhere who has the password
 * cannot keep the user out.
 */
export async function heldCodes(
  attempt: Attempt,
  enrolment: Enrolment,
  transaction: Transaction,
): Promise<HeldCodes> {
  const { records, now } = transaction;
  const { username } = enrolment;
  const key = pairKey(attempt.loginName, attempt.address);
  const place = await knownPlaceAt(records, key, now);
  if (place === null || place.username !== username) {
    const save = (failures: CodeFailures) => records.saveFailures(username, failures);
    return await held(enrolment.failures, LONGEST_LOCK_SECONDS.unknown, save, now);
  }
  const save = (failures: CodeFailures) => records.saveKnownPlace(key, { ...place, failures });
  return await held(place.failures, LONGEST_LOCK_SECONDS.known, save, now);
}

/** Shortens a lock that is longer than any can be. It is saved: otherwise it would never end. */
async function held(
  stored: CodeFailures,
  longestLockSeconds: number,
  save: HeldCodes["save"],
  now: EpochMs,
): Promise<HeldCodes> {
  const failures = withinLongestLock(stored, now, longestLockSeconds);
  if (failures !== stored) await save(failures);
  return { failures, longestLockSeconds, save };
}
