import type { EpochMs } from "../../../core/epoch.ts";
import { byName, isExemptNow, lastLoginOf, type ListedUser } from "../../users/listed_user.ts";
import type { SortKey } from "./options.ts";

/** Sorts users by a key, then by username: `never` and `no` come first. */
export function sorted(users: readonly ListedUser[], key: SortKey, now: EpochMs): ListedUser[] {
  const rank = RANKS[key];
  return [...users].sort((a, b) => {
    const [first, second] = [rank(a, now), rank(b, now)];
    return first === second ? byName(a, b) : first < second ? -1 : 1;
  });
}

const RANKS: Record<SortKey, (user: ListedUser, now: EpochMs) => number> = {
  "user": () => 0,
  "enrolled": ({ enrolledAt }) => enrolledAt ?? -Infinity,
  "last-login": (user) => lastLoginOf(user) ?? -Infinity,
  "pending": ({ pendingChallenges }) => pendingChallenges,
  "state": stateRank,
};

/** Users who need attention come first. */
function stateRank(user: ListedUser, now: EpochMs): number {
  if (user.lockedUntil !== null) return 0;
  if (user.disabledAt !== null) return 1;
  if (user.wrongCodes > 0) return 2;
  if (isExemptNow(user, now)) return 3;
  return user.exemption !== null ? 4 : 5;
}
