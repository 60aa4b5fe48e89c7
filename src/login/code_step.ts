import { type Attempt, objectionTo } from "../core/challenge.ts";
import type { Redacted } from "../core/redacted.ts";
import { matchTimeStep } from "../core/totp.ts";
import { type CodeVerdict, type Reason, refused } from "../core/verdict.ts";
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
  if (pending === null) return refuse("no_challenge");
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
  if (objection !== null) return refuse(objection);
  if (request.code === null) return refuse("malformed_code");

  const step = await matchTimeStep(
    enrolment.secret,
    request.code.reveal(),
    now,
    parts.driftSteps,
  );
  if (step === null) return refuse("wrong_code");
  if (enrolment.lastStep !== null && step <= enrolment.lastStep) {
    return refuse("code_used");
  }
  return {
    verdict: { outcome: "accepted", by: "code" },
    settlement: { answer: "accepted", step, at: now },
  };
}

function refuse(reason: Reason): Decision<CodeVerdict> {
  return { verdict: refused(reason), settlement: { answer: "refused" } };
}
