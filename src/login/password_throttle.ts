import type { Attempt } from "../core/challenge.ts";
import {
  type ThrottleRule,
  type ThrottleScope,
  throttleScopes,
  waitSeconds,
} from "../core/throttle.ts";
import type { LoginStore } from "../store/store.ts";

/** Slows down guesses at passwords, of one attempt's user and network, without blocking anything. */
export class PasswordThrottle {
  readonly #store: LoginStore;
  readonly #userKey: string;
  #userHasFailures = false;
  readonly #scopes: readonly ThrottleScope[];

  constructor(store: LoginStore, rule: ThrottleRule, attempt: Attempt) {
    this.#store = store;
    const { loginName, address } = attempt;
    const { user, network } = throttleScopes(loginName, address, rule);
    this.#scopes = network === null ? [user] : [user, network];
    this.#userKey = user.key;
  }

  /**
   * How long the password isn't even looked at. Ask this first.
   *
   * @param nowMs milliseconds since 1970-01-01T00:00:00Z
   * @returns seconds; 0 for none
   */
  async waitSeconds(nowMs: number): Promise<number> {
    let longest = 0;
    for (const scope of this.#scopes) {
      const failures = await this.#store.findPasswordFailures(scope.key);
      if (scope.key === this.#userKey) {
        this.#userHasFailures = failures !== null;
      }
      const wait = waitSeconds(failures, scope, nowMs);
      longest = Math.max(longest, wait);
      if (failures !== null && failures.lastAt > nowMs) {
        // The clock was set back: the wait counts from now on, so that it ends.
        await this.#store.addPasswordFailure([scope.key], nowMs);
      }
    }
    return longest;
  }

  /** Counts a failure. */
  async failed(nowMs: number): Promise<void> {
    const keys = this.#scopes.map(({ key }) => key);
    await this.#store.addPasswordFailure(keys, nowMs);
  }

  /**
   * Forgets the user's failures. The network's stay: who has one account could go on guessing at
   * others.
   */
  async passed(): Promise<void> {
    const key = this.#userKey;
    if (this.#userHasFailures) await this.#store.forgetPasswordFailures(key);
  }
}
