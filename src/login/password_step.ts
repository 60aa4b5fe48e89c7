import type { Attempt } from "../core/challenge.ts";
import type { ChallengeMethod } from "../core/challenge_method.ts";
import type { Code } from "../core/code.ts";
import { isExempt } from "../core/exemption.ts";
import { lockedForSeconds, withinLongestLock } from "../core/lockout.ts";
import { Redacted } from "../core/redacted.ts";
import type { SessionToken } from "../core/session_token.ts";
import { isUsername } from "../core/username.ts";
import {
  type PasswordVerdict,
  REASONS,
  type Refused,
  refused,
  refusedInWait,
  refusedUnproven,
  refusedWhileLocked,
} from "../core/verdict.ts";
import type { Enrolment, LoginRecords, LoginStore } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import {
  checkCode,
  type CheckedCode,
  type CodeCheckParts,
  judgeCode,
} from "./code_check.ts";
import { attemptIdOfState } from "./dynamic_challenge.ts";
import type { PlaceThrottle } from "./place_throttle.ts";
import type { PrimaryAuthentication } from "./primary_authentication.ts";

/** What a client sends first, and what OpenVPN says about it. */
export interface PasswordRequest {
  attempt: Attempt;
  /** The bytes as they came; a password need not be UTF-8. */
  password: Redacted<Uint8Array<ArrayBuffer>>;
  /** How to get the code; null when there is no way. */
  method: ChallengeMethod | null;
  /** The code that came along (`static`, `append`); null when it is none, or didn't. */
  code: Redacted<Code> | null;
  /** The session token that came in the password's place, if one did. */
  token: SessionToken | null;
}

/** What {@link passwordStep} works with. */
export interface PasswordStepParts extends CodeCheckParts {
  /** Null where another factor decides about the password (`totpPrimaryAuth external`). */
  primary: PrimaryAuthentication | null;
  store: LoginStore;
  audit: Audit;
  throttle: PlaceThrottle;
  /** How long a code is waited for. */
  challengeTimeoutSeconds: number;
  /** Gives what nobody can guess, for a dynamic challenge. */
  newStateId(): string;
  /** Users who aren't enrolled get in by their password (`totpUnenrolled allow`). */
  admitsUnenrolled: boolean;
  /** What to say once a day of logins that go on to a code; null for nothing. */
  notice: { name: string; text: string } | null;
}

/** A verdict, and the enrolled user that it is about, where one is known. */
interface Decision {
  verdict: PasswordVerdict;
  username?: string;
}

const SECOND_MS = 1000;

/** A notice need not be said again for so long, in milliseconds. */
const NOTICE_LASTS_MS = 24 * 60 * 60 * 1000;

/**
 * The first step of a login: the password, then a challenge for the code, unless the code came along.
 * A session token that OpenVPN has verified stands for both, as long as account and enrolment are
 * still there. Any other token is refused, and never tried as a password, which would count as the
 * user's failure: the client then asks for the password, and a login from scratch begins.
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
    const { loginName } = attempt;
    const checked = await checkAhead(loginName, request, parts);
    return await conclude(
      parts,
      (records) => admitUnproven(request, checked, records, parts),
    );
  }

  const early = await countBeforehand(parts);
  if (early !== null) return early;
  const { loginName, address } = attempt;
  const result = await parts.primary.authenticate(loginName, password, address);
  const checked = result.outcome === "passed"
    ? await checkAhead(result.username, request, parts)
    : null;
  return await conclude(parts, async (records) => {
    if (result.outcome === "passed") {
      const decision = await admit(
        ...[request, result.username, checked, records, parts] as const,
      );
      return request.method === null
        ? { ...decision, verdict: masked(decision.verdict) }
        : decision;
    }
    // It stays counted even where PAM failed: its modules may have looked at the password.
    return { verdict: request.method === null ? masked(result) : result };
  });
}

/** To a client that no way of asking reaches, every refusal looks like that: none tells of the password. */
function masked(verdict: PasswordVerdict): PasswordVerdict {
  return verdict.outcome === "refused"
    ? { ...verdict, told: REASONS.client_without_method }
    : verdict;
}

