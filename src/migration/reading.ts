import { Redacted } from "../text/redacted.ts";
import {
  areTotpParameters,
  COMMON_PARAMETERS,
  SECRET_LENGTH,
  TOTP_ALGORITHMS,
  TOTP_DIGITS,
  TOTP_PERIOD,
  type TotpParameters,
} from "../core/totp_parameters.ts";
import { isUsername, MAX_USERNAME_BYTES, USERNAME_ALLOWED } from "../core/username.ts";

/** A user as another system keeps them. */
export interface ImportedUser {
  /** Where the user stands, such as `line 3`. */
  place: string;
  username: string;
  /** What the user's app shows; null where the source doesn't say. */
  issuer: string | null;
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
  /** As `readCode` gives them. */
  recoveryCodes: Redacted<readonly string[]>;
  /** Since when the user may not log in; milliseconds since 1970-01-01T00:00:00Z, null: they may. */
  disabledAt: number | null;
}

/** Why an entry can't be imported. */
export interface Obstacle {
  place: string;
  /** null where it can't be told; cut where it is too long to be one. */
  username: string | null;
  /** `unreadable`: it is broken; `uncarried`: it is sound, and nothing here does what it does. */
  kind: "unreadable" | "uncarried";
  /** Never made of a secret. */
  reason: string;
}

/** Something about a user that isn't carried over, though the user is. */
export interface Note {
  place: string;
  username: string;
  /** Never made of a secret. */
  text: string;
}

/** What a source has. */
export interface Reading {
  users: readonly ImportedUser[];
  obstacles: readonly Obstacle[];
  notes: readonly Note[];
}

/** A whole source that can't be read. The message is never made of a secret. */
export class UnreadableSource extends Error {
  override readonly name = "UnreadableSource";
}

/** Why codes by a counter (RFC 4226) can't be carried over. */
export const COUNTED_CODES = "the codes are counted (HOTP), and here they follow the clock";

/** What becomes of a PIN. */
export const DROPPED_PIN = "the PIN: the account's password takes its place";

/** The most entries that a source may have. */
export const MAX_ENTRIES = 100_000;

/** As many as other systems give; a long list of them would be easy to guess. */
const MAX_RECOVERY_CODES = 10;

/** An entry of a source, before it has been looked at. */
export interface Entry {
  place: string;
  username: string;
  issuer?: string | null;
  /** null: it could not be decoded. */
  secret: Uint8Array | null;
  /** How the secret is encoded, for an error. */
  encoding?: string;
  parameters?: { algorithm: string; digits: number; periodSeconds: number };
  recoveryCodes?: readonly string[];
  disabledAt?: number | null;
}

/** Gathers what a reader finds, and looks at each user. */
export class Findings implements Reading {
  readonly users: ImportedUser[] = [];
  readonly obstacles: Obstacle[] = [];
  readonly notes: Note[] = [];

  /**
   * Adds a user, or the obstacle that one is.
   *
   * @returns whether it is a user
   * @throws UnreadableSource for one entry too many
   */
  add(entry: Entry): boolean {
    const { place, username, secret, parameters = COMMON_PARAMETERS } = entry;
    const obstacle = obstacleIn(entry);
    if (obstacle !== null) {
      return this.#refuse(place, username, ...obstacle);
    }
    this.#count();
    this.users.push({
      place,
      username,
      issuer: entry.issuer ?? null,
      secret: new Redacted(secret!),
      parameters: parameters as TotpParameters,
      recoveryCodes: new Redacted(entry.recoveryCodes ?? []),
      disabledAt: entry.disabledAt ?? null,
    });
    return true;
  }

  /** Adds an entry that is broken. */
  unreadable(place: string, username: string | null, reason: string): void {
    this.#refuse(place, username, "unreadable", reason);
  }

  /** Adds an entry that is sound, but does what nothing here does. */
  uncarried(place: string, username: string | null, reason: string): void {
    this.#refuse(place, username, "uncarried", reason);
  }

  /** Says what of a user isn't carried over. */
  note(place: string, username: string, text: string): void {
    this.notes.push({ place, username, text });
  }

  #refuse(
    place: string,
    username: string | null,
    kind: Obstacle["kind"],
    reason: string,
  ): false {
    this.#count();
    this.obstacles.push({ place, username: cut(username), kind, reason });
    return false;
  }

  #count(): void {
    if (this.users.length + this.obstacles.length < MAX_ENTRIES) return;
    throw new UnreadableSource(`it has more than ${MAX_ENTRIES} entries`);
  }
}

/** A report has each line as wide as its longest name. */
function cut(username: string | null): string | null {
  return username === null || username.length <= MAX_USERNAME_BYTES
    ? username
    : `${username.slice(0, MAX_USERNAME_BYTES)}…`;
}

function obstacleIn(
  { username, secret, encoding = "base32", parameters, recoveryCodes = [] }: Entry,
): [Obstacle["kind"], string] | null {
  if (!isUsername(username)) {
    return [
      "unreadable",
      `that cannot be a username: allowed is ${USERNAME_ALLOWED}`,
    ];
  }
  if (secret === null) {
    return ["unreadable", `the secret is not ${encoding}`];
  }
  const { least, most } = SECRET_LENGTH;
  if (secret.length < least || secret.length > most) {
    return [
      "uncarried",
      `the secret has ${secret.length} bytes, allowed is ${least} to ${most}`,
    ];
  }
  if (parameters !== undefined && !areTotpParameters(parameters)) {
    return ["uncarried", PARAMETERS_ALLOWED];
  }
  if (recoveryCodes.length > MAX_RECOVERY_CODES) {
    return [
      "uncarried",
      `there are ${recoveryCodes.length} recovery codes, allowed is ${MAX_RECOVERY_CODES}: ` +
      "more would be easy to guess",
    ];
  }
  return null;
}

const PARAMETERS_ALLOWED =
  `the codes are made in another way: allowed are ${
    TOTP_ALGORITHMS.join(", ")
  }, ${TOTP_DIGITS.least} to ${TOTP_DIGITS.most} digits and a period of ${TOTP_PERIOD.least} to ` +
  `${TOTP_PERIOD.most} seconds`;
