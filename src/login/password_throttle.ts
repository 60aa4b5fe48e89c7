import type { Attempt } from "../core/challenge.ts";
import {
  type ThrottleRule,
  throttleScopes,
  waitSeconds,
} from "../core/throttle.ts";
import type { LoginStore } from "../store/store.ts";

/** Slows down guesses at passwords, of one attempt's user and network, without blocking anything. */
export class PasswordThrottle {
  readonly #store: LoginStore;
  readonly #rule: ThrottleRule;
  readonly #scopes: ReturnType<typeof throttleScopes>;

  constructor(store: LoginStore, rule: ThrottleRule, attempt: Attempt) {
    this.#store = store;
    this.#rule = rule;
    this.#scopes = throttleScopes(attempt.loginName, attempt.address, rule);
  }

  /**
   * How long the password isn't even looked at.
   *
   * @param nowMs milliseconds since 1970-01-01T00:00:00Z
   * @returns seconds; 0 for none
   */
  async waitSeconds(nowMs: number): Promise<number> {
    let longest = 0;
    for (const scope of Object.values(this.#scopes)) {
      const failures = await this.#store.findPasswordFailures(scope.key);
      const wait = waitSeconds(failures, scope, this.#rule, nowMs);
      longest = Math.max(longest, wait);
      if (failures !== null && failures.lastAt > nowMs) {
        // The clock was set back: counted from now on, the wait ends one day.
        await this.#store.addPasswordFailure([scope.key], nowMs);
      }
    }
    return longest;
  }

  /** Counts a failure. */
  async failed(nowMs: number): Promise<void> {
    const { user, network } = this.#scopes;
    await this.#store.addPasswordFailure([user.key, network.key], nowMs);
  }

  /**
   * Forgets the user's failures. The network's stay: who has one account could go on guessing at
   * others.
   */
  async passed(): Promise<void> {
    const { key } = this.#scopes.user;
    if (await this.#store.findPasswordFailures(key) !== null) {
      await this.#store.forgetPasswordFailures(key);
    }
  }
}
