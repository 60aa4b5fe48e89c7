import type { Enrolment } from "../core/enrolment.ts";
import { lockedForSeconds, withinLongestLock } from "../core/lockout.ts";
import { type PasswordVerdict, refused, refusedWhileLocked } from "../core/verdict.ts";
import { challengeUser, type PreparedChallenge } from "./challenge.ts";
import { type CheckedCode, judgeCode } from "./code_check.ts";
import type { Conclusion, Transaction } from "./conclude.ts";
import { admitByExemption } from "./exemption_entry.ts";
import type { LoginParts } from "./login_parts.ts";
import type { PasswordRequest } from "./password_request.ts";
import { type CountedPlaces, PlaceThrottle } from "./place_throttle.ts";
import { judgeUnenrolled } from "./unenrolled.ts";

/** A login that is about to be let in, asked for a code, or refused. */
export interface Entry {
  request: PasswordRequest;
  /** The user's name, from the first factor or as given at the login. */
  username: string;
  /** What checking a code that came with the password found; null if none came. */
  checked: CheckedCode | null;
  /** The challenge to send; null if the code comes another way, or no code is needed. */
  challenge: PreparedChallenge | null;
}

/**
 * Decides after the password was right: the client is asked for the code, unless the user may log
 * in without one or not at all.
 */
export async function admit(
  login: Entry & { accountName: string | null; counted: CountedPlaces },
  transaction: Transaction,
  parts: LoginParts,
): Promise<Conclusion<PasswordVerdict>> {
  const { records } = transaction;
  const { request: { attempt, method }, username, accountName, counted } = login;
  const throttle = new PlaceThrottle(parts.rules.throttle, attempt);
  const enrolment = await records.findEnrolment(username);
  // These attempts stay counted: otherwise the count would reveal that the password was right.
  if (enrolment !== null && enrolment.disabledAt !== null) {
    return { verdict: refused("user_disabled"), username };
  }
  const entered = await admitByExemption({ username, address: attempt.address }, transaction);
  if (entered !== null) {
    await throttle.passed(records, counted);
    return { verdict: entered, username };
  }
  if (enrolment === null) {
    const user = { loginName: attempt.loginName, username, accountName };
    const verdict = await judgeUnenrolled(user, transaction, parts);
    if (verdict.outcome === "accepted") await throttle.passed(records, counted);
    return { verdict, username };
  }
  if (method === null) return { verdict: refused("client_without_method"), username };
  await throttle.passed(records, counted);
  return { verdict: await admitEnrolled(login, enrolment, transaction, parts), username };
}

/** Asks an enrolled user for the code or judges it, unless their codes are locked. */
async function admitEnrolled(
  login: Entry,
  enrolment: Enrolment,
  transaction: Transaction,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const { records, now } = transaction;
  const failures = withinLongestLock(enrolment.failures, now);
  if (failures !== enrolment.failures) {
    await records.saveFailures(enrolment.username, failures);
  }
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) return refusedWhileLocked(lockedFor);
  return await askOrJudge(login, { ...enrolment, failures }, transaction, parts);
}

/** Records the challenge, or judges the code if it came with the password. */
export async function askOrJudge(
  { request, checked, challenge }: Entry,
  enrolment: Enrolment,
  transaction: Transaction,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  if (challenge !== null) {
    return await challengeUser(challenge, enrolment.username, transaction, parts.rules);
  }
  const { attempt: { loginName }, code } = request;
  return await judgeCode({ enrolment, loginName, code, checked }, transaction, parts);
}
