import { codeAt, CORRECTED, DAY, NETWORKS, type Rules, SECOND } from "./login_rules.ts";

/** What is held against a user's codes. */
export interface Held {
  /** Different wrong codes since the last right one or lock. */
  wrongCodes: number;
  lastWrong: { code: string; at: number } | null;
  /** Locks of which none ended more than a day before the next. */
  locks: number;
  lockedUntil: number;
}

/** An enrolled user of the model; the held codes are those from places where nobody knows the user. */
export interface User extends Held {
  secret: string;
  isDisabled: boolean;
  /** Tokens of this moment or earlier are void. */
  tokensFrom: number;
  recoveryCodes: Set<string>;
  /** The newest accepted time step. */
  lastTimeStep: number | null;
}

/** From where and when a user needs no code. */
export interface Exempted {
  since: number;
  until: number | null;
  from: string | null;
}

/** The state that an administrator or a new secret resets wrong codes to. */
export const NOTHING_HELD: Held = {
  wrongCodes: 0,
  lastWrong: null,
  locks: 0,
  lockedUntil: 0,
};

/** A user with a new secret that has not been used. */
export function newUser(
  secret: string,
  enrolledAt: number,
  isDisabled: boolean,
): User {
  return {
    secret,
    isDisabled,
    tokensFrom: enrolledAt,
    lastTimeStep: null,
    ...NOTHING_HELD,
    recoveryCodes: new Set(),
  };
}

/** After a right code, only the locks of the last day are left. */
function forgiveCodes(held: Held, now: number): void {
  const { locks, lockedUntil } = held;
  const isOfDay = locks > 0 && now < lockedUntil + DAY;
  Object.assign(held, NOTHING_HELD, isOfDay ? { locks, lockedUntil } : {});
}

/** Says whether an exemption holds for a user from this address; it does not well before it was made. */
export function isExempt(
  exemption: Exempted | undefined,
  address: string | null,
  now: number,
): boolean {
  if (exemption === undefined) return false;
  const { since, until, from } = exemption;
  return since - CORRECTED <= now && now < (until ?? Infinity) &&
    (from === null || address !== null && NETWORKS[from]!(address));
}

/** A user, and what is held against their codes from where they log in now. */
export interface Judged {
  user: User;
  held: Held;
  /** How long a lock can be, in seconds. */
  longest: number;
}

/**
 * Judges a user's code, and stores what follows; `code` is null if the input is not a code. An
 * app's code counts once, and then no earlier one counts any more. A recovery code counts once.
 * Wrong codes count against a user only after the right password.
 */
export function judge(
  judged: Judged,
  code: string | null,
  now: number,
  rules: Rules,
): string {
  const { user, held, longest } = judged;
  // No lock is longer than the longest, though the clock was set back.
  held.lockedUntil = Math.min(held.lockedUntil, now + longest * SECOND);
  if (now < held.lockedUntil) return "refused codes_locked";
  if (code === null) return "refused malformed_code";
  if (user.recoveryCodes.delete(code)) {
    forgiveCodes(held, now);
    return "accepted recovery code";
  }
  const { driftSteps } = rules;
  const [offset] = [...Array(2 * driftSteps + 1).keys()]
    .map((i) => i - driftSteps)
    .filter((offset) => codeAt(user.secret, now, offset) === code)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  if (offset === undefined) return wrongCode(judged, code, now, rules);
  const step = Math.floor(now / SECOND / 30) + offset;
  if (step <= (user.lastTimeStep ?? -1)) return "refused code_used";
  forgiveCodes(held, now);
  user.lastTimeStep = step;
  return "accepted code";
}

function wrongCode(
  { held, longest }: Judged,
  code: string,
  now: number,
  { mode, driftSteps, maxFailures, lockoutSeconds }: Rules,
): string {
  // Anybody may be answering, so wrong codes lock nobody out.
  if (mode === "external") return "refused wrong_code";
  const window = (2 * driftSteps + 1) * 30 * SECOND;
  const { lastWrong } = held;
  const isAgain = lastWrong?.code === code && lastWrong.at <= now &&
    now < lastWrong.at + window;
  if (!isAgain) {
    held.lastWrong = { code, at: now };
    held.wrongCodes++;
  }
  if (held.wrongCodes < maxFailures) return "refused wrong_code";
  held.wrongCodes = 0;
  if (now >= held.lockedUntil + DAY) held.locks = 0;
  const length = lockoutSeconds * 2 ** held.locks++;
  held.lockedUntil = now + Math.min(length, longest) * SECOND;
  return "refused codes_locked";
}
