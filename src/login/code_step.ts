import { type Attempt, type Binding, objectionTo } from "../core/challenge.ts";
import type { Code } from "../core/code.ts";
import type { Redacted } from "../text/redacted.ts";
import { type CodeVerdict, refused, refusedUnproven } from "../core/verdict.ts";
import type { LoginRecords, LoginStore, Pending } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import { checkCode, type CheckedCode, type CodeCheckParts, judgeCode } from "./code_check.ts";
import type { PlaceThrottle } from "./place_throttle.ts";

/** A client's answer to a challenge. */
export interface CodeRequest {
  attempt: Attempt;
  /** The code; null when the answer isn't one. */
  code: Redacted<Code> | null;
  /**
   * The answer came on a connection of its own (a dynamic challenge), which nothing lets in yet. Else
   * an earlier right answer has let it in, and an answer more changes nothing.
   */
  isNewConnection: boolean;
}

/** What {@link codeStep} works with. */
export interface CodeStepParts extends CodeCheckParts {
  store: LoginStore;
  audit: Audit;
  /** What of an attempt must be as it was at the challenge. */
  binding: Binding;
  /**
   * Where another factor decides about the password (`totpPrimaryAuth external`): who answers may
   * be anybody. So nothing is held against the user, and refusals tell nothing; the attempt has been
   * counted for its place, and is taken back there when the code is right. Null where the password has
   * been proven right.
   */
  unproven: ((challenged: Attempt) => PlaceThrottle) | null;
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
  const { attempt, code } = request;
  const seen = await parts.store.findPending(attempt.id);
  const checked = seen?.challenge.answer === null && code !== null
    ? await checkCode(code, seen.enrolment, parts)
    : null;
  return await parts.store.transaction(async (records) => {
    const pending = await records.findPending(attempt.id);
    const now = parts.now();
    const decided = await decide(
      ...[pending, request, checked, records, now, parts] as const,
    );
    if (pending?.challenge.answer === null) {
      await records.answerChallenge(
        pending.challenge.id,
        decided.outcome === "accepted" ? "accepted" : "refused",
      );
    }
    if (decided.outcome === "accepted" && pending !== null) {
      await parts.unproven?.(pending.challenge).passed(records);
    }
    const verdict = parts.unproven !== null && decided.outcome === "refused"
      ? refusedUnproven(decided)
      : decided;
    const username = pending?.enrolment.username;
    return await parts.audit.record(records, verdict, now, username);
  });
}

async function decide(
  pending: Pending | null,
  request: CodeRequest,
  checked: CheckedCode | null,
  records: LoginRecords,
  now: number,
  parts: CodeStepParts,
): Promise<CodeVerdict> {
  if (pending === null) return refused("no_challenge");
  const { challenge, enrolment } = pending;
  const { attempt, code, isNewConnection } = request;
  const objection = objectionTo(challenge, attempt, now, parts.binding);
  if (
    objection === "challenge_answered" && challenge.answer === "accepted" &&
    !isNewConnection
  ) {
    // A refusal would end the connection that the first, right answer opened.
    return { outcome: "unchanged", reason: objection };
  }
  if (objection !== null) return refused(objection);
  // Within one connection, OpenVPN may have put the login name in its place.
  if (isNewConnection && attempt.commonName !== challenge.commonName) {
    return refused("challenge_mismatch");
  }
  if (enrolment.disabledAt !== null) return refused("user_disabled");
  const { loginName } = attempt;
  const isProven = parts.unproven === null;
  return await judgeCode(
    { enrolment, loginName, code, checked, isProven },
    records,
    now,
    parts,
  );
}
