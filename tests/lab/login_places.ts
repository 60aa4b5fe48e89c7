import type { Attempt } from "../../src/core/challenge.ts";
import { HOUR, MINUTE, type Rules, SECOND } from "./login_rules.ts";

interface Place {
  failures: number;
  lastAt: number;
}

/** The model's failed passwords, by the place that they came from. */
export class LoginPlaces {
  readonly #rules: Rules;
  #places = new Map<string, Place>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Returns a function that undoes everything that happens from now on. */
  remember(): () => void {
    const before = structuredClone(this.#places);
    return () => {
      this.#places = before;
    };
  }

  /**
   * Beyond the free failures, the wait is one second, then two, four and so on: up to five minutes
   * for a user, up to one minute for a network.
   */
  isInWait(attempt: Attempt, now: number): boolean {
    const { freeFailures, maxWaitSeconds } = this.#rules;
    let isInWait = false;
    for (const [i, key] of placesOf(attempt).entries()) {
      const place = this.#places.get(key ?? "");
      if (place === undefined) continue;
      // If the clock was set back, the whole wait begins again now.
      place.lastAt = Math.min(place.lastAt, now);
      const beyond = place.failures - freeFailures * (i === 0 ? 1 : 5);
      const most = Math.min(maxWaitSeconds, i === 0 ? Infinity : 60);
      const wait = beyond < 0 ? 0 : Math.min(2 ** beyond, most) * SECOND;
      isInWait ||= now < place.lastAt + wait;
    }
    return isInWait;
  }

  /**
   * Counts a failure. Ten quiet minutes take one failure back, an hour takes all back.
   *
   * @returns a function that takes the failure back: a user's earlier failures are forgotten, too,
   *   a network's others stay
   */
  fail(attempt: Attempt, now: number): () => void {
    const [user, network] = placesOf(attempt);
    const [, networkBefore] = [user, network].map((key) => {
      const before = this.#places.get(key ?? "") ?? null;
      const quiet = now - (before?.lastAt ?? 0);
      const left = quiet >= HOUR
        ? 0
        : Math.max(0, before!.failures - Math.floor(quiet / (10 * MINUTE)));
      this.#put(key, { failures: left + 1, lastAt: now });
      return before;
    });
    return () => {
      this.#put(user);
      this.#put(network, networkBefore);
    };
  }

  /** Takes back an attempt that was counted in an earlier call. */
  takeBack(attempt: Attempt): void {
    const [user, network] = placesOf(attempt);
    this.#put(user);
    const place = this.#places.get(network ?? "");
    if (place === undefined) return;
    const left = { ...place, failures: place.failures - 1 };
    this.#put(network, left.failures > 0 ? left : null);
  }

  /**
   * Stores a place. Failures that an hour's quiet removed do not return if the clock is set back.
   */
  #put(key: string | null, place: Place | null = null): void {
    if (key === null) return;
    for (const [other, { lastAt }] of this.#places) {
      if (place && lastAt <= place.lastAt - HOUR) this.#places.delete(other);
    }
    if (place === null) this.#places.delete(key);
    else this.#places.set(key, { ...place });
  }
}

/** The user in this network, and the network: for IPv6, that is the /64. */
function placesOf({ loginName, address }: Attempt): [string, string | null] {
  const network = address?.replace(/^(2001:db8)::.*/, "$1") ?? null;
  return [`${loginName} in ${network}`, network];
}
