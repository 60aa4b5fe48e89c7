import type { EpochMs } from "../../core/epoch.ts";
import type { KnownPlace } from "../../core/known_place.ts";
import type { PlaceFailures } from "../../core/throttle.ts";
import type { Connection } from "./connection.ts";
import {
  findFailuresOfPlaces,
  findKnownPlace,
  forgetFailures,
  saveFailuresOfPlaces,
  saveKnownPlace,
} from "./places.ts";
import { storable } from "./storable.ts";

/**
 * The places that one transaction has read and written. A login looks at the same few again and again,
 * and each look would be a way to the server and back: so each is read once, and all that changed is
 * written at the end. Nobody else's change comes between, as the transaction is serialisable.
 */
export class SeenPlaces {
  readonly #connection: Connection;
  readonly #failures = new Map<string, PlaceFailures | null>();
  readonly #changed = new Set<string>();
  readonly #known = new Map<string, KnownPlace | null>();
  /** The earliest moment at which a place failed: later ones may be of a clock that was wrong. */
  #failedAt: EpochMs | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The failures of places, in their order. */
  async failuresOf(keys: readonly string[]): Promise<(PlaceFailures | null)[]> {
    const unseen = keys.filter((key) => !this.#failures.has(key));
    if (unseen.length > 0) {
      const found = await findFailuresOfPlaces(this.#connection, unseen);
      for (const key of unseen) this.#failures.set(key, found.get(storable(key)) ?? null);
    }
    return keys.map((key) => this.#failures.get(key) ?? null);
  }

  setFailures(key: string, failures: PlaceFailures | null): void {
    this.#failures.set(key, failures);
    this.#changed.add(key);
    if (failures === null) return;
    this.#failedAt = Math.min(this.#failedAt ?? failures.lastAt, failures.lastAt);
  }

  async known(key: string): Promise<KnownPlace | null> {
    const seen = this.#known.get(key);
    if (seen !== undefined) return seen;
    const found = await findKnownPlace(this.#connection, key);
    this.#known.set(key, found);
    return found;
  }

  async setKnown(key: string, place: KnownPlace): Promise<void> {
    this.#known.set(key, place);
    await saveKnownPlace(this.#connection, key, place);
  }

  /**
   * Writes what has changed, and has failures that are over by now forgotten after the commit.
   *
   * @returns the earliest moment at which a place failed; null if none did
   */
  async write(): Promise<EpochMs | null> {
    // In one order for all, so that no two wait for each other.
    const changed = [...this.#changed].sort().map((key) =>
      [key, this.#failures.get(key) ?? null] as const
    );
    await saveFailuresOfPlaces(this.#connection, changed);
    if (this.#failedAt !== null) forgetFailures(this.#connection, this.#failedAt);
    return this.#failedAt;
  }
}
