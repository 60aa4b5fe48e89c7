import { DAY_MS, type EpochMs } from "./epoch.ts";

/** What is stored about a user's wrong codes. */
export interface CodeFailures {
  /** Different wrong codes in a row since the last right code or the last lock. */
  count: number;
  /** Mark of the last wrong code that was counted. */
  lastWrong: string | null;
  /** When that code was given. */
  lastWrongAt: EpochMs | null;
  /** Locks of which none ended more than a day before the next began. */
  locks: number;
  /** When the last lock ends or ended; null if there was none. */
  lockedUntil: EpochMs | null;
}

/** No failures are held against the user. */
export const NO_FAILURES: CodeFailures = {
  count: 0,
  lastWrong: null,
  lastWrongAt: null,
  locks: 0,
  lockedUntil: null,
};

/** Says whether nothing is held against the user ({@link NO_FAILURES}). */
export function hasNoFailures(failures: CodeFailures): boolean {
  const { count, lastWrong, lastWrongAt, locks, lockedUntil } = failures;
  return count === 0 && lastWrong === null && lastWrongAt === null && locks === 0 &&
    lockedUntil === null;
}

/** How many wrong codes cause a lock, and how long it lasts. */
export interface LockoutRule {
  /** How many wrong codes in a row lock a user's codes. */
  maxFailures: number;
  /** Length of the first lock, in seconds; each further lock of a day is twice as long. */
  lockoutSeconds: number;
}

/**
 * No lock is longer than this, in seconds, and nobody is locked out for ever: an hour where the user
 * is known (`KnownPlace`), as most wrong codes are the user's own there; a day for all other places.
 */
export const LONGEST_LOCK_SECONDS = { known: 3600, unknown: 24 * 3600 };

/** After this long without a lock, the next one is as short as the first, in milliseconds. */
const LOCKS_COUNT_FOR_MS = DAY_MS;

/**
 * How long a user's codes are still locked.
 *
 * @returns seconds, rounded up; 0 if there is no lock
 */
export function lockedForSeconds(
  failures: CodeFailures,
  now: EpochMs,
): number {
  const left = (failures.lockedUntil ?? now) - now;
  return Math.max(0, Math.ceil(left / 1000));
}

/**
 * When a user's lock ends.
 *
 * @returns null if there is no lock
 */
export function lockEnd(failures: CodeFailures, now: EpochMs): EpochMs | null {
  return lockedForSeconds(failures, now) > 0 ? failures.lockedUntil : null;
}

/**
 * Shortens a lock that ends later than any lock can, because the clock was set back. The user stays
 * locked, but not for ever.
 *
 * @returns the same object if there is nothing to shorten
 */
export function withinLongestLock(
  failures: CodeFailures,
  now: EpochMs,
  longestSeconds: number,
): CodeFailures {
  return lockedForSeconds(failures, now) <= longestSeconds
    ? failures
    : { ...failures, lockedUntil: now + longestSeconds * 1000 };
}

/** A wrong code, as far as counting needs it. */
export interface WrongCode {
  /** Distinguishes codes without revealing them. */
  mark: string;
  at: EpochMs;
  /**
   * How long repeating the same wrong code counts as the same try, in milliseconds: the length of
   * the drift window. After that it is a guess like any other.
   */
  staysWrongMs: number;
}

/**
 * What a wrong code adds. Repeating the same code adds nothing for a while, because clients send it
 * again when they reconnect. By then the code may have become right, so repeating it covers the
 * steps of up to two drift windows for one count.
 *
 * @param longestSeconds of {@link LONGEST_LOCK_SECONDS}
 */
export function afterWrongCode(
  failures: CodeFailures,
  wrong: WrongCode,
  rule: LockoutRule,
  longestSeconds: number,
): CodeFailures {
  const { lastWrong, lastWrongAt } = failures;
  const isRepeated = lastWrong === wrong.mark && lastWrongAt !== null &&
    lastWrongAt <= wrong.at && wrong.at < lastWrongAt + wrong.staysWrongMs;
  const counted = isRepeated ? failures : {
    ...failures,
    count: failures.count + 1,
    lastWrong: wrong.mark,
    lastWrongAt: wrong.at,
  };
  if (counted.count < rule.maxFailures) return counted;
  const locks = locksOfDay(counted, wrong.at) + 1;
  const seconds = Math.min(rule.lockoutSeconds * 2 ** (locks - 1), longestSeconds);
  return { ...counted, count: 0, locks, lockedUntil: wrong.at + seconds * 1000 };
}

/**
 * What is left after a right code: no wrong codes, but the locks of the last day. Otherwise somebody
 * who guesses would start over with each login of the user.
 */
export function afterRightCode(failures: CodeFailures, now: EpochMs): CodeFailures {
  const locks = locksOfDay(failures, now);
  return locks === 0 ? NO_FAILURES : { ...NO_FAILURES, locks, lockedUntil: failures.lockedUntil };
}

function locksOfDay({ locks, lockedUntil }: CodeFailures, now: EpochMs): number {
  return lockedUntil !== null && now < lockedUntil + LOCKS_COUNT_FOR_MS ? locks : 0;
}
