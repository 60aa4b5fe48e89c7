import type { Attempt } from "../core/challenge.ts";
import { isExempt } from "../core/exemption.ts";
import { lockedForSeconds, withinLongestLock } from "../core/lockout.ts";
import { Redacted } from "../text/redacted.ts";
import { type PasswordVerdict, refused, refusedWhileLocked } from "../core/verdict.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { LoginRecords } from "../store/store.ts";
import { type CheckedCode, judgeCode } from "./code_check.ts";
import { attemptIdOfState } from "./dynamic_challenge.ts";
import type { Decision, PasswordRequest, PasswordStepParts } from "./password_request.ts";

/** A notice need not be said again for so long, in milliseconds. */
const NOTICE_LASTS_MS = 24 * 60 * 60 * 1000;

/**
 * Decides after the right password: the code is next, unless the user may come in without, or not at
 * all.
 *
 * @param username PAM's name of the user
 * @param checked what was found of a code that came along; null without one
 */
export async function admit(
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

/** Records a challenge; or judges the code, where it came along. */
export async function askOrJudge(
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
