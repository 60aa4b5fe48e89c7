import type { EpochMs } from "../../../core/epoch.ts";
import { isExemptNow, lastLoginOf, type ListedUser } from "../../users/listed_user.ts";
import type { SortKey } from "./options.ts";

/**
 * Sorts users by a key, then by username: `never` and `no` come first. Of each user it keeps no more than
 * that, as there may be many.
 */
export class UserOrder {
  readonly #rank: (user: ListedUser) => number;
  readonly #names: string[] = [];
  readonly #ranks: number[] = [];

  constructor(key: Exclude<SortKey, "user">, now: EpochMs) {
    this.#rank = (user) => RANKS[key](user, now);
  }

  /** Adds the next user by username. */
  add(user: ListedUser): void {
    this.#names.push(user.username);
    this.#ranks.push(this.#rank(user));
  }

  /** The names of all users, in order. */
  names(): string[] {
    const ranks = this.#ranks;
    // Those of one rank stay as they came.
    const order = Uint32Array.from(ranks.keys()).sort((a, b) =>
      ranks[a] === ranks[b] ? a - b : ranks[a]! < ranks[b]! ? -1 : 1
    );
    return Array.from(order, (i) => this.#names[i]!);
  }
}

const RANKS: Record<
  Exclude<SortKey, "user">,
  (user: ListedUser, now: EpochMs) => number
> = {
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
