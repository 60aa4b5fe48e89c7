import type { Step } from "../core/decision.ts";
import type { Refused } from "../core/verdict.ts";
import { Audit } from "../login/audit.ts";
import { readAttempt } from "../openvpn/script/environment.ts";
import { readAuditRule, readSetting, type ReadVariable, SETTINGS } from "../settings.ts";
import { openLoginStore } from "./call.ts";

/**
 * Writes a refusal to the audit trail that came of a failure, and so of no login step. As far as the
 * database can be used: the log line tells of it in any case.
 *
 * @param loginName as the client gave it, where it is known
 * @throws Failure when the settings or the database can't be used
 */
export async function recordLate(
  step: Step,
  verdict: Refused,
  loginName: string,
  read: ReadVariable,
): Promise<void> {
  const attempt = readAttempt(read, loginName);
  const audit = new Audit(step, attempt, readAuditRule(read));
  using store = await openLoginStore(
    readSetting(SETTINGS.tokenDbPath, read),
  );
  await store.logins.transaction((records) => audit.record(records, verdict, Date.now()));
}
