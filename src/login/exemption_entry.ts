import { exemptionHolds } from "../core/exemption.ts";
import type { Accepted } from "../core/verdict.ts";
import type { Transaction } from "./conclude.ts";

/**
 * Lets a user in by their exemption, in every mode, and records that they logged in without a code:
 * a session token from such a login must not outlive the exemption.
 *
 * @param user the enrolled name, and the client's address
 * @returns null if no exemption holds
 */
export async function admitByExemption(
  { username, address }: { username: string; address: string | null },
  { records, now }: Transaction,
): Promise<Accepted | null> {
  const exemption = await records.findExemption(username);
  if (!exemptionHolds(exemption, address, now)) return null;
  await records.recordUncodedLogin(username, now);
  return { outcome: "accepted", by: "exemption" };
}
