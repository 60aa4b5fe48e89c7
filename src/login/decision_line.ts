import type { CodeVerdict, PasswordVerdict, Refused } from "../core/verdict.ts";
import type { Field } from "../text/logfmt.ts";

/** The severities of syslog(3) that a decision can have. */
export const Severity = { ERROR: 3, NOTICE: 5, INFO: 6 } as const;

/** A verdict, and what the log tells about whom it is; a value that is missing is left out. */
export interface DecisionLine {
  /** The login's step; `none` for a call of no known kind. */
  step: string;
  verdict: PasswordVerdict | CodeVerdict;
  /** The username as the client gave it. */
  loginName: string | undefined;
  address: string | null | undefined;
  port: string | undefined;
  commonName: string | null | undefined;
  /** Something apart from the decision that an administrator should fix. */
  warning: string | undefined;
  /** The server's management socket, where there may be several. */
  server?: string;
}

/** The fields of a decision's log line, in their order, which a filter of fail2ban relies on. */
export function decisionFields(line: DecisionLine): Record<string, Field> {
  const { step, verdict, loginName, address, port, commonName, warning, server } = line;
  return {
    step,
    outcome: verdict.outcome,
    by: "by" in verdict ? verdict.by : null,
    reason: "reason" in verdict ? verdict.reason : null,
    user: loginName,
    address,
    port,
    common_name: commonName,
    detail: "detail" in verdict ? verdict.detail : null,
    warning: warning ?? ("warning" in verdict ? verdict.warning : null),
    repeated: "isRepeated" in verdict && verdict.isRepeated ? "yes" : null,
    server,
  };
}

/** How severe a decision is for the administrator. */
export function severityOf(verdict: DecisionLine["verdict"]): number {
  if (isFailure(verdict)) return Severity.ERROR;
  return verdict.outcome === "refused" ? Severity.NOTICE : Severity.INFO;
}

/** Says whether a refusal comes from a failure and not from a step's decision. */
export function isFailure(
  verdict: DecisionLine["verdict"],
): verdict is Refused & { reason: "failure" } {
  return verdict.outcome === "refused" && verdict.reason === "failure";
}
