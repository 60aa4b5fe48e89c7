import type { Attempt } from "../core/challenge.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import { exemptionHolds } from "../core/exemption.ts";
import type { SessionToken } from "../core/password_form.ts";
import { isUsername } from "../core/username.ts";
import { type PasswordVerdict, refused } from "../core/verdict.ts";
import { conclude } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";

const SECOND_MS = 1000;

/**
 * Decides about a session token: one that OpenVPN has verified stands for password and code as long as
 * account and enrolment are as they were. Any other is refused, and never tried as a password, which
 * would count as the user's failure: the client then asks for the password, and a login from scratch
 * begins.
 *
 * @throws Failure when store or first factor fail; the caller refuses
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
      // Exempt users may stay as long as that holds. All others are asked for the password anew.
      const isExempt = await holdsFor(username);
      return { verdict: isExempt ? ACCEPTED : refused("not_enrolled") };
    }
    const isExempt = await holdsFor(enrolment.username);
    return { verdict: verdictOn(loginAt, enrolment, isExempt), username: enrolment.username };
  });
}

const ACCEPTED = { outcome: "accepted", by: "token" } as const;

/** @param loginAt to the second: a token of the second of an event may be older than the event */
function verdictOn(
  loginAt: EpochMs,
  { enrolledAt, disabledAt, uncodedLoginAt }: Enrolment,
  isExempt: boolean,
): PasswordVerdict {
  if (disabledAt !== null) return refused("user_disabled");
  const mayBeUncoded = uncodedLoginAt !== null && loginAt <= uncodedLoginAt + SECOND_MS;
  if (mayBeUncoded && !isExempt) {
    return refused("token_refused", "that login was made without a code");
  }
  return loginAt <= enrolledAt
    ? refused("token_refused", "the user was enrolled again after that login")
    : ACCEPTED;
}
