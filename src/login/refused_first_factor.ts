import type { Attempt } from "../core/challenge.ts";
import { exemptionHolds } from "../core/exemption.ts";
import { isUndecided, type Refused, refusedUnproven } from "../core/verdict.ts";
import type { Conclusion, Transaction } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";

/**
 * Concludes a login that the first factor refused. What it has to say to the owner of a right
 * password goes to the client only where that password alone would have got an answer of its own:
 * nobody else may learn from it that a password is right.
 */
export async function concludeRefused(
  { attempt, refusal }: { attempt: Attempt; refusal: Refused },
  transaction: Transaction,
  parts: LoginParts,
): Promise<Conclusion<Refused>> {
  if (refusal.told === undefined || isUndecided(refusal)) return { verdict: refusal };
  return await wouldBeAnswered(attempt, transaction, parts)
    ? { verdict: refusal }
    : { verdict: refusedUnproven(refusal) };
}

/** Says whether the right password would lead to a challenge, or let the user in. */
async function wouldBeAnswered(
  { loginName, address }: Attempt,
  { records, now }: Transaction,
  { rules }: LoginParts,
): Promise<boolean> {
  const enrolment = await records.findEnrolment(loginName, loginName);
  if (enrolment !== null) return enrolment.disabledAt === null;
  if (exemptionHolds(await records.findExemption(loginName), address, now)) return true;
  return rules.unenrolled === "allow" &&
    (await records.similarUsernames([loginName])).length === 0;
}
