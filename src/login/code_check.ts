import { type Code, mayBeRecoveryCode } from "../core/code.ts";
import {
  afterWrongCode,
  type CodeFailures,
  lockedForSeconds,
  type LockoutRule,
  NO_FAILURES,
} from "../core/lockout.ts";
import type { Redacted } from "../text/redacted.ts";
import { markOfCode, matchTimeStep } from "../core/totp.ts";
import {
  type Accepted,
  type Refused,
  refused,
  refusedWhileLocked,
  refusedWrongCode,
} from "../core/verdict.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { LoginRecords } from "../store/store.ts";

/** What codes are checked with. */
export interface CodeCheckParts {
  /** Opens a user's secret. */
  openSecret(enrolment: Enrolment): Promise<Redacted<Uint8Array>>;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Time steps before and after the present one whose codes count too. */
  driftSteps: number;
  lockout: LockoutRule;
}

/** What a code was found to be, with one secret. */
export interface CheckedCode {
  /** The sealed secret that it was checked with. */
  sealed: Uint8Array;
  /** The time step that it is of; null for none. */
  step: number | null;
  /** Tells recovery codes, and wrong codes, apart; null for a right one of the app. */
  mark: string | null;
}

/**
 * Finds what a code is. Do so before the transaction, in which others wait: signatures are made in
 * another thread, and on a busy machine each takes long to come back. Nothing is decided here.
 *
 * @throws Failure when the secret can't be opened
 */
export async function checkCode(
  code: Redacted<Code>,
  enrolment: Enrolment,
  parts: CodeCheckParts,
): Promise<CheckedCode> {
  const secret = await parts.openSecret(enrolment);
  const { kind, text } = code.reveal();
  const step = kind === "digits"
    ? await matchTimeStep(
      ...[secret, text, parts.now(), parts.driftSteps] as const,
      enrolment.parameters,
    )
    : null;
  const mark = step === null ? await markOfCode(secret, text) : null;
  return { sealed: enrolment.secret.bytes, step, mark };
}

/** A code that somebody gave for a user. */
export interface GivenCode {
  enrolment: Enrolment;
  /** The name that the user logged in with. */
  loginName: string;
  /** Null when what was given is no code. */
  code: Redacted<Code> | null;
  /** What was found of it before; null where nothing was looked at. */
  checked: CheckedCode | null;
  /**
   * The password has been proven right. Else who gives the code may be anybody, and nothing is held
   * against the user.
   */
  isProven: boolean;
}

/**
 * Judges a code, and keeps what follows from it: the step or the recovery code is used up, or the
 * wrong code counted. Call it in the transaction that the enrolment was read in.
 *
 * @param now milliseconds since 1970-01-01T00:00:00Z
 * @throws Failure when the secret can't be opened, or the store fails
 */
export async function judgeCode(
  given: GivenCode,
  records: LoginRecords,
  now: number,
  parts: CodeCheckParts,
): Promise<Accepted | Refused> {
  const { enrolment, loginName, code } = given;
  const { username, failures, lastStep } = enrolment;
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) return refusedWhileLocked(lockedFor);
  if (code === null || !isForm(code.reveal(), enrolment)) {
    return refused("malformed_code");
  }

  const isSame = given.checked !== null &&
    given.checked.sealed.toBase64() === enrolment.secret.bytes.toBase64();
  const { step, mark } = isSame ? given.checked! : await checkCode(code, enrolment, parts);
  const isRecovery = mayBeRecoveryCode(code.reveal()) && mark !== null &&
    await records.useRecoveryCode(username, mark);
  if (!isRecovery) {
    if (step === null) {
      return await countWrong(given, mark ?? "", records, now, parts);
    }
    if (lastStep !== null && step <= lastStep) return refused("code_used");
  }
  await records.saveFailures(username, NO_FAILURES);
  await records.recordLogin({ username, loginName, step, at: now });
  return { outcome: "accepted", by: isRecovery ? "recovery code" : "code" };
}

/** Says whether a code has the form of this user's codes, or of a recovery code. */
function isForm(code: Code, { parameters }: Enrolment): boolean {
  return code.text.length === parameters.digits || mayBeRecoveryCode(code);
}

async function countWrong(
  { enrolment, isProven }: GivenCode,
  mark: string,
  records: LoginRecords,
  now: number,
  { driftSteps, lockout }: CodeCheckParts,
): Promise<Refused> {
  if (!isProven) return refused("wrong_code");
  const wrong = {
    mark,
    at: now,
    staysWrongMs: (2 * driftSteps + 1) *
      enrolment.parameters.periodSeconds * 1000,
  };
  const after = afterWrongCode(enrolment.failures, wrong, lockout);
  await records.saveFailures(enrolment.username, after);
  return refusalOfWrongCode(after, lockout, now);
}

/** Says what a wrong code led to. */
function refusalOfWrongCode(
  after: CodeFailures,
  rule: LockoutRule,
  nowMs: number,
): Refused {
  const lockedFor = lockedForSeconds(after, nowMs);
  return lockedFor > 0
    ? refusedWhileLocked(lockedFor)
    : refusedWrongCode(rule.maxFailures - after.count);
}
