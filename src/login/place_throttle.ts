import type { Attempt } from "../core/challenge.ts";
import type { EpochMs } from "../core/epoch.ts";
import { isKnown, isToBeRecorded, type KnownPlace } from "../core/known_place.ts";
import { NO_FAILURES } from "../core/lockout.ts";
import {
  afterFailure,
  type Counted,
  isPair,
  lessened,
  levelAt,
  pairKey,
  type Places,
  placesOf,
  scopeOf,
  takenBack,
  type ThrottleRule,
  type ThrottleScope,
  waitSeconds,
} from "../core/throttle.ts";
import type { Refused } from "../core/verdict.ts";
import type { LoginRecords, OpenAttempt, PlaceReader } from "../store/store.ts";

/** The failures before and after an attempt was counted, by the keys of its places. */
export type CountedPlaces = ReadonlyMap<string, Counted>;

/** An attempt that was counted before its password was checked. */
export interface Guess {
  counted: CountedPlaces;
  /** Distinguishes passwords without revealing them; null if it cannot be made. */
  mark: string | null;
}

/** Whose failures count: those of everybody in an attempt's networks, or the user's own alone. */
export type Whose = "all" | "own";

/** For an attempt that was not counted in advance. */
const UNCOUNTED: CountedPlaces = new Map();

/** How long the same wrong password counts once, in milliseconds. */
const MARKED_FOR_MS = 60 * 60 * 1000;

/**
 * Slows down guesses from one attempt's places, without blocking anything. A user who is known in
 * their network (`KnownPlace`) answers only for their own failures there: otherwise one client that
 * fails again and again would keep a whole office out.
 */
export class PlaceThrottle {
  readonly #rule: ThrottleRule;
  readonly #places: Places;
  readonly #loginName: string;
  readonly #connectedFrom: string | null;

  /**
   * @param connectedFrom the address that the client's connection was let in from, if it is already
   *   connected: there, its user may be known
   */
  constructor(rule: ThrottleRule, attempt: Attempt, connectedFrom: string | null = null) {
    this.#rule = rule;
    this.#places = placesOf(attempt.loginName, attempt.address, rule);
    this.#loginName = attempt.loginName;
    this.#connectedFrom = connectedFrom;
  }

  /**
   * Says whether attempts from this place are still refused without being looked at. It only reads.
   *
   * @param whose failures cause the wait: all that count here, or only those of the user's own places
   * @returns the seconds that the wait still lasts, 0 if there is none; and whether failures are from
   *   the future, because the clock was set back
   */
  async wait(
    reader: PlaceReader,
    now: EpochMs,
    whose: Whose = "all",
  ): Promise<{ seconds: number; isFromFuture: boolean }> {
    let [seconds, isFromFuture] = [0, false];
    const scopes = (await this.scopes(reader, now))
      .filter(({ key }) => whose === "all" || isPair(key));
    const found = await reader.findFailuresOfPlaces(scopes.map(({ key }) => key));
    for (const [i, scope] of scopes.entries()) {
      const failures = found[i]!;
      seconds = Math.max(seconds, waitSeconds(failures, scope, now));
      isFromFuture ||= failures !== null && failures.lastAt > now;
    }
    return { seconds, isFromFuture };
  }

  /**
   * The seconds that the wait still lasts, as {@link PlaceThrottle.wait} says; waits that began in the
   * future are restarted.
   */
  async waitOrRestart(
    records: LoginRecords,
    now: EpochMs,
    whose: Whose = "all",
  ): Promise<number> {
    const { seconds, isFromFuture } = await this.wait(records, now, whose);
    if (seconds > 0 && isFromFuture) await this.restartWaits(records, now);
    return seconds;
  }

  /** Restarts waits that began in the future, so that they end. */
  async restartWaits(records: LoginRecords, now: EpochMs): Promise<void> {
    for (const { key } of await this.scopes(records, now)) {
      const failures = await records.findPlaceFailures(key);
      if (failures === null || failures.lastAt <= now) continue;
      const goneAt = now + failures.goneAt - failures.lastAt;
      await records.savePlaceFailures(key, { ...failures, lastAt: now, goneAt });
    }
  }

