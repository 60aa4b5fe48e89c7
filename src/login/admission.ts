import type { Enrolment } from "../core/enrolment.ts";
import { lockedForSeconds } from "../core/lockout.ts";
import {
  type Accepted,
  type PasswordVerdict,
  type Refused,
  refused,
  refusedWhileLocked,
} from "../core/verdict.ts";
import { challengeUser, type PreparedChallenge } from "./challenge.ts";
import { type CheckedCode, judgeCode } from "./code_check.ts";
import type { Conclusion, Transaction } from "./conclude.ts";
import { admitByExemption } from "./exemption_entry.ts";
import { heldCodes } from "./held_codes.ts";
import type { LoginParts } from "./login_parts.ts";
import type { PasswordRequest } from "./password_request.ts";
import type { Guess, PlaceThrottle } from "./place_throttle.ts";
import { judgeUnenrolled } from "./unenrolled.ts";

/** A login that is about to be let in, asked for a code, or refused. */
export interface Entry {
  request: PasswordRequest;
  /** The user's name, from the first factor or as given at the login. */
  username: string;
  throttle: PlaceThrottle;
  /** What checking a code that came with the password found; null if none came. */
  checked: CheckedCode | null;
  /** The challenge to send; null if the code comes another way, or no code is needed. */
  challenge: PreparedChallenge | null;
}

/** A login whose password was right. */
export interface ProvenEntry extends Entry {
  /** The name that the system's accounts have for the user; null if unknown or not needed. */
  accountName: string | null;
  guess: Guess;
}

/**
 * Decides after the password was right: the client is asked for the code, unless the user may log
 * in without one or not at all.
 */
export async function admit(
  login: ProvenEntry,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Conclusion<PasswordVerdict>> {
  const { records, now } = transaction;
  const { username, throttle, guess } = login;
  const enrolment = await records.findEnrolment(username);
  const verdict = enrolment?.disabledAt != null
    ? refused("user_disabled")
    : await admitWithoutCode(login, enrolment, transaction, parts);
  // A refusal stays counted: otherwise the count would reveal that the password was right.
  if (verdict !== null && verdict.outcome === "refused") {
    return { verdict: await throttle.failed(verdict, guess, transaction), username };
  }
  await throttle.passed(records, now, guess.counted);
  const proven = verdict ?? await admitEnrolled(login, enrolment!, transaction, parts);
  // Where a code will be asked for again, nobody becomes known without one: wrong codes count apart
  // there, so that many networks would give many guesses.
  const isFull = proven.outcome === "accepted" &&
    (enrolment === null || proven.by !== "exemption");
  if (isFull) await throttle.recordLogin(records, username, now);
  return { verdict: proven, username };
}

/** Decides about users who need no code or have none; null for all who need their code. */
async function admitWithoutCode(
  login: ProvenEntry,
  enrolment: Enrolment | null,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Accepted | Refused | null> {
  const { request: { attempt, method }, username, accountName } = login;
  const user = { username, address: attempt.address };
  const entered = await admitByExemption(user, transaction, parts);
  if (entered !== null) return entered;
  if (enrolment === null) {
    const names = { loginName: attempt.loginName, username, accountName };
    return await judgeUnenrolled(names, transaction, parts);
  }
  return method === null ? refused("client_without_method") : null;
}

/** Asks an enrolled user for the code or judges it, unless their codes are locked. */
async function admitEnrolled(
  login: Entry,
  enrolment: Enrolment,
  transaction: Transaction,
  parts: LoginParts,
): Promise<PasswordVerdict> {
  const { failures } = await heldCodes(login.request.attempt, enrolment, transaction);
  const lockedFor = lockedForSeconds(failures, transaction.now);
  if (lockedFor > 0) return refusedWhileLocked(lockedFor);
  return await askOrJudge(login, enrolment, transaction, parts);
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
  const { attempt, code } = request;
  return await judgeCode({ enrolment, attempt, code, checked }, transaction, parts);
}
