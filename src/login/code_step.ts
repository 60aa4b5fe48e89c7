import { type Attempt, objectionToAnswer } from "../core/challenge.ts";
import { objectionToCommonName } from "../core/common_name.ts";
import { refusedMismatch } from "../core/challenge_mismatch.ts";
import type { Code } from "../core/code.ts";
import { wasSetBack } from "../core/epoch.ts";
import {
  type CodeVerdict,
  refused,
  refusedBeforeChallenge,
  refusedInWait,
  refusedUnproven,
} from "../core/verdict.ts";
import type { Pending } from "../store/store.ts";
import type { Redacted } from "../text/redacted.ts";
import { checkAnew, checkCode, type CheckedCode, judgeCode } from "./code_check.ts";
import { conclude, type Conclusion, type Transaction } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";
import { OpenAttempts } from "./open_attempts.ts";
import { PlaceThrottle, type Whose } from "./place_throttle.ts";
import { refusalInWait } from "./wait.ts";

/** A client's answer to a challenge. */
export interface Answer {
  /** The code; null if the answer is not one. */
  code: Redacted<Code> | null;
  /**
   * Whether the answer came on a new connection (a dynamic challenge), which nothing has let in
   * yet. Otherwise an earlier right answer may have let the connection in, and another one changes
   * nothing.
   */
  isNewConnection: boolean;
}

/**
 * The second step of a login: checks the code against the open challenge of this very attempt. Any
 * answer settles the challenge, even garbage: a challenge accepts only one answer. When the verdict
 * is returned, it has been committed together with its row of the audit trail.
 *
 * @param attempt its id is the challenge's id
 * @throws Failure if the store or the key file fails; the caller refuses
 */
export function codeStep(
  attempt: Attempt,
  answer: Answer,
  parts: LoginParts,
): Promise<CodeVerdict> {
  const throttle = new PlaceThrottle(parts.rules.throttle, attempt);
  return checkAnew(async () => {
    const seen = await parts.store.findPending(attempt.id);
    const whose = await whoseWait(attempt, seen, parts);
    const refusal = whose === null ? null : await refusalInWait(throttle, parts, whose);
    if (refusal !== null) return hushed({ verdict: refusal }, parts).verdict;
    const checked = seen?.challenge.answer === null && answer.code !== null
      ? await checkCode(answer.code, seen.enrolment, parts)
      : null;
    return await conclude(parts, { step: "code", attempt }, async (transaction) => {
      const pending = await transaction.records.findPending(attempt.id);
      const wait = isGuess(pending, parts)
        ? await throttle.waitOrRestart(transaction.records, transaction.now, "own")
        : 0;
      if (wait > 0) return hushed({ verdict: refusedInWait(wait), isUnrecorded: true }, parts);
      const given = { attempt, answer, checked, pending };
      const verdict = pending === null
        ? refused("no_challenge")
        : await settle({ ...given, pending }, transaction, parts);
      await count({ verdict, attempt, pending, throttle }, transaction, parts);
      return hushed({ verdict, username: pending?.enrolment.username ?? null }, parts);
    });
  });
}

/**
 * Says whose failures an answer may have to wait for, before anything is looked at: those of all, where
 * no challenge waits for it; null for nobody's.
 */
async function whoseWait(
  { id }: Attempt,
  pending: Pending | null,
  parts: LoginParts,
): Promise<Whose | null> {
  // For users who are not enrolled, too: otherwise the answer would tell who is.
  const isAwaited = pending === null
    ? await parts.store.isOpen(id)
    : pending.challenge.answer !== "refused";
  if (!isAwaited) return "all";
  return isGuess(pending, parts) ? "own" : null;
}

/**
 * Says whether an answer may be a guess that no lock bounds, as the password is not proven: however many
 * challenges were opened before the first wrong answer, they give no more guesses than waits allow.
 */
function isGuess(pending: Pending | null, { firstFactor }: LoginParts): boolean {
  return !firstFactor.provesPassword && (pending?.challenge.answer ?? null) === null;
}

/** An answer that has been judged. */
interface JudgedAnswer {
  verdict: CodeVerdict;
  attempt: Attempt;
  pending: Pending | null;
  throttle: PlaceThrottle;
}

/**
 * Counts the answer for its place. An answer to no challenge is a failure there: otherwise anybody
 * could send them without end.
 */
async function count(
  { verdict, attempt, pending, throttle }: JudgedAnswer,
  { records, now }: Transaction,
  { firstFactor: { provesPassword } }: LoginParts,
): Promise<void> {
  const attempts = new OpenAttempts(throttle, records, now);
  if (verdict.outcome === "refused" && (pending === null || !provesPassword)) {
    await attempts.failed(attempt.id);
  }
  if (verdict.outcome !== "accepted" || pending === null) return;
  if (!provesPassword) await attempts.passed(attempt.id);
  await throttle.recordLogin(records, pending.enrolment.username, now);
}

/** An answer, and the challenge that it belongs to. */
interface GivenAnswer {
  attempt: Attempt;
  answer: Answer;
  checked: CheckedCode | null;
  pending: Pending;
}

/** Reaches the verdict, and settles the challenge with it. */
async function settle(
  given: GivenAnswer,
  transaction: Transaction,
  parts: LoginParts,
): Promise<CodeVerdict> {
  const { records } = transaction;
  const { challenge } = given.pending;
  const verdict = await judgeAnswer(given, transaction, parts);
  const isAccepted = verdict.outcome === "accepted";
  if (challenge.answer === null) {
    await records.answerChallenge(challenge.id, isAccepted ? "accepted" : "refused");
  }
  return verdict;
}

async function judgeAnswer(
  { attempt, answer, checked, pending: { challenge, enrolment } }: GivenAnswer,
  transaction: Transaction,
  parts: LoginParts,
): Promise<CodeVerdict> {
  const { code, isNewConnection } = answer;
  const { bindAddress } = parts.rules;
  const objection = objectionToAnswer(challenge, attempt, transaction.now, bindAddress);
  if (
    objection === "challenge_answered" && challenge.answer === "accepted" && !isNewConnection
  ) {
    // A refusal would end the connection that the first, right answer opened.
    return { outcome: "unchanged", reason: objection };
  }
  // Only within one connection may OpenVPN have replaced the common name by the login name.
  const isOtherClient = isNewConnection && attempt.commonName !== challenge.commonName;
  if (objection === "challenge_mismatch" || objection === null && isOtherClient) {
    return refusedMismatch(challenge, attempt, bindAddress);
  }
  if (objection === "challenge_expired" && wasSetBack(challenge.createdAt, transaction.now)) {
    return refusedBeforeChallenge(challenge.createdAt - transaction.now);
  }
  if (objection !== null) return refused(objection);
  // Another server, or this one before a restart, may have asked by another rule.
  const otherName = objectionToCommonName(challenge, parts.rules.commonName);
  if (otherName !== null) return otherName;
  if (enrolment.disabledAt !== null) return refused("user_disabled");
  return await judgeCode({ enrolment, attempt, code, checked }, transaction, parts);
}

/** If the password is not proven, a refusal tells the client nothing. */
function hushed(
  conclusion: Conclusion<CodeVerdict>,
  { firstFactor }: LoginParts,
): Conclusion<CodeVerdict> {
  const { verdict } = conclusion;
  return firstFactor.provesPassword || verdict.outcome !== "refused"
    ? conclusion
    : { ...conclusion, verdict: refusedUnproven(verdict) };
}