/** What speaks against a request as it is. */
function objectionTo(
  { attempt, password, token }: PasswordRequest,
): Refused | null {
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  if (token !== null) {
    return token.loginAt === null
      ? refused("token_refused", "OpenVPN did not verify it")
      : null;
  }
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

/** Checks a code that came along before the transaction, in which others wait. */
async function checkAhead(
  username: string,
  { code }: PasswordRequest,
  parts: PasswordStepParts,
): Promise<CheckedCode | null> {
  const enrolment = code === null
    ? null
    : await parts.store.findEnrolment(username);
  // A disabled user's must take no longer than a wrong password.
  return code === null || enrolment === null || enrolment.disabledAt !== null
    ? null
    : await checkCode(code, enrolment, parts);
}

/** After the right password: the code, unless the user may come in without, or not at all. */
async function admit(
  request: PasswordRequest,
  username: string,
  checked: CheckedCode | null,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const { address } = request.attempt;
  const now = parts.now();
  const enrolment = await records.findEnrolment(username);
  // These attempts stay counted: else they would tell that the password was right.
  if (enrolment !== null && enrolment.disabledAt !== null) {
    return { verdict: refused("user_disabled"), username };
  }
  if (isExempt(await records.findExemption(username), address, now)) {
    await parts.throttle.passed(records);
    await records.recordUncodedLogin(username, now);
    return { verdict: { outcome: "accepted", by: "exemption" }, username };
  }
  if (enrolment === null) {
    if (!parts.admitsUnenrolled) {
      return { verdict: refused("not_enrolled"), username };
    }
    await parts.throttle.passed(records);
    const warning = "not enrolled, and let in by totpUnenrolled allow: " +
      "openvpn-totp enroll USER";
    return {
      verdict: { outcome: "accepted", by: "password", warning },
      username,
    };
  }
  if (request.method === null) {
    return { verdict: refused("client_without_method"), username };
  }
  await parts.throttle.passed(records);
  const held = withinLongestLock(enrolment.failures, now);
  if (held !== enrolment.failures) await records.saveFailures(username, held);
  const user = { ...enrolment, failures: held };
  const lockedFor = lockedForSeconds(held, now);
  if (lockedFor > 0) {
    return { verdict: refusedWhileLocked(lockedFor), username };
  }
  return await askOrJudge(request, user, checked, records, parts);
}

/** Sends a challenge; or judges the code, where it came along. */
async function askOrJudge(
  { attempt, method, code }: PasswordRequest,
  enrolment: Enrolment,
  checked: CheckedCode | null,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const { username } = enrolment;
  if (method === null) {
    return { verdict: refused("client_without_method"), username };
  }
  if (method === "crtext" || method === "dynamic") {
    return {
      verdict: await challenge(attempt, method, username, records, parts),
      username,
    };
  }
  const { loginName } = attempt;
  const isProven = parts.primary !== null;
  const verdict = await judgeCode(
    { enrolment, loginName, code, checked, isProven },
    records,
    parts.now(),
    parts,
  );
  return { verdict, username };
}

/**
 * Where another factor decides about the password, and nobody knows yet how: everybody gets a
 * challenge, lest a stranger learns who is enrolled or locked; and a code that came along is judged
 * without a word of what was wrong. Each attempt counts as a failure until its code is right: left
 * unanswered, it would be a free guess at the password.
 */
async function admitUnproven(
  request: PasswordRequest,
  checked: CheckedCode | null,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const { attempt, method } = request;
  const now = parts.now();
  const wait = await parts.throttle.waitSeconds(records, now);
  if (wait > 0) return { verdict: refusedInWait(wait) };
  const exemption = await records.findExemption(attempt.loginName);
  const enrolment = await records.findEnrolment(attempt.loginName);
  const isDisabled = enrolment !== null && enrolment.disabledAt !== null;
  // The name is anybody's claim here: the certificate has to bear it out.
  const isNamed = attempt.commonName === attempt.loginName;
  if (!isDisabled && isNamed && isExempt(exemption, attempt.address, now)) {
    return { verdict: { outcome: "accepted", by: "exemption" } };
  }
  if (method === null) return { verdict: refused("client_without_method") };
  await parts.throttle.count(records, now);
  if (enrolment !== null && !isDisabled) {
    const decision = await askOrJudge(
      ...[request, enrolment, checked, records, parts] as const,
    );
    const { verdict } = decision;
    if (verdict.outcome === "accepted") await parts.throttle.passed(records);
    return verdict.outcome === "refused"
      ? { ...decision, verdict: refusedUnproven(verdict) }
      : decision;
  }
  const reason = isDisabled ? "user_disabled" : "not_enrolled";
  if (method === "static" || method === "append") {
    return { verdict: refusedUnproven(refused(reason)) };
  }
  const stateId = method === "dynamic"
    ? { stateId: new Redacted(parts.newStateId()) }
    : {};
  return { verdict: { outcome: "challenged", by: method, reason, ...stateId } };
}

async function challenge(
  attempt: Attempt,
  method: "crtext" | "dynamic",
  username: string,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const now = parts.now();
  const stateId = method === "dynamic" ? parts.newStateId() : null;
  await records.recordChallenge({
    ...attempt,
    // The answer comes on another connection, which has this alone in common with ours.
    id: stateId === null ? attempt.id : await attemptIdOfState(stateId),
    username,
    createdAt: now,
    expiresAt: now + parts.challengeTimeoutSeconds * 1000,
    answer: null,
  });
  const { notice } = parts;
  const isDue = notice !== null &&
    await records.isNoticeDue(notice.name, now, now - NOTICE_LASTS_MS);
  return {
    outcome: "challenged",
    by: method,
    ...stateId === null ? {} : { stateId: new Redacted(stateId) },
    ...isDue ? { warning: notice.text } : {},
  };
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
    if (enrolment === null) {
      return await tokenWithoutEnrolment(
        account.username,
        attempt,
        records,
        parts,
      );
    }
    const { username, enrolledAt, disabledAt, uncodedLoginAt } = enrolment;
    if (disabledAt !== null) {
      return { verdict: refused("user_disabled"), username };
    }
    const exemption = await records.findExemption(username);
    const mayBeUncoded = uncodedLoginAt !== null &&
      (token.loginAt ?? 0) <= uncodedLoginAt + SECOND_MS;
    if (mayBeUncoded && !isExempt(exemption, address, parts.now())) {
      const detail =
        "the user came in without a code at the time of that login";
      return { verdict: refused("token_refused", detail), username };
    }
    // A token counts whole seconds: one of the second of the enrolment may be older.
    const isOlderThanSecret = (token.loginAt ?? 0) <= enrolledAt;
    const verdict: PasswordVerdict = isOlderThanSecret
      ? refused("token_refused", "the user was enrolled anew since that login")
      : { outcome: "accepted", by: "token" };
    return { verdict, username };
  });
}

/** Who is exempt may stay as long as that holds. Everybody else is asked for the password anew. */
async function tokenWithoutEnrolment(
  username: string,
  { address }: Attempt,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const exemption = await records.findExemption(username);
  return {
    verdict: isExempt(exemption, address, parts.now())
      ? { outcome: "accepted", by: "token" }
      : refused("not_enrolled"),
  };
}
