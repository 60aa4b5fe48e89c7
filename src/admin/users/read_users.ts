import type { EpochMs } from "../../core/epoch.ts";
import type { EnrolmentStore, StoredUser } from "../../store/store.ts";
import { type ListedUser, listedUser, type Surroundings } from "./listed_user.ts";

/** How many users are looked up at once. */
const USERS_AT_ONCE = 1000;

/** Reads users some at a time, since there may be more than fit into the memory. */
export class UserReader {
  readonly #store: EnrolmentStore;
  readonly #surroundings: Surroundings;
  readonly #now: EpochMs;

  private constructor(store: EnrolmentStore, surroundings: Surroundings, now: EpochMs) {
    this.#store = store;
    this.#surroundings = surroundings;
    this.#now = now;
  }

  /** @param now the moment that all users are seen at */
  static async on(store: EnrolmentStore, now: EpochMs): Promise<UserReader> {
    const pending = new Map<string, number>();
    for (const { username } of await store.openChallenges(now)) {
      pending.set(username, (pending.get(username) ?? 0) + 1);
    }
    const places = Map.groupBy(await store.placeCodes(), ({ username }) => username);
    return new UserReader(store, { pending, places }, now);
  }

  /** Everybody who is enrolled or exempt, by username. */
  async *all(direction: "ascending" | "descending" = "ascending"): AsyncGenerator<ListedUser[]> {
    for await (const users of this.#store.users(direction)) yield this.#listed(users);
  }

  /** These users, in the order of the names; without those who are gone. */
  async *named(usernames: readonly string[]): AsyncGenerator<ListedUser[]> {
    for (let i = 0; i < usernames.length; i += USERS_AT_ONCE) {
      const users = await this.#store.usersNamed(usernames.slice(i, i + USERS_AT_ONCE));
      yield this.#listed(users);
    }
  }

  #listed(users: readonly StoredUser[]): ListedUser[] {
    return users.map((user) => listedUser(user, this.#surroundings, this.#now));
  }
}
