import type { EpochMs } from "../core/epoch.ts";
import type { TotpParameters } from "../core/totp_parameters.ts";
import type { Redacted } from "../text/redacted.ts";

/** A user as another system has them. */
export interface ImportedUser {
  /** Where the user is in the source, such as `line 3`. */
  place: string;
  username: string;
  /** What the user's app shows; null if the source does not say. */
  issuer: string | null;
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
  /** As `readCode` returns them. */
  recoveryCodes: Redacted<readonly string[]>;
  /** Since when the user has not been allowed to log in; null: they are allowed to. */
  disabledAt: EpochMs | null;
}

/** Why an entry cannot be imported. */
export interface Obstacle {
  place: string;
  /** Null if it is not known; cut if it is too long to be a username. */
  username: string | null;
  /** `unreadable`: it is broken; `uncarried`: it is intact, but has no counterpart here. */
  kind: "unreadable" | "uncarried";
  /** Never contains a secret. */
  reason: string;
}

/** Something about a user that is not imported, although the user is. */
export interface Note {
  place: string;
  username: string;
  /** Never contains a secret. */
  text: string;
}

/** What was read from a source. */
export interface Reading {
  users: readonly ImportedUser[];
  obstacles: readonly Obstacle[];
  notes: readonly Note[];
  /** How many entries were not meant (`EntryChoice`). */
  leftOut: number;
}

/** A source that cannot be read at all. The message never contains a secret. */
export class UnreadableSource extends Error {
  override readonly name = "UnreadableSource";
}

/** The most entries that a source may have. */
export const MAX_ENTRIES = 100_000;
