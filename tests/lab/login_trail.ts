import type { Attempt } from "../../src/core/challenge.ts";
import type { AuditRow, LoginStep } from "../../src/core/decision.ts";
import type { CodeVerdict, PasswordVerdict } from "../../src/core/verdict.ts";
import { pairOf } from "./login_places.ts";
import { HOUR } from "./login_rules.ts";

/** Of these, nothing else bounds how many names a client can invent. */
const ANY_NAME = [
  "bad_username",
  "bad_password",
  "common_name_mismatch",
  "token_refused",
  "pam_error",
];

/** The rows that the audit trail should have, the oldest first. */
export class LoginTrail {
  readonly rows: AuditRow[] = [];

  /** @param username the enrolled user that the verdict is about */
  add(
    step: LoginStep,
    attempt: Attempt,
    verdict: PasswordVerdict | CodeVerdict,
    { username, now }: { username: string | null; now: number },
  ): void {
    const { loginName, address, commonName } = attempt;
    const row: AuditRow = {
      ...{ at: now, lastAt: now, count: 1 },
      ...{ loginName, username, address, commonName, step, outcome: verdict.outcome },
      by: "by" in verdict ? verdict.by : null,
      reason: "reason" in verdict ? verdict.reason ?? null : null,
      detail: "detail" in verdict ? verdict.detail ?? null : null,
    };
    const like = this.rows.findLast((other) => isLike(other, row));
    if (like === undefined || like.at > now || like.at <= now - HOUR) {
      this.rows.push(row);
      return;
    }
    like.count++;
    like.lastAt = Math.max(like.lastAt, now);
    like.detail = row.detail;
  }
}

/** Refusals of one client with one reason are one row. */
function isLike(one: AuditRow, other: AuditRow): boolean {
  const network = ({ address }: AuditRow) => pairOf({ loginName: "x", address });
  const isSameName = one.loginName === other.loginName && one.username === other.username;
  return one.outcome === "refused" && other.outcome === "refused" &&
    one.step === other.step && one.reason === other.reason &&
    one.commonName === other.commonName && network(one) === network(other) &&
    (isSameName || ANY_NAME.includes(one.reason!));
}
