import type { Attempt } from "../../src/core/challenge.ts";
import { HOUR, MINUTE, type Rules, SECOND } from "./login_rules.ts";

interface Place {
  failures: number;
  lastAt: number;
}

/** The model's failed passwords, by where they came from. */
export class LoginPlaces {
  readonly #rules: Rules;
  #places = new Map<string, Place>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Gives what undoes all that happens from now on. */
  remember(): () => void {
    const before = structuredClone(this.#places);
    return () => {
      this.#places = before;
    };
  }

  /** Beyond the free failures a second, then two, four …: of a user five minutes, a network one. */
  isInWait(attempt: Attempt, now: number): boolean {
    const { freeFailures, maxWaitSeconds } = this.#rules;
    let isInWait = false;
    for (const [i, key] of placesOf(attempt).entries()) {
      const place = this.#places.get(key ?? "");
      if (place === undefined) continue;
      // A clock that was set back leaves the whole wait, from now on.
      place.lastAt = Math.min(place.lastAt, now);
      const beyond = place.failures - freeFailures * (i === 0 ? 1 : 5);
      const most = Math.min(maxWaitSeconds, i === 0 ? Infinity : 60);
      const wait = beyond < 0 ? 0 : Math.min(2 ** beyond, most) * SECOND;
      isInWait ||= now < place.lastAt + wait;
    }
    return isInWait;
  }

  /**
   * Counts a failure. Ten quiet minutes take one back, an hour all.
   *
   * @returns says that it was none after all: a user's earlier ones go, too, a network's others stay
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

  /** What an hour's quiet made void comes back by no clock. */
  #put(key: string | null, place: Place | null = null): void {
    if (key === null) return;
    for (const [other, { lastAt }] of this.#places) {
      if (place && lastAt <= place.lastAt - HOUR) this.#places.delete(other);
    }
    if (place === null) this.#places.delete(key);
    else this.#places.set(key, { ...place });
  }
}

/** The user in this network, and the network: IPv6 gives everybody a /64. */
function placesOf({ loginName, address }: Attempt): [string, string | null] {
  const network = address?.replace(/^(2001:db8)::.*/, "$1") ?? null;
  return [`${loginName} in ${network}`, network];
}
