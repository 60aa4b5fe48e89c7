import type { EpochMs } from "../../core/epoch.ts";
import { type AdminContext, withStore } from "../context.ts";
import { type ListedUser, listedUsers } from "./listed_user.ts";

/**
 * Everybody who is enrolled or exempt, by username.
 *
 * @param options how long to wait for another process's transaction, in milliseconds
 */
export async function readUsers(
  context: AdminContext,
  now: EpochMs,
  options: { busyTimeoutMs?: number } = {},
): Promise<ListedUser[]> {
  return await withStore(
    context,
    { create: false, ...options },
    async (store) =>
      listedUsers({
        enrolments: await store.list(),
        exemptions: await store.exemptions(),
        challenges: await store.openChallenges(now),
        places: await store.placeCodes(),
      }, now),
  );
}
