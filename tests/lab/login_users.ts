import { codeAt, HOUR, NETWORKS, type Rules, SECOND } from "./login_rules.ts";

/** An enrolled user of the model. */
export interface User {
  secret: string;
  enrolledAt: number;
  isDisabled: boolean;
  /** When the user last came in without a code. */
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

/** Where and when somebody needs no code. */
export interface Exempted {
  since: number;
  until: number | null;
  from: string | null;
}

/** What a right code, an administrator and a new secret make of wrong codes. */
const NOTHING_HELD = {
  wrongCodes: 0,
  lastWrong: null,
  locks: 0,
  lockedUntil: 0,
};

/** Somebody with a secret that nobody has used yet. */
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

/** Forgets what is held against a user. */
export function forgive(user: User): void {
  Object.assign(user, NOTHING_HELD);
}

/** Says whether an exemption holds for somebody from there; not before it was made. */
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
 * Judges a user's code, which is null for what is none, and keeps what follows: an app's code counts
 * once, and none before it any more; a recovery code counts once. What is held against users are wrong
 * codes after the right password alone.
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
  // Who answers may be anybody: wrong codes lock nobody.
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
