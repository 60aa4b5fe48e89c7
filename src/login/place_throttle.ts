import type { Attempt } from "../core/challenge.ts";
import {
  afterFailure,
  type Counted,
  takenBack,
  type ThrottleRule,
  type ThrottleScope,
  throttleScopes,
  waitSeconds,
} from "../core/throttle.ts";
import type { LoginRecords } from "../store/store.ts";

/** Slows down guesses from one attempt's user and network, without blocking anything. */
export class PlaceThrottle {
  readonly #user: ThrottleScope;
  readonly #network: ThrottleScope | null;
  /** What {@link PlaceThrottle.count} has made of what. */
  readonly #counted = new Map<string, Counted>();

  constructor(rule: ThrottleRule, { loginName, address }: Attempt) {
    const { user, network } = throttleScopes(loginName, address, rule);
    this.#user = user;
    this.#network = network;
  }

  /**
   * How long nothing from there is even looked at. Where the clock was set back, the wait counts from
   * now on, so that it ends.
   *
   * @param nowMs milliseconds since 1970-01-01T00:00:00Z
   * @returns seconds; 0 for none
   */
  async waitSeconds(records: LoginRecords, nowMs: number): Promise<number> {
    let longest = 0;
    for (const scope of this.#scopes()) {
      const failures = await records.findPlaceFailures(scope.key);
      longest = Math.max(longest, waitSeconds(failures, scope, nowMs));
      if (failures !== null && failures.lastAt > nowMs) {
        await records.savePlaceFailures(scope.key, {
          ...failures,
          lastAt: nowMs,
        });
      }
    }
    return longest;
  }

  /** Counts a failure; beforehand, where others could try meanwhile. */
  async count(records: LoginRecords, nowMs: number): Promise<void> {
    for (const { key } of this.#scopes()) {
      const earlier = await records.findPlaceFailures(key);
      const counted = afterFailure(earlier, nowMs);
      await records.savePlaceFailures(key, counted);
      this.#counted.set(key, { earlier, counted });
    }
  }

  /**
   * Takes back an attempt that was counted, here or in an earlier call, and forgets the user's
   * failures. The network's earlier ones stay: who has one account could go on guessing at others.
   */
  async passed(records: LoginRecords): Promise<void> {
    await records.savePlaceFailures(this.#user.key, null);
    if (this.#network === null) return;
    const { key } = this.#network;
    const current = await records.findPlaceFailures(key);
    await records.savePlaceFailures(
      key,
      takenBack(current, this.#counted.get(key) ?? null),
    );
  }

  #scopes(): ThrottleScope[] {
    return this.#network === null ? [this.#user] : [this.#user, this.#network];
  }
}
