import { CORRECTED_BY_MS, type EpochMs } from "../core/epoch.ts";
import { isPair, levelAt, type ThrottleScope } from "../core/throttle.ts";
import type { LoginRecords } from "../store/store.ts";
import type { PlaceThrottle } from "./place_throttle.ts";

/** An attempt counts as a failure if it is not answered within this time, in milliseconds. */
const ANSWERED_WITHIN_MS = 300 * 1000;

/** In a network, this many attempts may be open for each failure that is free there. */
const OPEN_PER_FAILURE = 4;

/**
 * The attempts whose password another factor decides about. An attempt that is never answered may
 * have been a guess at the password, and counts as a failure when it expires; before that, only how
 * many are open at once is bounded. So many users can log in from one office at the same moment.
 */
export class OpenAttempts {
  readonly #throttle: PlaceThrottle;
  readonly #records: LoginRecords;
  readonly #now: EpochMs;

  constructor(throttle: PlaceThrottle, records: LoginRecords, now: EpochMs) {
    this.#throttle = throttle;
    this.#records = records;
    this.#now = now;
  }

  /**
   * Counts attempts of the same places that have expired; or that expire later than any can, because
   * the clock was set back: otherwise they would stay open until it has caught up.
   */
  async settle(): Promise<void> {
    const latest = this.#now + ANSWERED_WITHIN_MS + CORRECTED_BY_MS;
    for (const { key } of await this.#scopes()) {
      for (const attempt of await this.#records.expiredAttemptsAt(key, this.#now, latest)) {
        const expiresAt = Math.min(attempt.expiresAt, this.#now);
        await this.#records.closeAttempt(attempt.id);
        await this.#throttle.countExpired(this.#records, { ...attempt, expiresAt });
      }
    }
  }

  /**
   * How long no further attempt may be opened, because too many are open.
   *
   * @returns seconds; 0 if one may be opened
   */
  async waitSeconds(): Promise<number> {
    let longest = 0;
    for (const scope of await this.#scopes()) {
      const { count, firstExpiresAt } = await this.#records.openAttemptsAt(scope.key);
      if (firstExpiresAt === null || count < await this.#mostOpen(scope)) continue;
      longest = Math.max(longest, 1, Math.ceil((firstExpiresAt - this.#now) / 1000));
    }
    return longest;
  }

  /**
   * Opens an attempt. If its password is one that was tried already, it counts for nothing.
   *
   * @param id the attempt
   * @param mark distinguishes passwords; null if it cannot be made
   * @param timeoutSeconds how long the attempt can be answered
   */
  async open(id: string, mark: string | null, timeoutSeconds: number): Promise<void> {
    const isNew = await this.#throttle.isNewGuess(this.#records, this.#now, mark);
    const places = isNew ? (await this.#scopes()).map(({ key }) => key) : [];
    const expiresAt = this.#now + Math.min(timeoutSeconds * 1000, ANSWERED_WITHIN_MS);
    await this.#records.openAttempt({ id, places, expiresAt }, this.#now);
  }

  /**
   * A user has shown who they are: none of their attempts from here was a guess, and neither was the
   * answered one, even if it was opened from elsewhere.
   */
  async passed(id: string): Promise<void> {
    await this.#records.closeAttempt(id);
    for (const key of this.#throttle.ownKeys) await this.#records.closeAttemptsAt(key);
    await this.#throttle.passed(this.#records, this.#now);
  }

  /** An attempt was answered wrongly, or without having been opened: that is a failure. */
  async failed(id: string): Promise<void> {
    await this.#records.closeAttempt(id);
    await this.#throttle.count(this.#records, this.#now);
  }

  /** The more failures there are, the fewer may be open; one may be in any case. */
  async #mostOpen(scope: ThrottleScope): Promise<number> {
    const failures = await this.#records.findPlaceFailures(scope.key);
    const free = scope.freeFailures - levelAt(failures, scope, this.#now);
    const perFailure = isPair(scope.key) ? 1 : OPEN_PER_FAILURE;
    return Math.max(1, Math.floor(free * perFailure));
  }

  #scopes(): Promise<ThrottleScope[]> {
    return this.#throttle.scopes(this.#records, this.#now);
  }
}
