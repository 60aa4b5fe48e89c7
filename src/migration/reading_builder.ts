import { COMMON_PARAMETERS, type TotpParameters } from "../core/totp_parameters.ts";
import { MAX_USERNAME_BYTES } from "../core/username.ts";
import { quoted } from "../text/printable.ts";
import { Redacted } from "../text/redacted.ts";
import { type EntryChoice, isMeant, requireFitting } from "./entry_choice.ts";
import {
  type ImportedUser,
  MAX_ENTRIES,
  type Note,
  type Obstacle,
  type Reading,
  UnreadableSource,
} from "./reading.ts";
import { problemWith, type SourceEntry } from "./source_entry.ts";

/** Why counter-based codes (RFC 4226) cannot be imported. */
export const COUNTED_CODES =
  "the codes depend on a counter (HOTP), but here they depend on the time (TOTP)";

/** What replaces a PIN. */
export const DROPPED_PIN = "the PIN: the account's password takes its place";

/** Collects what a reader finds, and checks each user. */
export class ReadingBuilder implements Reading {
  readonly users: ImportedUser[] = [];
  readonly obstacles: Obstacle[] = [];
  readonly notes: Note[] = [];
  leftOut = 0;
  readonly #choice: EntryChoice;
  readonly #otherIssuers = new Set<string>();

  /** @param choice which entries are meant; the others are only counted */
  constructor(choice: EntryChoice = {}) {
    this.#choice = choice;
  }

  /** Whether the entry's user was given, whatever its own name. */
  get hasOwner(): boolean {
    return this.#choice.owner !== undefined;
  }

  /**
   * Adds a user, or an obstacle if the entry cannot be imported.
   *
   * @returns whether a user was added
   * @throws UnreadableSource if there are too many entries
   */
  add(entry: SourceEntry): boolean {
    const { place, secret, issuer = null, parameters = COMMON_PARAMETERS } = entry;
    if (!this.#takes(issuer)) return false;
    const username = this.#choice.owner ?? entry.username;
    const problem = problemWith({ ...entry, username });
    if (problem !== null) {
      this.#refuse({ place, username, ...problem });
      return false;
    }
    this.#count();
    this.users.push({
      place,
      username,
      issuer,
      secret: new Redacted(secret!),
      parameters: parameters as TotpParameters,
      recoveryCodes: new Redacted(entry.recoveryCodes ?? []),
      disabledAt: entry.disabledAt ?? null,
    });
    if (username !== entry.username && entry.username !== "") {
      this.note(place, username, `the entry's own name, which is ${quoted(entry.username)}`);
    }
    return true;
  }

  /** Adds an entry that is broken; see {@link uncarried}. */
  unreadable(place: string, username: string | null, reason: string, issuer?: string | null): void {
    if (!this.#takes(issuer)) return;
    this.#refuse({ place, username, kind: "unreadable", reason });
  }

  /**
   * Adds an entry that is intact, but has no counterpart here.
   *
   * @param issuer left out if it is not known
   */
  uncarried(place: string, username: string | null, reason: string, issuer?: string | null): void {
    if (!this.#takes(issuer)) return;
    this.#refuse({ place, username, kind: "uncarried", reason });
  }

  /** Adds something about a user that is not imported. */
  note(place: string, username: string, text: string): void {
    this.notes.push({ place, username, text });
  }

  /**
   * Ends the reading.
   *
   * @throws UnreadableSource if the choice of entries does not fit the source
   */
  finish(): Reading {
    requireFitting(this.#choice, this.users.length + this.obstacles.length, this.#otherIssuers);
    return this;
  }

  #takes(issuer: string | null | undefined): boolean {
    if (isMeant(this.#choice, issuer)) return true;
    this.#count();
    this.leftOut++;
    if (issuer) this.#otherIssuers.add(issuer);
    return false;
  }

  #refuse(obstacle: Obstacle): void {
    this.#count();
    const username = this.#choice.owner ?? cut(obstacle.username);
    this.obstacles.push({ ...obstacle, username });
  }

  #count(): void {
    if (this.users.length + this.obstacles.length + this.leftOut < MAX_ENTRIES) return;
    throw new UnreadableSource(`it has more than ${MAX_ENTRIES} entries`);
  }
}

/** All lines of a report are as wide as its longest name. */
function cut(username: string | null): string | null {
  return username === null || username.length <= MAX_USERNAME_BYTES
    ? username
    : `${username.slice(0, MAX_USERNAME_BYTES)}…`;
}
