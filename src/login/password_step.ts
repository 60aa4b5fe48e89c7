import type { Attempt } from "../core/challenge.ts";
import { lockedForSeconds, withinLongestLock } from "../core/lockout.ts";
import type { Redacted } from "../core/redacted.ts";
import type { SessionToken } from "../core/session_token.ts";
import type { ThrottleRule } from "../core/throttle.ts";
import { isUsername } from "../core/username.ts";
import {
  type PasswordVerdict,
  refused,
  refusedInWait,
  refusedWhileLocked,
} from "../core/verdict.ts";
import type { Enrolment, LoginStore } from "../store/store.ts";
import { PasswordThrottle } from "./password_throttle.ts";
import type { PrimaryAuthentication } from "./primary_authentication.ts";

/** What a client sends first, and what OpenVPN says about it. */
export interface PasswordRequest {
  attempt: Attempt;
  /** The bytes as they came; a password need not be UTF-8. */
  password: Redacted<Uint8Array<ArrayBuffer>>;
  /** The client can show a challenge (`crtext` in its `IV_SSO`). */
  canAnswer: boolean;
  /** The session token that came in the password's place, if one did. */
  token: SessionToken | null;
}

/** What {@link passwordStep} works with. */
export interface PasswordStepParts {
  primary: PrimaryAuthentication;
  /** Opened when it is needed. */
  openStore(): Promise<LoginStore>;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** How long a code is waited for. */
  challengeTimeoutSeconds: number;
  throttle: ThrottleRule;
}

/**
 * The first step of a login: the password, then a challenge for the code. A session token that
 * OpenVPN has verified stands for both, as long as account and enrolment are still there. Any other
 * token is refused, and never tried as a password, which would count as the user's failure: the
 * client then asks for the password, and a login from scratch begins.
 *
 * Whether the client can be challenged is looked at before the password, so that its refusal tells
 * nothing about the password.
 *
 * @throws Failure when store or PAM fail; the caller refuses
 */
export async function passwordStep(
  request: PasswordRequest,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const { attempt, password } = request;
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  if (request.token) return await tokenStep(attempt, request.token, parts);
  if (!request.canAnswer) return refused("client_without_crtext");
  if (password.reveal().includes(0)) return refused("bad_password");

  const store = await parts.openStore();
  const throttle = new PasswordThrottle(store, parts.throttle, attempt);
  const wait = await throttle.waitSeconds(parts.now());
  if (wait > 0) return refusedInWait(wait);

  const { loginName, address } = attempt;
  const primary = parts.primary.authenticate(loginName, password, address);
  const now = parts.now();
  if (primary.outcome === "refused") {
    if (primary.reason !== "pam_error") await throttle.failed(now);
    return primary;
  }
  const { username } = primary;
  const enrolment = await store.findEnrolment(username);
  if (enrolment === null) {
    // Not counting it would tell that the password was right.
    await throttle.failed(now);
    return refused("not_enrolled");
  }
  await throttle.passed();
  return await challenge(attempt, enrolment, store, parts);
}

/** Sends a challenge, unless the user's codes are locked. */
async function challenge(
  attempt: Attempt,
  { username, failures: kept }: Enrolment,
  store: LoginStore,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const now = parts.now();
  const failures = withinLongestLock(kept, now);
  if (failures !== kept) await store.saveFailures(username, failures);
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) return refusedWhileLocked(lockedFor);

  const recorded = await store.recordChallenge({
    ...attempt,
    username,
    createdAt: now,
    expiresAt: now + parts.challengeTimeoutSeconds * 1000,
    answer: null,
  });
  return recorded ? { outcome: "challenged" } : refused("not_enrolled");
}

async function tokenStep(
  attempt: Attempt,
  token: SessionToken,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  if (token.loginAt === null) {
    return refused("token_refused", "OpenVPN did not verify it");
  }
  const { loginName, address } = attempt;
  const account = parts.primary.checkAccount(loginName, address);
  if (account.outcome === "refused") return account;
  const store = await parts.openStore();
  const enrolment = await store.findEnrolment(account.username, loginName);
  if (enrolment === null) return refused("not_enrolled");
  // A token counts whole seconds: one of the second of the enrolment may be older.
  const isOlderThanSecret = token.loginAt <= enrolment.enrolledAt;
  return isOlderThanSecret
    ? refused("token_refused", "the user was enrolled anew since that login")
    : { outcome: "accepted", by: "token" };
}
