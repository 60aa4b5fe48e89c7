import { type Enrolment, isActive } from "../core/enrolment.ts";
import {
  type Accepted,
  type PasswordVerdict,
  refused,
  refusedInWait,
  refusedUnproven,
} from "../core/verdict.ts";
import { askOrJudge, type Entry } from "./admission.ts";
import { challenged } from "./challenge.ts";
import type { Conclusion, Transaction } from "./conclude.ts";
import { admitByExemption } from "./exemption_entry.ts";
import type { LoginParts } from "./login_parts.ts";
import { OpenAttempts } from "./open_attempts.ts";

/** A login whose password another factor decides about. */
export interface UnprovenEntry extends Entry {
  /** Distinguishes passwords; null if it cannot be made. */
  mark: string | null;
}

/**
 * Decides when another factor checks the password and its result is not known yet. Everybody gets a
 * challenge, so that no stranger learns who is enrolled or locked. A code that came with the
 * password is judged without telling what was wrong.
 */
export async function admitUnproven(
  login: UnprovenEntry,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Conclusion<PasswordVerdict>> {
  const { records, now } = transaction;
  const { request: { method }, username, throttle } = login;
  const enrolment = await records.findEnrolment(username);
  const entered = await admitCertified(login, enrolment, transaction, parts);
  if (entered !== null) return { verdict: entered };
  const attempts = new OpenAttempts(throttle, records, now);
  await attempts.settle();
  const wait = await throttle.waitOrRestart(records, now) || await attempts.waitSeconds();
  if (wait > 0) return { verdict: refusedInWait(wait), isUnrecorded: true };
  if (method === null) {
    await countGuess(login, transaction);
    return { verdict: refused("client_without_method") };
  }
  const verdict = await askOrPretend(login, enrolment, transaction, parts);
  await count(verdict, attempts, login, parts);
  if (verdict.outcome === "accepted") await throttle.recordLogin(records, username, now);
  return {
    verdict: verdict.outcome === "refused" ? refusedUnproven(verdict) : verdict,
    username: isActive(enrolment) ? enrolment.username : null,
  };
}

/** Lets an exempt user in. Anybody can claim a name, so the certificate must confirm it. */
async function admitCertified(
  { request: { attempt }, username }: Entry,
  enrolment: Enrolment | null,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Accepted | null> {
  const isDisabled = enrolment !== null && !isActive(enrolment);
  if (isDisabled || attempt.commonName !== username) return null;
  return await admitByExemption({ username, address: attempt.address }, transaction, parts);
}

/** A user whom no code lets in gets the same response that everybody else would get. */
async function askOrPretend(
  login: Entry,
  enrolment: Enrolment | null,
  transaction: Transaction,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  if (isActive(enrolment)) {
    return await askOrJudge(login, enrolment, transaction, parts);
  }
  const reason = enrolment === null ? "not_enrolled" : "user_disabled";
  const { challenge } = login;
  return challenge === null ? refused(reason) : { ...challenged(challenge), reason };
}

/** Counts a password whose client could not be asked: otherwise refusals would have no bound. */
async function countGuess(
  { throttle, mark }: UnprovenEntry,
  { records, now }: Transaction,
): Promise<void> {
  if (await throttle.isNewGuess(records, now, mark)) await throttle.count(records, now);
}

/** Counts a code that came along and was wrong; a challenge counts only if it is not answered. */
async function count(
  verdict: PasswordVerdict,
  attempts: OpenAttempts,
  { challenge, mark, request: { attempt } }: UnprovenEntry,
  { rules }: LoginParts,
): Promise<void> {
  if (verdict.outcome === "accepted") return await attempts.passed(attempt.id);
  if (challenge === null) return await attempts.failed(attempt.id);
  await attempts.open(challenge.attempt.id, mark, rules.challengeTimeoutSeconds);
}
