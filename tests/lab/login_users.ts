import { codeAt, HOUR, NETWORKS, type Rules, SECOND } from "./login_rules.ts";

/** An enrolled user of the model. */
export interface User {
  secret: string;
  enrolledAt: number;
  isDisabled: boolean;
  /** When the user last logged in without a code. */
  uncodedAt: number | null;
  recoveryCodes: Set<string>;
  /** The newest accepted time step. */
  lastTimeStep: number | null;
  /** Different wrong codes since the last right one or lock. */
  wrongCodes: number;
  lastWrong: { code: string; at: number } | null;
  locks: number;
  lockedUntil: number;
}

/** From where and when a user needs no code. */
export interface Exempted {
  since: number;
  until: number | null;
  from: string | null;
}

/** The state that a right code, an administrator or a new secret resets wrong codes to. */
const NOTHING_HELD = {
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
    enrolledAt,
    isDisabled,
    lastTimeStep: null,
    ...NOTHING_HELD,
    recoveryCodes: new Set(),
    uncodedAt: null,
  };
}

/** Forgets the failures that count against a user. */
export function forgive(user: User): void {
  Object.assign(user, NOTHING_HELD);
}

/** Says whether an exemption holds for a user from this address; it does not before it was made. */
export function isExempt(
  exemption: Exempted | undefined,
  address: string | null,
  now: number,
): boolean {
  if (exemption === undefined) return false;
  const { since, until, from } = exemption;
  return since <= now && now < (until ?? Infinity) &&
    (from === null || address !== null && NETWORKS[from]!(address));
}

/**
 * Judges a user's code, and stores what follows; `code` is null if the input is not a code. An
 * app's code counts once, and then no earlier one counts any more. A recovery code counts once.
 * Wrong codes count against a user only after the right password.
 */
export function judge(
  user: User,
  code: string | null,
  now: number,
  rules: Rules,
): string {
  if (now < user.lockedUntil) return "refused codes_locked";
  if (code === null) return "refused malformed_code";
  if (user.recoveryCodes.delete(code)) {
    forgive(user);
    return "accepted recovery code";
  }
  const { driftSteps } = rules;
  const [offset] = [...Array(2 * driftSteps + 1).keys()]
    .map((i) => i - driftSteps)
    .filter((offset) => codeAt(user.secret, now, offset) === code)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  if (offset === undefined) return wrongCode(user, code, now, rules);
  const step = Math.floor(now / SECOND / 30) + offset;
  if (step <= (user.lastTimeStep ?? -1)) return "refused code_used";
  forgive(user);
  user.lastTimeStep = step;
  return "accepted code";
}

function wrongCode(
  user: User,
  code: string,
  now: number,
  { mode, driftSteps, maxFailures, lockoutSeconds }: Rules,
): string {
  // Anybody may be answering, so wrong codes lock nobody out.
  if (mode === "external") return "refused wrong_code";
  const window = (2 * driftSteps + 1) * 30 * SECOND;
  const { lastWrong } = user;
  const isAgain = lastWrong?.code === code && lastWrong.at <= now &&
    now < lastWrong.at + window;
  if (!isAgain) {
    user.lastWrong = { code, at: now };
    user.wrongCodes++;
  }
  if (user.wrongCodes < maxFailures) return "refused wrong_code";
  user.wrongCodes = 0;
  const length = lockoutSeconds * SECOND * 2 ** user.locks++;
  user.lockedUntil = now + Math.min(length, HOUR);
  return "refused codes_locked";
}
