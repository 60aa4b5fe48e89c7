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

/** The failures before and after an attempt was counted, by the keys of its places. */
export type CountedPlaces = ReadonlyMap<string, Counted>;

/** For an attempt that was counted in an earlier call, whose numbers are no longer known. */
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
   * How long attempts from this place are still refused without being looked at. If the clock was
   * set back, the wait restarts now, so that it ends.
   *
   * @returns seconds; 0 if there is no wait
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
   * Counts a failure. Call it in advance if others could try in the meantime.
   *
   * @returns what {@link PlaceThrottle.passed} needs to take back exactly this failure
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
   * failures stay: otherwise anyone with one account could go on guessing at others.
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
