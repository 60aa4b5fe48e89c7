import { Redacted } from "../text/redacted.ts";
import type { Attempt } from "../core/challenge.ts";
import type { LoginRules } from "../core/login_rules.ts";
import type { Challenged } from "../core/verdict.ts";
import { attemptIdOfState } from "./dynamic_challenge.ts";
import type { Transaction } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";
import type { Notice } from "./notice.ts";
import type { PasswordRequest } from "./password_request.ts";

/** A challenge that has not been recorded yet. */
export interface PreparedChallenge {
  by: Challenged["by"];
  /** The attempt, with the id that the answer will have. */
  attempt: Attempt;
  notice: Notice | null;
  /**
   * What the client must send together with its answer; null if it answers on the same connection.
   */
  stateId: Redacted<string> | null;
}

/** A notice is not repeated within this time, in milliseconds. */
const NOTICE_LASTS_MS = 24 * 60 * 60 * 1000;

/**
 * Prepares the challenge of a login, before its transaction.
 *
 * @returns null if the code comes another way
 */
export async function prepareChallenge(
  { attempt, method, notice }: PasswordRequest,
  { newStateId }: LoginParts,
): Promise<PreparedChallenge | null> {
  if (method === "crtext") return { by: method, attempt, notice, stateId: null };
  if (method !== "dynamic") return null;
  const stateId = newStateId();
  // The answer comes on a new connection, which has only this in common with the present one.
  const id = await attemptIdOfState(stateId);
  return { by: method, attempt: { ...attempt, id }, notice, stateId: new Redacted(stateId) };
}

/** The verdict for a challenge. */
export function challenged(
  { by, stateId }: Pick<PreparedChallenge, "by" | "stateId">,
): Challenged {
  return { outcome: "challenged", by, ...stateId === null ? {} : { stateId } };
}

/** Records a user's challenge, and returns the verdict. */
export async function challengeUser(
  { attempt, notice, ...prepared }: PreparedChallenge,
  username: string,
  { records, now }: Transaction,
  { challengeTimeoutSeconds }: LoginRules,
): Promise<Challenged> {
  const { loginName, commonName, address } = attempt;
  await records.recordChallenge({
    id: attempt.id,
    loginName,
    commonName,
    address,
    username,
    createdAt: now,
    expiresAt: now + challengeTimeoutSeconds * 1000,
    answer: null,
  });
  const isDue = notice !== null &&
    await records.isNoticeDue(notice.name, now, now - NOTICE_LASTS_MS);
  return { ...challenged(prepared), ...isDue ? { warning: notice.text } : {} };
}
