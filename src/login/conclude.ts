import type { Attempt } from "../core/challenge.ts";
import type { DecisionRecord, LoginStep } from "../core/decision.ts";
import type { EpochMs } from "../core/epoch.ts";
import type { CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import type { LoginRecords } from "../store/store.ts";
import type { LoginParts } from "./login_parts.ts";

/** A verdict, and the enrolled user that it is about, if one is known. */
export interface Conclusion<Verdict> {
  verdict: Verdict;
  username?: string | null;
  /** Keeps the verdict out of the audit trail, because it says nothing new. */
  isUnrecorded?: boolean;
}

/** The transaction in which a verdict is reached, and the moment when it is reached. */
export interface Transaction {
  records: LoginRecords;
  now: EpochMs;
}

/** The attempt that a verdict is about, and the step of that attempt. */
export interface StepOfAttempt {
  step: LoginStep;
  attempt: Attempt;
}

/**
 * Reaches a verdict in one transaction, which also records the verdict in the audit trail. When the
 * verdict is returned, everything that it rests on has been committed.
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
    if (!conclusion.isUnrecorded) {
      await records.recordDecision(decisionOf(about, conclusion, transaction.now), rules.audit);
    }
    return conclusion.verdict;
  });
}

/** A verdict, as the audit trail stores it. */
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
