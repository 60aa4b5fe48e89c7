import { type Code, mayBeRecoveryCode } from "../core/code.ts";
import { classify, type CodeJudgement } from "../core/code_judgement.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import { Failure } from "../core/failure.ts";
import { afterWrongCode, lockedForSeconds, NO_FAILURES } from "../core/lockout.ts";
import { markOfCode, matchTimeStep } from "../core/totp.ts";
import {
  type Accepted,
  type Refused,
  refused,
  refusedWhileLocked,
  refusedWrongCode,
} from "../core/verdict.ts";
import type { LoginRecords } from "../store/store.ts";
import type { Redacted } from "../text/redacted.ts";
import type { Transaction } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";

/** What was found out about a code with one secret. */
export interface CheckedCode {
  /** The sealed secret that the code was checked with. */
  sealed: Uint8Array;
  /** When that was: the drift window is the one of this moment. */
  at: EpochMs;
  /** The time step that the code belongs to; null for none. */
  timeStep: number | null;
  /** Tells recovery codes, and wrong codes, apart; null for a right one of the app. */
  mark: string | null;
}

/** The user's secret is not the one that the code was checked with: see {@link checkAnew}. */
class SecretChanged extends Failure {
  constructor() {
    super("database_error", "the user's secret was changed during the login: log in again");
  }
}

/** How often a code is checked anew. */
const MOST_CHECKS = 3;

/**
 * Checks a code and reaches a verdict with what was found; both anew where the user was given another
 * secret between the two.
 */
export async function checkAnew<T>(checkAndConclude: () => Promise<T>): Promise<T> {
  for (let checks = 1;; checks++) {
    try {
      return await checkAndConclude();
    } catch (error) {
      if (!(error instanceof SecretChanged) || checks === MOST_CHECKS) throw error;
    }
  }
}

/**
 * Finds out what a code is. This happens before the transaction, in which others wait: signatures are
 * made in another thread, and on a busy machine each takes long to come back. Nothing is decided here.
 *
 * @throws Failure when the secret cannot be opened
 */
export async function checkCode(
  code: Redacted<Code>,
  enrolment: Enrolment,
  { secrets, rules, now, rest }: LoginParts,
): Promise<CheckedCode> {
  const { parameters } = enrolment;
  const secret = await secrets.open(enrolment);
  const { kind, text } = code.reveal();
  const at = now();
  const search = { now: at, steps: rules.driftSteps, rest };
  const timeStep = kind === "digits"
    ? await matchTimeStep(text, { secret, parameters }, search)
    : null;
  const mark = timeStep === null ? await markOfCode(secret, text) : null;
  return { sealed: enrolment.secret.bytes, at, timeStep, mark };
}

/** A code that somebody gave for a user. */
export interface GivenCode {
  enrolment: Enrolment;
  /** The name that the user logged in with. */
  loginName: string;
  /** Null when what was given is not a code. */
  code: Redacted<Code> | null;
  /** What was found out about it before; null where nothing was looked at. */
  checked: CheckedCode | null;
}

/**
 * Reaches the verdict on a code, and keeps what follows from it: the time step or the recovery code is
 * used up, or the wrong code counted. Call it in the transaction that the enrolment was read in.
 *
 * @throws Failure where the code has to be checked anew ({@link checkAnew}), or the store fails
 */
export async function judgeCode(
  given: GivenCode,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Accepted | Refused> {
  const { records, now } = transaction;
  const { username, failures } = given.enrolment;
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) return refusedWhileLocked(lockedFor);
  const judgement = await judgementOf(given, records, parts);
  switch (judgement.kind) {
    case "malformed":
      return refused("malformed_code");
    case "used":
      return refused("code_used");
    case "wrong":
    case "clock_off":
      return await countWrong(given, transaction, parts);
    case "right":
    case "recovery_code": {
      const timeStep = judgement.kind === "right" ? judgement.timeStep : null;
      await records.saveFailures(username, NO_FAILURES);
      await records.recordLogin({ username, loginName: given.loginName, timeStep, at: now });
      return { outcome: "accepted", by: timeStep === null ? "recovery code" : "code" };
    }
  }
}

/** Judges a code; a recovery code is used up by that. */
async function judgementOf(
  { enrolment, code, checked }: GivenCode,
  records: LoginRecords,
  { rules: { driftSteps } }: LoginParts,
): Promise<CodeJudgement> {
  if (code !== null && !isOfSecret(checked, enrolment)) throw new SecretChanged();
  const { at, timeStep, mark } = checked ?? { at: 0, timeStep: null, mark: null };
  const isRecoveryCode = code !== null && mark !== null && mayBeRecoveryCode(code.reveal()) &&
    await records.useRecoveryCode(enrolment.username, mark);
  const evidence = { timeStep, isRecoveryCode };
  return classify(code?.reveal() ?? null, enrolment, evidence, { now: at, driftSteps });
}

function isOfSecret(checked: CheckedCode | null, { secret }: Enrolment): boolean {
  return checked !== null && checked.sealed.toBase64() === secret.bytes.toBase64();
}

/** Holds a wrong code against its user, where the password was proven right. */
async function countWrong(
  { enrolment, checked }: GivenCode,
  { records, now }: Transaction,
  { firstFactor, rules: { driftSteps, lockout } }: LoginParts,
): Promise<Refused> {
  if (!firstFactor.provesPassword) return refused("wrong_code");
  const staysWrongMs = (2 * driftSteps + 1) * enrolment.parameters.periodSeconds * 1000;
  const wrong = { mark: checked?.mark ?? "", at: now, staysWrongMs };
  const after = afterWrongCode(enrolment.failures, wrong, lockout);
  await records.saveFailures(enrolment.username, after);
  const lockedFor = lockedForSeconds(after, now);
  return lockedFor > 0
    ? refusedWhileLocked(lockedFor)
    : refusedWrongCode(lockout.maxFailures - after.count);
}
