import type { Attempt } from "../core/challenge.ts";
import { lockedForSeconds, withinLongestLock } from "../core/lockout.ts";
import type { Redacted } from "../core/redacted.ts";
import type { SessionToken } from "../core/session_token.ts";
import { isUsername } from "../core/username.ts";
import {
  type PasswordVerdict,
  type Refused,
  refused,
  refusedInWait,
  refusedWhileLocked,
} from "../core/verdict.ts";
import type { Enrolment, LoginRecords, LoginStore } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import type { PlaceThrottle } from "./place_throttle.ts";
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
  /** Null where another factor decides about the password (`totpPrimaryAuth external`). */
  primary: PrimaryAuthentication | null;
  store: LoginStore;
  audit: Audit;
  throttle: PlaceThrottle;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** How long a code is waited for. */
  challengeTimeoutSeconds: number;
}

/** A verdict, and the enrolled user that it is about, where one is known. */
interface Decision {
  verdict: PasswordVerdict;
  username?: string;
}

/**
 * The first step of a login: the password, then a challenge for the code. A session token that
 * OpenVPN has verified stands for both, as long as account and enrolment are still there. Any other
 * token is refused, and never tried as a password, which would count as the user's failure: the
 * client then asks for the password, and a login from scratch begins.
 *
 * By the time that a verdict is given, it has been committed, with its line of the audit trail.
 *
 * @throws Failure when store or PAM fail; the caller refuses
 */
export async function passwordStep(
  request: PasswordRequest,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const { attempt, password, token } = request;
  const objection = objectionTo(request);
  if (objection !== null) {
    return await conclude(parts, () => Promise.resolve({ verdict: objection }));
  }
  if (token !== null) return await tokenStep(attempt, token, parts);
  if (parts.primary === null) {
    return await conclude(
      parts,
      (records) => challengeUnproven(attempt, records, parts),
    );
  }

  const inWait = await countBeforehand(parts);
  if (inWait !== null) return inWait;
  const { loginName, address } = attempt;
  const result = await parts.primary.authenticate(loginName, password, address);
  return await conclude(parts, async (records) => {
    if (result.outcome === "passed") {
      return await challengeUser(attempt, result.username, records, parts);
    }
    // It stays counted even where PAM failed: its modules may have looked at the password.
    return { verdict: result };
  });
}

/**
 * What speaks against a request as it is. Whether the client can be challenged is looked at before
 * the password, so that its refusal tells nothing about the password.
 */
function objectionTo(
  { attempt, password, canAnswer, token }: PasswordRequest,
): Refused | null {
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  if (token !== null) {
    return token.loginAt === null
      ? refused("token_refused", "OpenVPN did not verify it")
      : null;
  }
  if (!canAnswer) return refused("client_without_crtext");
  return password.reveal().includes(0) ? refused("bad_password") : null;
}

/** Decides in one transaction, which the audit trail is part of. */
function conclude(
  parts: PasswordStepParts,
  decide: (records: LoginRecords) => Promise<Decision>,
): Promise<PasswordVerdict> {
  return parts.store.transaction(async (records) => {
    const { verdict, username } = await decide(records);
    await parts.audit.record(records, verdict, parts.now(), username);
    return verdict;
  });
}

/**
 * Counts the attempt as a failure before PAM is asked, so that neither another server meanwhile nor
 * a crash gives away a guess.
 *
 * @returns the refusal inside a wait
 */
function countBeforehand(parts: PasswordStepParts): Promise<Refused | null> {
  const { store, throttle, audit } = parts;
  return store.transaction(async (records) => {
    const now = parts.now();
    const wait = await throttle.waitSeconds(records, now);
    if (wait > 0) return await audit.record(records, refusedInWait(wait), now);
    await throttle.count(records, now);
    return null;
  });
}

/** After the right password: a challenge, unless the user isn't enrolled or the codes are locked. */
async function challengeUser(
  attempt: Attempt,
  username: string,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const enrolment = await records.findEnrolment(username);
  // The attempt stays counted: else it would tell that the password was right.
  if (enrolment === null) return { verdict: refused("not_enrolled"), username };
  await parts.throttle.passed(records);

  const now = parts.now();
  const failures = withinLongestLock(enrolment.failures, now);
  if (failures !== enrolment.failures) {
    await records.saveFailures(username, failures);
  }
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) {
    return { verdict: refusedWhileLocked(lockedFor), username };
  }
  return await challenge(attempt, enrolment, records, parts);
}

/**
 * Where another factor decides about the password, and nobody knows yet how: everybody gets a
 * challenge, lest a stranger learns who is enrolled or locked. Each one counts as a failure until its
 * answer is right: left unanswered, it would be a free guess at the password.
 */
async function challengeUnproven(
  attempt: Attempt,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const wait = await parts.throttle.waitSeconds(records, parts.now());
  if (wait > 0) return { verdict: refusedInWait(wait) };
  await parts.throttle.count(records, parts.now());
  const enrolment = await records.findEnrolment(attempt.loginName);
  return enrolment === null
    ? { verdict: { outcome: "challenged", reason: "not_enrolled" } }
    : await challenge(attempt, enrolment, records, parts);
}

async function challenge(
  attempt: Attempt,
  { username }: Enrolment,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const now = parts.now();
  await records.recordChallenge({
    ...attempt,
    username,
    createdAt: now,
    expiresAt: now + parts.challengeTimeoutSeconds * 1000,
    answer: null,
  });
  return { verdict: { outcome: "challenged" }, username };
}

async function tokenStep(
  attempt: Attempt,
  token: SessionToken,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const { loginName, address } = attempt;
  const account = await parts.primary?.checkAccount(loginName, address) ??
    { outcome: "passed", username: loginName };
  return await conclude(parts, async (records) => {
    if (account.outcome === "refused") return { verdict: account };
    const enrolment = await records.findEnrolment(account.username, loginName);
    if (enrolment === null) return { verdict: refused("not_enrolled") };
    const { username, enrolledAt } = enrolment;
    // A token counts whole seconds: one of the second of the enrolment may be older.
    const isOlderThanSecret = (token.loginAt ?? 0) <= enrolledAt;
    const verdict: PasswordVerdict = isOlderThanSecret
      ? refused("token_refused", "the user was enrolled anew since that login")
      : { outcome: "accepted", by: "token" };
    return { verdict, username };
  });
}
