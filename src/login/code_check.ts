import type { Attempt } from "../core/challenge.ts";
import type { Code } from "../core/code.ts";
import { classify, type CodeJudgement } from "../core/code_judgement.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import { Failure } from "../core/failure.ts";
import {
  afterRightCode,
  afterWrongCode,
  hasNoFailures,
  lockedForSeconds,
} from "../core/lockout.ts";
import { markOfCode, matchTimeStep } from "../core/totp.ts";
import {
  type Accepted,
  type Refused,
  refused,
  refusedWhileLocked,
  refusedWrongCode,
} from "../core/verdict.ts";
import type { Redacted } from "../text/redacted.ts";
import type { Transaction } from "./conclude.ts";
import { type HeldCodes, heldCodes } from "./held_codes.ts";
import type { LoginParts } from "./login_parts.ts";

/** What checking a code against one secret found. */
export interface CheckedCode {
  /** The sealed secret that the code was checked against. */
  sealed: Uint8Array;
  /** When it was checked: the drift window is the one at this moment. */
  at: EpochMs;
  /** The time step that the code belongs to; null if it matched none. */
  timeStep: number | null;
  /** Distinguishes recovery codes and wrong codes; null for a right code of the app. */
  mark: string | null;
}

/** The user's secret is not the one that the code was checked against: see {@link checkAnew}. */
class SecretChanged extends Failure {
  constructor() {
    super(
      "secret_changed",
      "the user's secret was changed again and again during the login: the user has to log in again",
    );
  }
}

/** How often a code is checked at most. */
const MOST_CHECKS = 3;

/**
 * Checks a code and reaches a verdict from the result. If the user's secret changed between the
 * two, both are done again.
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
 * Finds out what a code is. This happens before the transaction, because other logins wait during
 * it: signatures are made in another thread, and on a busy machine each takes a long time to come
 * back. Nothing is decided here.
 *
 * @throws Failure if the secret cannot be opened
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
  attempt: Attempt;
  /** Null if the input was not a code. */
  code: Redacted<Code> | null;
  /** What checking the code found; null if it was not checked. */
  checked: CheckedCode | null;
}

/**
 * Reaches the verdict on a code, and stores what follows from it: the time step or the recovery
 * code is used up, or the wrong code is counted. Call it in the transaction that read the
 * enrolment.
 *
 * @throws Failure if the code must be checked again ({@link checkAnew}), or the store fails
 */
export async function judgeCode(
  given: GivenCode,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Accepted | Refused> {
  const { records, now } = transaction;
  const { username } = given.enrolment;
  const held = await heldCodes(given.attempt, given.enrolment, transaction);
  const lockedFor = lockedForSeconds(held.failures, now);
  if (lockedFor > 0) return refusedWhileLocked(lockedFor);
  const judgement = judgementOf(given, parts);
  switch (judgement.kind) {
    case "malformed":
      return refused("malformed_code");
    case "used":
      return refused("code_used");
    case "right":
      return await accept({ ...given, held }, judgement.timeStep, transaction);
    case "recovery_code":
      return await records.useRecoveryCode(username, markOf(given))
        ? await accept({ ...given, held }, null, transaction)
        : await countWrong({ ...given, held }, now, parts);
    case "wrong":
      return await countWrong({ ...given, held }, now, parts);
    case "clock_off":
      throw new Error("a time step was found that was not searched");
  }
}

/** Classifies a code. One that may be a recovery code is: using it up tells whether the user has it. */
function judgementOf(
  { enrolment, code, checked }: GivenCode,
  { rules: { driftSteps } }: LoginParts,
): CodeJudgement {
  if (code !== null && !isOfSecret(checked, enrolment)) throw new SecretChanged();
  const { at, timeStep, mark } = checked ?? { at: 0, timeStep: null, mark: null };
  const evidence = { timeStep, isRecoveryCode: mark !== null };
  return classify(code?.reveal() ?? null, enrolment, evidence, { now: at, driftSteps });
}

/** The mark of a code that is not one of the app's. */
function markOf({ checked }: GivenCode): string {
  if (checked === null || checked.mark === null) throw new Error("the code has no mark");
  return checked.mark;
}

/** A code, and the wrong codes that are held against its login. */
interface HeldCode extends GivenCode {
  held: HeldCodes;
}

async function accept(
  { enrolment: { username }, attempt, held }: HeldCode,
  timeStep: number | null,
  { records, now }: Transaction,
): Promise<Accepted> {
  // Nothing is held against most logins, and what is there need not be written again.
  if (!hasNoFailures(held.failures)) await held.save(afterRightCode(held.failures, now));
  await records.recordLogin({ username, loginName: attempt.loginName, timeStep, at: now });
  return { outcome: "accepted", by: timeStep === null ? "recovery code" : "code" };
}

function isOfSecret(checked: CheckedCode | null, { secret }: Enrolment): boolean {
  return checked !== null && checked.sealed.toBase64() === secret.bytes.toBase64();
}

/** Counts a wrong code, if the password was proven right. */
async function countWrong(
  given: HeldCode,
  now: EpochMs,
  { firstFactor, rules: { driftSteps, lockout } }: LoginParts,
): Promise<Refused> {
  if (!firstFactor.provesPassword) return refused("wrong_code");
  const { enrolment, held } = given;
  const staysWrongMs = (2 * driftSteps + 1) * enrolment.parameters.periodSeconds * 1000;
  const wrong = { mark: markOf(given), at: now, staysWrongMs };
  const after = afterWrongCode(held.failures, wrong, lockout, held.longestLockSeconds);
  await held.save(after);
  const lockedFor = lockedForSeconds(after, now);
  return lockedFor > 0
    ? refusedWhileLocked(lockedFor)
    : refusedWrongCode(lockout.maxFailures - after.count);
}