  /**
   * Counts a failure. Call it in advance if others could try in the meantime.
   *
   * @param at when the attempt failed
   * @returns what {@link PlaceThrottle.takeBack} needs to take back exactly this failure
   */
  async count(records: LoginRecords, at: EpochMs): Promise<CountedPlaces> {
    const places = new Map<string, Counted>();
    for (const scope of await this.scopes(records, at)) {
      places.set(scope.key, await this.#countAt(scope, records, at));
    }
    return places;
  }

  /**
   * Takes back an attempt that was counted, and all failures of the user here, in wider places too.
   * Others' failures stay, those of other spellings too: otherwise anyone with one account could go
   * on guessing at others.
   */
  async passed(
    records: LoginRecords,
    now: EpochMs,
    places: CountedPlaces = UNCOUNTED,
  ): Promise<void> {
    await this.takeBack(records, places);
    const { pair, knownPair, spelling, networks } = this.#places;
    await this.#forget(records, now, knownPair, [spelling]);
    await this.#forget(records, now, pair, [spelling, ...networks]);
  }

  /** Counts a failure of an attempt that was open, at the places that it was opened for. */
  async countExpired(records: LoginRecords, { places, expiresAt }: OpenAttempt): Promise<void> {
    for (const key of places) await this.#countAt(scopeOf(key, this.#rule), records, expiresAt);
  }

  /**
   * Takes back an attempt that was counted, where it turned out to be no failure. If the user's own
   * place, which comes first, has nothing left before its time, a simultaneous attempt has passed and
   * has taken this one out everywhere: others' failures would go in its place.
   */
  async takeBack(records: LoginRecords, places: CountedPlaces): Promise<void> {
    const [first] = places;
    if (first === undefined) return;
    const [firstKey, { counted: { goneAt } }] = first;
    const isGone = await records.findPlaceFailures(firstKey) === null;
    for (const [key, own] of places) {
      const current = await records.findPlaceFailures(key);
      if (isGone && current !== null && current.lastAt < goneAt) continue;
      const left = takenBack(current, own, scopeOf(key, this.#rule));
      await records.savePlaceFailures(key, left);
    }
  }

  /**
   * Keeps an attempt counted that did not let its user in, unless its password was counted already: a
   * client that sends the same one again and again guesses once.
   *
   * @returns the refusal, which says whether it is such a repetition
   */
  async failed(
    refusal: Refused,
    { counted, mark }: Guess,
    { records, now }: { records: LoginRecords; now: EpochMs },
  ): Promise<Refused> {
    if (await this.isNewGuess(records, now, mark)) return refusal;
    await this.takeBack(records, counted);
    return { ...refusal, isRepeated: true };
  }

  /** Says whether a password is a new guess of its user here, and remembers it for a time. */
  async isNewGuess(records: LoginRecords, now: EpochMs, mark: string | null): Promise<boolean> {
    if (mark === null) return true;
    return await records.isNewPassword(this.#places.pair.key, mark, now, now + MARKED_FOR_MS);
  }

  /** Records that the user has logged in from here, with all that they needed. */
  async recordLogin(records: LoginRecords, username: string, now: EpochMs): Promise<void> {
    // Without an address, all clients would share one place.
    if (this.#places.networks.length === 0) return;
    const { key } = this.#places.pair;
    const earlier = await records.findKnownPlace(key);
    if (!isToBeRecorded(earlier, { username, at: now })) return;
    const failures = earlier?.username === username ? earlier.failures : NO_FAILURES;
    await records.saveKnownPlace(key, { username, lastLoginAt: now, failures });
  }

  /** The places of the user alone, where they are known and where they are not. */
  get ownKeys(): string[] {
    return [this.#places.pair.key, this.#places.knownPair.key];
  }

  /** What counts the failures of this attempt; the user's own place comes first. */
  async scopes(reader: PlaceReader, now: EpochMs): Promise<ThrottleScope[]> {
    const { pair, knownPair, spelling, networks } = this.#places;
    return await this.#isKnown(reader, now) ? [knownPair, spelling] : [pair, spelling, ...networks];
  }

  /** Forgets the user's own failures, and takes their share out of wider places. */
  async #forget(
    records: LoginRecords,
    now: EpochMs,
    own: ThrottleScope,
    wider: readonly ThrottleScope[],
  ): Promise<void> {
    const failures = await records.findPlaceFailures(own.key);
    if (failures === null) return;
    await records.savePlaceFailures(own.key, null);
    for (const scope of wider) {
      // A wider network takes back faster: of several failures, only the last is surely still there.
      const isAsSlow = scope.takenBackAfterMs === own.takenBackAfterMs;
      const level = isAsSlow ? failures.level : Math.min(1, failures.level);
      const all = await records.findPlaceFailures(scope.key);
      const share = levelAt({ ...failures, level }, scope, all?.lastAt ?? now);
      await records.savePlaceFailures(scope.key, lessened(all, share, scope));
    }
  }

  async #countAt(scope: ThrottleScope, records: LoginRecords, at: EpochMs): Promise<Counted> {
    const earlier = await records.findPlaceFailures(scope.key);
    // Others may have failed since: their wait is not shortened.
    const counted = afterFailure(earlier, scope, Math.max(at, earlier?.lastAt ?? at));
    await records.savePlaceFailures(scope.key, counted);
    return { earlier, counted };
  }

  async #isKnown(reader: PlaceReader, now: EpochMs): Promise<boolean> {
    const keys = [this.#places.pair.key];
    if (this.#connectedFrom !== null) keys.push(pairKey(this.#loginName, this.#connectedFrom));
    for (const key of keys) {
      if (await knownPlaceAt(reader, key, now) !== null) return true;
    }
    return false;
  }
}

/** What is known of a user and their network, by `pairKey`; null if the user is not known there. */
export async function knownPlaceAt(
  reader: PlaceReader,
  key: string,
  now: EpochMs,
): Promise<KnownPlace | null> {
  const place = await reader.findKnownPlace(key);
  return isKnown(place, now) ? place : null;
}
