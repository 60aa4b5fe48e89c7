import { isExempt } from "../core/exemption.ts";
import { Redacted } from "../text/redacted.ts";
import { refused, refusedInWait, refusedUnproven } from "../core/verdict.ts";
import type { LoginRecords } from "../store/store.ts";
import { askOrJudge } from "./admission.ts";
import type { CheckedCode } from "./code_check.ts";
import type { Decision, PasswordRequest, PasswordStepParts } from "./password_request.ts";

/**
 * Where another factor decides about the password, and nobody knows yet how: everybody gets a
 * challenge, lest a stranger learns who is enrolled or locked; and a code that came along is judged
 * without a word of what was wrong. Each attempt counts as a failure until its code is right: left
 * unanswered, it would be a free guess at the password.
 */
export async function admitUnproven(
  request: PasswordRequest,
  checked: CheckedCode | null,
  records: LoginRecords,
  parts: PasswordStepParts,
): Promise<Decision> {
  const { attempt, method } = request;
  const now = parts.now();
  const wait = await parts.throttle.waitSeconds(records, now);
  if (wait > 0) return { verdict: refusedInWait(wait) };
  const exemption = await records.findExemption(attempt.loginName);
  const enrolment = await records.findEnrolment(attempt.loginName);
  const isDisabled = enrolment !== null && enrolment.disabledAt !== null;
  // The name is anybody's claim here: the certificate has to bear it out.
  const isNamed = attempt.commonName === attempt.loginName;
  if (!isDisabled && isNamed && isExempt(exemption, attempt.address, now)) {
    return { verdict: { outcome: "accepted", by: "exemption" } };
  }
  if (method === null) return { verdict: refused("client_without_method") };
  await parts.throttle.count(records, now);
  if (enrolment !== null && !isDisabled) {
    const decision = await askOrJudge(
      ...[request, enrolment, checked, records, parts] as const,
    );
    const { verdict } = decision;
    if (verdict.outcome === "accepted") await parts.throttle.passed(records);
    return verdict.outcome === "refused"
      ? { ...decision, verdict: refusedUnproven(verdict) }
      : decision;
  }
  const reason = isDisabled ? "user_disabled" : "not_enrolled";
  if (method === "static" || method === "append") {
    return { verdict: refusedUnproven(refused(reason)) };
  }
  const stateId = method === "dynamic" ? { stateId: new Redacted(parts.newStateId()) } : {};
  return { verdict: { outcome: "challenged", by: method, reason, ...stateId } };
}
