import type { Attempt } from "../core/challenge.ts";
import { objectionToCommonName } from "../core/common_name.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import { exemptionHolds } from "../core/exemption.ts";
import type { SessionToken } from "../core/password_form.ts";
import { isUsername } from "../core/username.ts";
import { type PasswordVerdict, refused } from "../core/verdict.ts";
import { conclude } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";

/**
 * Decides about a session token. A token that OpenVPN has verified replaces password and code as
 * long as account and enrolment are as they were. Any other token is refused and never tried as a
 * password, which would count as the user's failure: the client then asks for the password, and a
 * new login begins.
 *
 * @throws Failure if the store or the first factor fails; the caller refuses
 */
export async function tokenStep(
  attempt: Attempt,
  { loginAt }: SessionToken,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const about = { step: "password", attempt } as const;
  const refuse = (verdict: PasswordVerdict) =>
    conclude(parts, about, () => Promise.resolve({ verdict }));
  if (!isUsername(attempt.loginName)) return await refuse(refused("bad_username"));
  const objection = objectionToCommonName(attempt, parts.rules.commonName);
  if (objection !== null) return await refuse(objection);
  if (loginAt === null) {
    return await refuse(refused("token_refused", "OpenVPN did not verify the token"));
  }
  const account = await parts.firstFactor.checkAccount(attempt);
  if (account.outcome === "refused") return await refuse(account);
  const { username } = account;
  return await conclude<PasswordVerdict>(parts, about, async ({ records, now }) => {
    const enrolment = await records.findEnrolment(username, attempt.loginName);
    const holdsFor = async (user: string) =>
      exemptionHolds(await records.findExemption(user), attempt.address, now);
    if (enrolment === null) {
      // Exempt users may stay as long as their exemption holds. All others are asked for the
      // password again.
      const isExempt = await holdsFor(username);
      return { verdict: isExempt ? ACCEPTED : refused("not_enrolled") };
    }
    const user = enrolment.username;
    const mayBeUncoded = await records.mayBeUncoded(user, loginAt) && !await holdsFor(user);
    return { verdict: judgeToken(loginAt, enrolment, mayBeUncoded), username: user };
  });
}

const ACCEPTED = { outcome: "accepted", by: "token" } as const;

/**
 * @param loginAt to the second: a token of the same second as an event may be older than the event
 * @param mayBeUncoded whether the login may have been one without a code that is not allowed now
 */
function judgeToken(
  loginAt: EpochMs,
  { tokensValidFrom, disabledAt }: Enrolment,
  mayBeUncoded: boolean,
): PasswordVerdict {
  if (disabledAt !== null) return refused("user_disabled");
  if (mayBeUncoded) return refused("token_refused", "that login was made without a code");
  return loginAt <= tokensValidFrom
    ? refused(
      "token_refused",
      "the user was enrolled again, disabled or restored from a backup after that login",
    )
    : ACCEPTED;
}
