import type { Enrolment } from "../core/enrolment.ts";
import { type PasswordVerdict, refused, refusedInWait, refusedUnproven } from "../core/verdict.ts";
import { askOrJudge, type Entry } from "./admission.ts";
import { challenged } from "./challenge.ts";
import type { Conclusion, Transaction } from "./conclude.ts";
import { admitByExemption } from "./exemption_entry.ts";
import type { LoginParts } from "./login_parts.ts";
import { PlaceThrottle } from "./place_throttle.ts";

/**
 * Decides when another factor checks the password and its result is not known yet. Everybody gets a
 * challenge, so that no stranger learns who is enrolled or locked. A code that came with the
 * password is judged without telling what was wrong. Each attempt counts as a failure until its
 * code is right: otherwise an unanswered challenge would be a free guess at the password.
 */
export async function admitUnproven(
  login: Entry,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Conclusion<PasswordVerdict>> {
  const { records, now } = transaction;
  const { request: { attempt, method }, username } = login;
  const throttle = new PlaceThrottle(parts.rules.throttle, attempt);
  const wait = await throttle.waitSeconds(records, now);
  if (wait > 0) return { verdict: refusedInWait(wait) };
  const enrolment = await records.findEnrolment(username);
  const isDisabled = enrolment !== null && enrolment.disabledAt !== null;
  // Anybody can claim this name, so the certificate must confirm it.
  if (!isDisabled && attempt.commonName === username) {
    const entered = await admitByExemption({ username, address: attempt.address }, transaction);
    if (entered !== null) return { verdict: entered };
  }
  if (method === null) return { verdict: refused("client_without_method") };
  const counted = await throttle.count(records, now);
  if (enrolment === null || isDisabled) return { verdict: pretence(login, enrolment) };
  const verdict = await askOrJudge(login, enrolment, transaction, parts);
  if (verdict.outcome === "accepted") await throttle.passed(records, counted);
  return {
    verdict: verdict.outcome === "refused" ? refusedUnproven(verdict) : verdict,
    username: enrolment.username,
  };
}

/** For a user whom no code lets in: the same response that everybody else would get. */
function pretence({ challenge }: Entry, enrolment: Enrolment | null): PasswordVerdict {
  const reason = enrolment === null ? "not_enrolled" : "user_disabled";
  return challenge === null
    ? refusedUnproven(refused(reason))
    : { ...challenged(challenge), reason };
}
