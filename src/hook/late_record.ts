import type { LoginStep } from "../core/decision.ts";
import type { Refused } from "../core/verdict.ts";
import { decisionOf } from "../login/conclude.ts";
import { readAttempt } from "../openvpn/script/environment.ts";
import type { ReadVariable, Settings } from "../settings.ts";
import { openLoginStore } from "./open_login.ts";

/** A refusal that came of a failure, and so of no login step. */
export interface LateRefusal {
  step: LoginStep;
  verdict: Refused;
  /** The username as the client gave it, where it is known. */
  loginName: string;
}

/**
 * Writes a refusal to the audit trail that came of a failure. This happens as far as the database can
 * be used: the log line tells of it in any case.
 *
 * @param settings those that are good
 * @throws Failure when the settings or the database cannot be used
 */
export async function recordLate(
  { step, verdict, loginName }: LateRefusal,
  { tokenDbPath, audit }: Partial<Settings>,
  read: ReadVariable,
): Promise<void> {
  const attempt = readAttempt(read, loginName);
  if (tokenDbPath === undefined || audit === undefined) return;
  using store = await openLoginStore(tokenDbPath);
  await store.logins.transaction((records) =>
    records.recordDecision(decisionOf({ step, attempt }, { verdict }, Date.now()), audit)
  );
}
