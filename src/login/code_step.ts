import { type Attempt, objectionTo } from "../core/challenge.ts";
import type { Redacted } from "../core/redacted.ts";
import {
  afterWrongCode,
  type CodeFailures,
  lockedForSeconds,
  type LockoutRule,
} from "../core/lockout.ts";
import { markOfCode, matchTimeStep, STEP_SECONDS } from "../core/totp.ts";
import {
  type CodeVerdict,
  type Refused,
  refused,
  refusedUnproven,
  refusedWhileLocked,
  refusedWrongCode,
} from "../core/verdict.ts";
import type {
  Enrolment,
  LoginStore,
  Pending,
  Settlement,
} from "../store/store.ts";
import type { Audit } from "./audit.ts";
import type { PlaceThrottle } from "./place_throttle.ts";

/** A client's answer to a challenge. */
export interface CodeRequest {
  attempt: Attempt;
  /** The code; null when the answer isn't one. */
  code: Redacted<string> | null;
}

/** What {@link codeStep} works with. */
export interface CodeStepParts {
  store: LoginStore;
  audit: Audit;
  /** Opens a user's secret. */
  openSecret(enrolment: Enrolment): Promise<Redacted<Uint8Array>>;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Time steps before and after the present one whose codes count too. */
  driftSteps: number;
  lockout: LockoutRule;
  /**
   * Where another factor decides about the password (`totpPrimaryAuth external`): who answers may
   * be anybody. So nothing is held against the user, and refusals tell nothing; the attempt has been
   * counted for its place, and is taken back when the code is right. Null where the password has been
   * proven right.
   */
  unproven: PlaceThrottle | null;
}

/** What was decided about an answer, and what that does to the challenge (null: nothing). */
interface Decision {
  verdict: CodeVerdict;
  settlement: Settlement | null;
}

/**
 * The second step of a login: the code, against the open challenge of this very attempt. Whatever
 * comes settles the challenge, garbage included: it takes one answer, ever. By the time that a
 * verdict is given, it has been committed, with its line of the audit trail.
 *
 * @throws Failure when store or key file fail; the caller refuses
 */
export async function codeStep(
  request: CodeRequest,
  parts: CodeStepParts,
): Promise<CodeVerdict> {
  const checked = await checkAhead(request, parts);
  return await parts.store.transaction(async (records) => {
    const pending = await records.findPending(request.attempt.id);
    const now = parts.now();
    const { verdict, settlement } = await decide(
      ...[pending, request, checked, now, parts] as const,
    );
    if (pending !== null && settlement !== null) {
      await records.settle(pending, settlement);
    }
    if (verdict.outcome === "accepted") await parts.unproven?.passed(records);
    const told = parts.unproven !== null && verdict.outcome === "refused"
      ? refusedUnproven(verdict)
      : verdict;
    const username = pending?.enrolment.username;
    return await parts.audit.record(records, told, now, username);
  });
}

/** What a code was found to be, with one secret. */
interface CheckedCode {
  /** The sealed secret that it was checked with. */
  sealed: Uint8Array;
  /** The time step that it is of; null for none. */
  step: number | null;
  /** Tells wrong codes apart; null for a right one. */
  mark: string | null;
}

/**
 * Checks a code before the transaction, in which others wait: signatures are made in another thread,
 * and on a busy machine each takes long to come back. Nothing is decided here.
 */
async function checkAhead(
  { attempt, code }: CodeRequest,
  parts: CodeStepParts,
): Promise<CheckedCode | null> {
  const pending = await parts.store.findPending(attempt.id);
  return pending === null || pending.challenge.answer !== null || code === null
    ? null
    : await checkCode(code, pending.enrolment, parts);
}

async function checkCode(
  code: Redacted<string>,
  enrolment: Enrolment,
  parts: CodeStepParts,
): Promise<CheckedCode> {
  const secret = await parts.openSecret(enrolment);
  const text = code.reveal();
  const step = await matchTimeStep(secret, text, parts.now(), parts.driftSteps);
  return {
    sealed: enrolment.secret.bytes,
    step,
    mark: step === null ? await markOfCode(secret, text) : null,
  };
}

async function decide(
  pending: Pending | null,
  request: CodeRequest,
  ahead: CheckedCode | null,
  now: number,
  parts: CodeStepParts,
): Promise<Decision> {
  if (pending === null) {
    return { verdict: refused("no_challenge"), settlement: null };
  }
  const { challenge, enrolment } = pending;
  const objection = objectionTo(challenge, request.attempt, now);
  if (objection === "challenge_answered" && challenge.answer === "accepted") {
    // A refusal would end the connection that the first, right answer opened.
    return {
      verdict: { outcome: "unchanged", reason: objection },
      settlement: null,
    };
  }
  const { failures } = enrolment;
  const refuse = (verdict: Refused, held = failures): Decision => ({
    verdict,
    settlement: { answer: "refused", failures: held },
  });
  if (objection !== null) return refuse(refused(objection));
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) return refuse(refusedWhileLocked(lockedFor));
  if (request.code === null) return refuse(refused("malformed_code"));

  const isSame = ahead !== null &&
    ahead.sealed.toBase64() === enrolment.secret.bytes.toBase64();
  const { step, mark } = isSame
    ? ahead
    : await checkCode(request.code, enrolment, parts);
  if (step === null || mark !== null) {
    if (parts.unproven !== null) return refuse(refused("wrong_code"));
    const wrong = {
      mark: mark ?? "",
      at: now,
      staysWrongMs: (2 * parts.driftSteps + 1) * STEP_SECONDS * 1000,
    };
    const after = afterWrongCode(failures, wrong, parts.lockout);
    return refuse(refusalOfWrongCode(after, parts.lockout, now), after);
  }
  if (enrolment.lastStep !== null && step <= enrolment.lastStep) {
    return refuse(refused("code_used"));
  }
  return {
    verdict: { outcome: "accepted", by: "code" },
    settlement: { answer: "accepted", step, at: now },
  };
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
