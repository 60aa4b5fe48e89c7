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
  refusedWhileLocked,
  refusedWrongCode,
} from "../core/verdict.ts";
import type { Decision, LoginStore, Pending } from "../store/store.ts";

/** A client's answer to a challenge. */
export interface CodeRequest {
  attempt: Attempt;
  /** The code; null when the answer isn't one. */
  code: Redacted<string> | null;
}

/** What {@link codeStep} works with. */
export interface CodeStepParts {
  store: LoginStore;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Time steps before and after the present one whose codes count too. */
  driftSteps: number;
  lockout: LockoutRule;
}

/**
 * The second step of a login: the code, against the open challenge of this very attempt. Whatever
 * comes settles the challenge, garbage included: it takes one answer, ever. By the time that a
 * verdict is given, it has been committed.
 *
 * @throws Failure when the store fails; the caller refuses
 */
export async function codeStep(
  request: CodeRequest,
  parts: CodeStepParts,
): Promise<CodeVerdict> {
  return await parts.store.settleChallenge(
    request.attempt.id,
    (pending) => decide(pending, request, parts),
  );
}

async function decide(
  pending: Pending | null,
  request: CodeRequest,
  parts: CodeStepParts,
): Promise<Decision<CodeVerdict>> {
  if (pending === null) {
    return { verdict: refused("no_challenge"), settlement: null };
  }
  const { challenge, enrolment } = pending;
  const now = parts.now();

  const objection = objectionTo(challenge, request.attempt, now);
  if (objection === "challenge_answered" && challenge.answer === "accepted") {
    // A refusal would end the connection that the first, right answer opened.
    return {
      verdict: { outcome: "unchanged", reason: objection },
      settlement: null,
    };
  }
  const { failures, secret } = enrolment;
  const refuse = (verdict: Refused, held = failures) => ({
    verdict,
    settlement: { answer: "refused" as const, failures: held },
  });
  if (objection !== null) return refuse(refused(objection));
  const lockedFor = lockedForSeconds(failures, now);
  if (lockedFor > 0) return refuse(refusedWhileLocked(lockedFor));
  if (request.code === null) return refuse(refused("malformed_code"));

  const code = request.code.reveal();
  const step = await matchTimeStep(secret, code, now, parts.driftSteps);
  if (step === null) {
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
