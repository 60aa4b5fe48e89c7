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
  refusedInWait,
  refusedUnproven,
  refusedWhileLocked,
  refusedWrongCode,
} from "../core/verdict.ts";
import type {
  Enrolment,
  LoginRecords,
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
   * be anybody, so refusals count for the place that they come from, not for the user, and tell
   * nothing. Null where the password has been proven right.
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
export function codeStep(
  request: CodeRequest,
  parts: CodeStepParts,
): Promise<CodeVerdict> {
  return parts.store.transaction(async (records) => {
    const pending = await records.findPending(request.attempt.id);
    const now = parts.now();
    const { verdict, settlement } = parts.unproven === null
      ? await decide(pending, request, now, parts)
      : await decideUnproven(
        pending,
        request,
        now,
        parts,
        parts.unproven,
        records,
      );
    if (pending !== null && settlement !== null) {
      await records.settle(pending, settlement);
    }
    const username = pending?.enrolment.username;
    return await parts.audit.record(records, verdict, now, username);
  });
}

async function decide(
  pending: Pending | null,
  request: CodeRequest,
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

  const code = request.code.reveal();
  const secret = await parts.openSecret(enrolment);
  const step = await matchTimeStep(secret, code, now, parts.driftSteps);
  if (step === null) {
    if (parts.unproven !== null) return refuse(refused("wrong_code"));
    const wrong = {
      mark: await markOfCode(secret, code),
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

/** The same where the password isn't proven: every refusal counts for its place, and looks alike. */
async function decideUnproven(
  pending: Pending | null,
  request: CodeRequest,
  now: number,
  parts: CodeStepParts,
  throttle: PlaceThrottle,
  records: LoginRecords,
): Promise<Decision> {
  const wait = await throttle.waitSeconds(records, now);
  const isAnswered = pending !== null && pending.challenge.answer !== null;
  if (wait > 0 && !isAnswered) {
    const failures = pending?.enrolment.failures;
    return {
      verdict: refusedInWait(wait),
      settlement: failures ? { answer: "refused", failures } : null,
    };
  }
  const decision = await decide(pending, request, now, parts);
  const { verdict, settlement } = decision;
  if (verdict.outcome === "accepted") await throttle.passed(records);
  if (verdict.outcome !== "refused") return decision;
  await throttle.count(records, now);
  return { verdict: refusedUnproven(verdict), settlement };
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
