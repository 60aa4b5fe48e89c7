import { exemptionHolds } from "../core/exemption.ts";
import type { Accepted } from "../core/verdict.ts";
import type { Transaction } from "./conclude.ts";
import type { LoginParts } from "./login_parts.ts";

/**
 * Lets a user in by their exemption, in every mode, and records that they logged in without a code:
 * a session token from such a login must not outlive the exemption.
 *
 * @param user the enrolled name, and the client's address
 * @returns null if no exemption holds
 */
export async function admitByExemption(
  { username, address }: { username: string; address: string | null },
  transaction: Transaction,
  parts: LoginParts,
): Promise<Accepted | null> {
  const exemption = await transaction.records.findExemption(username);
  if (!exemptionHolds(exemption, address, transaction.now)) return null;
  await recordUncoded(username, transaction, parts);
  return { outcome: "accepted", by: "exemption" };
}

/** A session token has the second in which its session began. */
const SECOND_MS = 1000;

/** Records when the session of a login without a code begins. */
export async function recordUncoded(
  username: string,
  { records, now }: Transaction,
  { sessionBegins: { before, after } }: LoginParts,
): Promise<void> {
  const [since, until] = [now - before - SECOND_MS, now + after];
  await records.recordUncodedSession({ username, since, until });
}
