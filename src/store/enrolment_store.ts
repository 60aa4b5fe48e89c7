import type { Challenge } from "../core/challenge.ts";
import type { AuditRow } from "../core/decision.ts";
import type { Enrolment, Replacement, SealedSecret } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import type { Exemption } from "../core/exemption.ts";
import { Failure } from "../core/failure.ts";
import type { CodeFailures } from "../core/lockout.ts";
import { quoted } from "../text/printable.ts";

/** In which order users are read, by the bytes of the username. */
export type Direction = "ascending" | "descending";

/** A user to be enrolled. */
export interface NewEnrolment
  extends
    Replacement,
    Pick<Enrolment, "username" | "secret" | "parameters" | "issuer" | "enrolledAt"> {
  /** What is kept of the user's recovery codes (`markOfCode`). */
  recoveryMarks: readonly string[];
}

/** How {@link EnrolmentStore.enrol} treats what is there. */
export interface EnrolOptions {
  /** Says whether a user who is enrolled is to be replaced; always the same of the same user. */
  mayReplace(username: string): boolean;
  /** The ids of the keys that the key file had when the secrets were sealed. */
  knownKeys: readonly string[];
}

/** Thrown by {@link EnrolmentStore.enrol}: others' secrets are sealed with keys that are not known. */
export class UnknownKeys extends Error {
  override readonly name = "UnknownKeys";
  readonly keyIds: readonly string[];

  constructor(keyIds: readonly string[]) {
    super(`secrets are sealed with unknown keys (${keyIds.join(", ")}): run the command again`);
    this.keyIds = keyIds;
  }
}

/** What {@link EnrolmentStore.enrol} throws for a user who is not to be replaced. */
export function alreadyEnrolled(username: string): Failure {
  return new Failure(
    "already_enrolled",
    `user ${quoted(username)} is already enrolled: use --replace to give them a new secret ` +
      "(the old one stops working)",
  );
}

/** A user who is enrolled, exempt, or both. */
export interface StoredUser {
  username: string;
  enrolment: Enrolment | null;
  /** It may have ended. */
  exemption: Exemption | null;
}

/** What {@link EnrolmentStore.delete} removed. */
export interface DeletedUser {
  wasEnrolled: boolean;
  wasExempt: boolean;
  /** How many challenges still waited for an answer. */
  pendingChallenges: number;
}

/** The wrong codes that came for a user from one known place (`KnownPlace`). */
export interface PlaceCodes {
  username: string;
  failures: CodeFailures;
}

/** Which decisions {@link EnrolmentStore.decisions} gives. */
export interface DecisionFilter {
  /** The username as enrolled or as given at the login. */
  username?: string | undefined;
  since?: EpochMs | undefined;
  outcome?: AuditRow["outcome"] | undefined;
}

/** A reader who follows the audit trail. */
export interface DecisionFollower {
  /**
   * What has come since the last call, oldest first: rows that were not given yet, and those that stand
   * for more decisions by now. At the beginning, that is the whole trail, some rows at a time; empty
   * when nothing is new. It takes no lock that a login would wait for longer than for any read.
   *
   * @param now as the clock has it; it says how long rows of before may still grow
   */
  next(now: EpochMs): Promise<AuditRow[]>;
}

/**
 * What administration needs of a store. Each call is one transaction, serialised with all others as
 * `LoginStore.transaction` says, and has been committed when its promise is fulfilled. Every method
 * throws a `Failure` when the store fails.
 */
export interface EnrolmentStore {
  /** The ids of the keys that secrets are sealed with. */
  keyIds(): Promise<string[]>;

  /**
   * Adds enrolments: all of them, or none. Replacing one removes the user's challenges, as they rest on
   * the old secret; what else is kept of it, `replaced` says.
   *
   * @throws Failure `already_enrolled` for a user who is not to be replaced
   * @throws UnknownKeys where secrets are sealed with other keys than those known: the key file may
   *   have more by now, or it isn't the one that belongs to the database
   */
  enrol(enrolments: readonly NewEnrolment[], options: EnrolOptions): Promise<void>;

  /**
   * Replaces secrets by the same ones sealed anew. A secret that has been changed meanwhile stays.
   */
  replaceSecrets(secrets: readonly { enrolment: Enrolment; sealed: SealedSecret }[]): Promise<void>;

  /** All enrolments, ordered by the bytes of the username. */
  list(): Promise<Enrolment[]>;

  /**
   * Everybody who is enrolled or exempt, ordered by the bytes of the username, some at a time: logins need
   * not wait for all of them, and there may be more than fit into the memory. Users who are added or
   * removed meanwhile may be among them or not; each is given once at the most.
   */
  users(direction?: Direction): AsyncIterable<StoredUser[]>;

  /** Those users, in the order of the names; without those whom there are not. */
  usersNamed(usernames: readonly string[]): Promise<StoredUser[]>;

  /** One enrolment, or null. */
  find(username: string): Promise<Enrolment | null>;

  /** The challenges that still wait for an answer, oldest first; of one user or of all. */
  openChallenges(now: EpochMs, username?: string): Promise<Challenge[]>;

  /**
   * The audit trail, oldest first, some rows at a time: logins need not wait for all of them. Rows
   * that are added or removed meanwhile may be in it or not; each is in it once at the most.
   */
  decisions(filter: DecisionFilter): AsyncIterable<AuditRow[]>;

  /** Follows the audit trail, as far as a filter lets it through. */
  follow(filter: DecisionFilter): DecisionFollower;

  /** Forgets a user's wrong codes and ends their locks, everywhere; false without such a user. */
  unlock(username: string): Promise<boolean>;

  /** The wrong codes from known places that are held against a user, or against anybody. */
  placeCodes(username?: string): Promise<PlaceCodes[]>;

  /**
   * Forbids or allows a user's logins, and keeps the enrolment; a user who is disabled loses their
   * challenges, and session tokens from before are void for good.
   *
   * @param at since when they are forbidden; null: they are allowed
   * @returns false when there was no such user
   */
  setDisabled(username: string, at: EpochMs | null): Promise<boolean>;

  /**
   * Replaces a user's recovery codes.
   *
   * @param enrolment as it was when the marks were made with its secret
   * @param marks what is kept of the new codes (`markOfCode`)
   * @returns false, and nothing was changed, when the secret is no longer the same
   */
  replaceRecoveryCodes(enrolment: Enrolment, marks: readonly string[]): Promise<boolean>;

  /** Says whether a user has a recovery code, by its mark. */
  hasRecoveryCode(username: string, mark: string): Promise<boolean>;

  /** Uses up a recovery code, by its mark; false when the user has no such code any more. */
  useRecoveryCode(username: string, mark: string): Promise<boolean>;

  /**
   * Uses up a time step, and those before.
   *
   * @param enrolment as it was when the code was checked
   * @returns false when the step was used up already, or the user was enrolled anew
   */
  useTimeStep(
    enrolment: Pick<Enrolment, "username" | "enrolledAt">,
    step: number,
  ): Promise<boolean>;

  /** Adds an exemption, or replaces the user's. */
  exempt(exemption: Exemption): Promise<void>;

  /** Ends an exemption; false when there was none. */
  endExemption(username: string): Promise<boolean>;

  /** All exemptions, ordered by the bytes of the username; those that have ended, too. */
  exemptions(): Promise<Exemption[]>;

  /**
   * Removes an enrolment, its challenges and the user's exemption.
   *
   * @returns null when there was neither enrolment nor exemption
   */
  delete(username: string, now: EpochMs): Promise<DeletedUser | null>;
}
