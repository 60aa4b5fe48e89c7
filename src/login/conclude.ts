import type { Attempt } from "../core/challenge.ts";
import type { DecisionRecord, LoginStep } from "../core/decision.ts";
import type { EpochMs } from "../core/epoch.ts";
import type { CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import type { LoginRecords } from "../store/store.ts";
import type { LoginParts } from "./login_parts.ts";

/** A verdict, and the enrolled user that it is about, where one is known. */
export interface Conclusion<Verdict> {
  verdict: Verdict;
  username?: string | null;
}

/** The transaction that a verdict is reached in, and the moment that it is reached at. */
export interface Transaction {
  records: LoginRecords;
  now: EpochMs;
}

/** The attempt that a verdict is about, and the step of it. */
export interface StepOfAttempt {
  step: LoginStep;
  attempt: Attempt;
}

/**
 * Reaches a verdict in one transaction, which the verdict's row of the audit trail is part of: by the
 * time that a verdict is given, all that it rests on has been committed.
 *
 * @param decide may run more than once: see {@link LoginStore.transaction}
 */
export function conclude<Verdict extends PasswordVerdict | CodeVerdict>(
  { store, rules, now }: Pick<LoginParts, "store" | "rules" | "now">,
  about: StepOfAttempt,
  decide: (transaction: Transaction) => Promise<Conclusion<Verdict>>,
): Promise<Verdict> {
  return store.transaction(async (records) => {
    const transaction = { records, now: now() };
    const conclusion = await decide(transaction);
    await records.recordDecision(decisionOf(about, conclusion, transaction.now), rules.audit);
    return conclusion.verdict;
  });
}

/** A verdict as the audit trail keeps it. */
export function decisionOf(
  { step, attempt: { loginName, address, commonName } }: StepOfAttempt,
  { verdict, username = null }: Conclusion<PasswordVerdict | CodeVerdict>,
  at: EpochMs,
): DecisionRecord {
  return {
    at,
    loginName,
    username,
    address,
    commonName,
    step,
    outcome: verdict.outcome,
    by: "by" in verdict ? verdict.by : null,
    reason: "reason" in verdict ? verdict.reason ?? null : null,
    detail: "detail" in verdict ? verdict.detail ?? null : null,
  };
}
