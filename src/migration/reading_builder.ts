import type { EpochMs } from "../core/epoch.ts";
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
import { Redacted } from "../text/redacted.ts";
import {
  type ImportedUser,
  MAX_ENTRIES,
  type Note,
  type Obstacle,
  type Reading,
  UnreadableSource,
} from "./reading.ts";

/** Why counter-based codes (RFC 4226) cannot be imported. */
export const COUNTED_CODES =
  "the codes depend on a counter (HOTP), but here they depend on the time (TOTP)";

/** What replaces a PIN. */
export const DROPPED_PIN = "the PIN: the account's password takes its place";

/** As many as other systems issue; a user with many more would be easy to guess for. */
const MAX_RECOVERY_CODES = 10;

/** An entry of a source that has not been checked yet. */
export interface SourceEntry {
  place: string;
  username: string;
  issuer?: string | null;
  /** Null if it could not be decoded. */
  secret: Uint8Array | null;
  /** How the secret is encoded, for an error. */
  encoding?: string;
  parameters?: { algorithm: string; digits: number; periodSeconds: number };
  recoveryCodes?: readonly string[];
  disabledAt?: EpochMs | null;
}

/** Collects what a reader finds, and checks each user. */
export class ReadingBuilder implements Reading {
  readonly users: ImportedUser[] = [];
  readonly obstacles: Obstacle[] = [];
  readonly notes: Note[] = [];

  /**
   * Adds a user, or an obstacle if the entry cannot be imported.
   *
   * @returns whether a user was added
   * @throws UnreadableSource if there are too many entries
   */
  add(entry: SourceEntry): boolean {
    const { place, username, secret, parameters = COMMON_PARAMETERS } = entry;
    const problem = problemWith(entry);
    if (problem !== null) {
      this.#refuse({ place, username, ...problem });
      return false;
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
    this.#refuse({ place, username, kind: "unreadable", reason });
  }

  /** Adds an entry that is intact, but has no counterpart here. */
  uncarried(place: string, username: string | null, reason: string): void {
    this.#refuse({ place, username, kind: "uncarried", reason });
  }

  /** Adds something about a user that is not imported. */
  note(place: string, username: string, text: string): void {
    this.notes.push({ place, username, text });
  }

  #refuse(obstacle: Obstacle): void {
    this.#count();
    this.obstacles.push({ ...obstacle, username: cut(obstacle.username) });
  }

  #count(): void {
    if (this.users.length + this.obstacles.length < MAX_ENTRIES) return;
    throw new UnreadableSource(`it has more than ${MAX_ENTRIES} entries`);
  }
}

/** All lines of a report are as wide as its longest name. */
function cut(username: string | null): string | null {
  return username === null || username.length <= MAX_USERNAME_BYTES
    ? username
    : `${username.slice(0, MAX_USERNAME_BYTES)}…`;
}

function problemWith(entry: SourceEntry): Pick<Obstacle, "kind" | "reason"> | null {
  const broken = reasonUnreadable(entry);
  if (broken !== null) return { kind: "unreadable", reason: broken };
  const reason = reasonUncarried(entry);
  return reason === null ? null : { kind: "uncarried", reason };
}

function reasonUnreadable({ username, secret, encoding = "base32" }: SourceEntry): string | null {
  if (!isUsername(username)) return `that cannot be a username: expected ${USERNAME_ALLOWED}`;
  return secret === null ? `the secret is not ${encoding}` : null;
}

function reasonUncarried({ secret, parameters, recoveryCodes = [] }: SourceEntry): string | null {
  const { least, most } = SECRET_LENGTH;
  const length = secret?.length ?? 0;
  if (length < least || length > most) {
    return `the secret has ${length} bytes, but it must have ${least} to ${most}`;
  }
  if (parameters !== undefined && !areTotpParameters(parameters)) return PARAMETERS_ALLOWED;
  return recoveryCodes.length <= MAX_RECOVERY_CODES
    ? null
    : `there are ${recoveryCodes.length} recovery codes, but at most ${MAX_RECOVERY_CODES} are ` +
      "allowed: more would be easy to guess";
}

const PARAMETERS_ALLOWED =
  `the codes have unsupported parameters: allowed are ${
    TOTP_ALGORITHMS.join(", ")
  }, ${TOTP_DIGITS.least} to ${TOTP_DIGITS.most} digits, and a period of ${TOTP_PERIOD.least} to ` +
  `${TOTP_PERIOD.most} seconds`;
