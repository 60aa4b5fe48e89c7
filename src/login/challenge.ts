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
  /** The attempt, with the id that the answer will come under. */
  attempt: Attempt;
  notice: Notice | null;
  /** What the client must send along with its answer; null where it answers on its connection. */
  stateId: Redacted<string> | null;
}

/** A notice need not be repeated for so long, in milliseconds. */
const NOTICE_LASTS_MS = 24 * 60 * 60 * 1000;

/**
 * Prepares the challenge of a login, before its transaction.
 *
 * @returns null where the code comes another way
 */
export async function prepareChallenge(
  { attempt, method, notice }: PasswordRequest,
  { newStateId }: LoginParts,
): Promise<PreparedChallenge | null> {
  if (method === "crtext") return { by: method, attempt, notice, stateId: null };
  if (method !== "dynamic") return null;
  const stateId = newStateId();
  // The answer comes on another connection, which has this alone in common with ours.
  const id = await attemptIdOfState(stateId);
  return { by: method, attempt: { ...attempt, id }, notice, stateId: new Redacted(stateId) };
}

/** The verdict that a challenge is. */
export function challenged(
  { by, stateId }: Pick<PreparedChallenge, "by" | "stateId">,
): Challenged {
  return { outcome: "challenged", by, ...stateId === null ? {} : { stateId } };
}

/** Records the challenge of a user, and gives the verdict. */
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
