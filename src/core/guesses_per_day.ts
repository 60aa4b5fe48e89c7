import { DAY_MS, type EpochMs } from "./epoch.ts";
import { afterWrongCode, lockedForSeconds, type LockoutRule, NO_FAILURES } from "./lockout.ts";

/** How long a guess takes at the very least, in milliseconds; no connection is that fast. */
const GUESS_MS = 1;

/**
 * How many codes somebody who knows a user's password can try within a day, if the user does not
 * log in meanwhile: each guess is another wrong code, sent as soon as the lock before it ends.
 *
 * @param longestSeconds of `LONGEST_LOCK_SECONDS`
 */
export function guessesPerDay(rule: LockoutRule, longestSeconds: number): number {
  let guesses = 0;
  let failures = NO_FAILURES;
  for (let now: EpochMs = 0; now < DAY_MS;) {
    guesses++;
    const wrong = { mark: String(guesses), at: now, staysWrongMs: 0 };
    failures = afterWrongCode(failures, wrong, rule, longestSeconds);
    now += GUESS_MS + lockedForSeconds(failures, now) * 1000;
  }
  return guesses;
}

/**
 * How likely it is that one of some guesses is right. At any moment, the codes of all time steps in
 * the drift window are accepted (RFC 6238 section 5.2), and a guess that is sent again covers those
 * of up to two drift windows (see `afterWrongCode`).
 *
 * @param digits length of the codes
 * @param driftSteps how many time steps before and after the current one count, too
 * @returns from 0 to 1
 */
export function chanceOfGuessing(guesses: number, digits: number, driftSteps: number): number {
  const covered = 2 * (2 * driftSteps + 1);
  return 1 - (1 - covered / 10 ** digits) ** guesses;
}
