/** What is kept of a user's wrong codes. */
export interface CodeFailures {
  /** Different wrong codes in a row, since the last right one or the last lock. */
  count: number;
  /** Mark of the last wrong code: the same again isn't counted. */
  lastWrong: string | null;
  /** Locks in a row, since the last right code. */
  locks: number;
  /** When the last lock ends or ended; milliseconds since 1970-01-01T00:00:00Z, null without one. */
  lockedUntil: number | null;
}

/** Nothing is held against a user. */
export const NO_FAILURES: CodeFailures = {
  count: 0,
  lastWrong: null,
  locks: 0,
  lockedUntil: null,
};

/** How many wrong codes lock, and for how long. */
export interface LockoutRule {
  /** Wrong codes in a row that lock a user's codes. */
  maxFailures: number;
  /** Length of the first lock, in seconds; each further one in a row is twice as long. */
  lockoutSeconds: number;
}

/** No lock is longer: nobody is shut out for ever. */
export const LONGEST_LOCK_SECONDS = 3600;

/**
 * How long a user's codes are still locked.
 *
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 * @returns seconds, rounded up; 0 when there is no lock
 */
export function lockedForSeconds(
  failures: CodeFailures,
  nowMs: number,
): number {
  const left = (failures.lockedUntil ?? nowMs) - nowMs;
  return Math.max(0, Math.ceil(left / 1000));
}

/**
 * Shortens a lock that ends later than any lock can: the clock was set back meanwhile. It stays a
 * lock, but not for ever.
 *
 * @returns the same object when there is nothing to shorten
 */
export function withinLongestLock(
  failures: CodeFailures,
  nowMs: number,
): CodeFailures {
  return lockedForSeconds(failures, nowMs) <= LONGEST_LOCK_SECONDS
    ? failures
    : { ...failures, lockedUntil: nowMs + LONGEST_LOCK_SECONDS * 1000 };
}

/**
 * What a wrong code adds. The same code as the last time adds nothing: clients send it again when
 * they reconnect.
 *
 * @param mark tells wrong codes apart, without being one
 */
export function afterWrongCode(
  failures: CodeFailures,
  mark: string,
  rule: LockoutRule,
  nowMs: number,
): CodeFailures {
  if (failures.lastWrong === mark) return failures;
  const count = failures.count + 1;
  if (count < rule.maxFailures) {
    return { ...failures, count, lastWrong: mark };
  }
  const locks = failures.locks + 1;
  return {
    count: 0,
    lastWrong: mark,
    locks,
    lockedUntil: nowMs + lockLengthSeconds(locks, rule) * 1000,
  };
}

function lockLengthSeconds(locks: number, rule: LockoutRule): number {
  // Beyond 2^12 even a second has become longer than the longest.
  const doublings = Math.min(locks - 1, 12);
  return Math.min(rule.lockoutSeconds * 2 ** doublings, LONGEST_LOCK_SECONDS);
}
