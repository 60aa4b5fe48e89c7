import type { LoginStep } from "../core/decision.ts";
import type { Refused } from "../core/verdict.ts";
import { decisionOf } from "../login/conclude.ts";
import { readScriptAttempt } from "../openvpn/script/environment.ts";
import type { ReadVariable, Settings } from "../settings.ts";
import type { HookCall } from "./call.ts";
import { withStoreAsOwner } from "./owners_rights.ts";

/** How the database is opened. */
type LoginDatabase = Pick<HookCall, "databaseOwner" | "openLogins">;

/** A refusal caused by a failure, not decided by a login step. */
export interface LateRefusal {
  step: LoginStep;
  verdict: Refused;
  /** The username as the client gave it; empty if unknown. */
  loginName: string;
}

/**
 * Writes a refusal caused by a failure to the audit trail, if the database can be used: the log
 * line reports it in any case.
 *
 * @param settings the settings that are valid, and the database's owner
 * @throws Failure if the settings or the database cannot be used
 */
export async function recordLate(
  { step, verdict, loginName }: LateRefusal,
  { database, audit, databaseOwner, openLogins }: Partial<Settings> & LoginDatabase,
  read: ReadVariable,
): Promise<void> {
  const attempt = readScriptAttempt(read, loginName);
  if (database === undefined || audit === undefined) return;
  await withStoreAsOwner(
    databaseOwner,
    () => openLogins(database),
    (store) =>
      store.logins.transaction((records) =>
        records.recordDecision(decisionOf({ step, attempt }, { verdict }, Date.now()), audit)
      ),
  );
}
