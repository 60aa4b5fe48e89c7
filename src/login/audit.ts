import type { Attempt } from "../core/challenge.ts";
import type { AuditRule, Step } from "../core/decision.ts";
import type { CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import type { LoginRecords } from "../store/store.ts";

/** Writes down what is decided about an attempt, in the transaction that it rests on. */
export class Audit {
  readonly #step: Step;
  readonly #attempt: Attempt;
  readonly #rule: AuditRule;

  constructor(step: Step, attempt: Attempt, rule: AuditRule) {
    this.#step = step;
    this.#attempt = attempt;
    this.#rule = rule;
  }

  /**
   * Writes a verdict down, and gives it back.
   *
   * @param nowMs milliseconds since 1970-01-01T00:00:00Z
   * @param username the enrolled user, where one is known
   */
  async record<Verdict extends PasswordVerdict | CodeVerdict>(
    records: LoginRecords,
    verdict: Verdict,
    nowMs: number,
    username: string | null = null,
  ): Promise<Verdict> {
    const { loginName, address, commonName } = this.#attempt;
    await records.recordDecision({
      at: nowMs,
      loginName,
      username,
      address,
      commonName,
      step: this.#step,
      outcome: verdict.outcome,
      by: "by" in verdict ? verdict.by : null,
      reason: "reason" in verdict ? verdict.reason : null,
      detail: "detail" in verdict ? verdict.detail ?? null : null,
    }, this.#rule);
    return verdict;
  }
}
