import type { Attempt } from "../core/challenge.ts";
import type { EpochMs } from "../core/epoch.ts";
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

/** What counting an attempt has made of its places, by their keys. */
export type CountedPlaces = ReadonlyMap<string, Counted>;

/** An attempt that was counted in an earlier call, whose numbers are not known any more. */
const COUNTED_EARLIER: CountedPlaces = new Map();

/** Slows down guesses from one attempt's user and network, without blocking anything. */
export class PlaceThrottle {
  readonly #user: ThrottleScope;
  readonly #network: ThrottleScope | null;

  constructor(rule: ThrottleRule, { loginName, address }: Attempt) {
    const { user, network } = throttleScopes(loginName, address, rule);
    this.#user = user;
    this.#network = network;
  }

  /**
   * How long nothing from there is even looked at. Where the clock was set back, the wait counts from
   * now on, so that it ends.
   *
   * @returns seconds; 0 for none
   */
  async waitSeconds(records: LoginRecords, now: EpochMs): Promise<number> {
    let longest = 0;
    for (const scope of this.#scopes()) {
      const failures = await records.findPlaceFailures(scope.key);
      longest = Math.max(longest, waitSeconds(failures, scope, now));
      if (failures !== null && failures.lastAt > now) {
        await records.savePlaceFailures(scope.key, { ...failures, lastAt: now });
      }
    }
    return longest;
  }

  /**
   * Counts a failure; beforehand, where others could try meanwhile.
   *
   * @returns what {@link PlaceThrottle.passed} needs to take exactly this one back
   */
  async count(records: LoginRecords, now: EpochMs): Promise<CountedPlaces> {
    const places = new Map<string, Counted>();
    for (const { key } of this.#scopes()) {
      const earlier = await records.findPlaceFailures(key);
      const counted = afterFailure(earlier, now);
      await records.savePlaceFailures(key, counted);
      places.set(key, { earlier, counted });
    }
    return places;
  }

  /**
   * Takes back an attempt that was counted, and forgets the user's failures. The network's earlier
   * ones stay: otherwise whoever has one account could go on guessing at others.
   */
  async passed(
    records: LoginRecords,
    places: CountedPlaces = COUNTED_EARLIER,
  ): Promise<void> {
    await records.savePlaceFailures(this.#user.key, null);
    if (this.#network === null) return;
    const { key } = this.#network;
    const current = await records.findPlaceFailures(key);
    await records.savePlaceFailures(key, takenBack(current, places.get(key) ?? null));
  }

  #scopes(): ThrottleScope[] {
    return this.#network === null ? [this.#user] : [this.#user, this.#network];
  }
}
