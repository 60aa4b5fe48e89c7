import type { Attempt } from "../core/challenge.ts";
import { isExempt } from "../core/exemption.ts";
import type { SessionToken } from "../core/session_token.ts";
import { type PasswordVerdict, refused } from "../core/verdict.ts";
import type { LoginRecords } from "../store/store.ts";
import { conclude, type Decision, type PasswordStepParts } from "./password_request.ts";

const SECOND_MS = 1000;

/**
 * Decides about a session token that OpenVPN has verified: it stands for password and code as long as
 * account and enrolment are as they were.
 *
 * @throws Failure when store or PAM fail; the caller refuses
 */
export async function tokenStep(
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
      const detail = "the user came in without a code at the time of that login";
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
