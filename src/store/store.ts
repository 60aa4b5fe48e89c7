import type { Challenge } from "../core/challenge.ts";
import type { AuditRule, DecisionRecord } from "../core/decision.ts";
import type { Exemption } from "../core/exemption.ts";
import type { CodeFailures } from "../core/lockout.ts";
import type { Enrolment, SealedSecret } from "../core/enrolment.ts";
import type { PlaceFailures } from "../core/throttle.ts";

/** A user to be enrolled. */
export interface NewEnrolment extends
  Pick<
    Enrolment,
    | "username"
    | "secret"
    | "parameters"
    | "issuer"
    | "enrolledAt"
    | "disabledAt"
  > {
  /** What is kept of the user's recovery codes (`markOfCode`). */
  recoveryMarks: readonly string[];
  /** The user has codes of this secret, hash and period already: those that were used stay used. */
  keepsCodes: boolean;
}

/** A challenge and the enrolment that it is about. */
export interface Pending {
  challenge: Challenge;
  enrolment: Enrolment;
}

/** A login with a right code. */
export interface Login {
  username: string;
  /** The name that the user logged in with. */
  loginName: string;
  /** The time step that the code was of; null for a recovery code. */
  step: number | null;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  at: number;
}

/** What a login needs of a store. Every method throws a `Failure` when the store fails. */
export interface LoginStore {
  /**
   * The challenge of an attempt (the {@link Challenge}'s `id`), with its enrolment; or null. Outside of
   * a transaction: it may have changed by the time that one begins.
   */
  findPending(attemptId: string): Promise<Pending | null>;

  /** As {@link LoginRecords.findEnrolment}; outside of a transaction, too. */
  findEnrolment(
    username: string,
    loginName?: string,
  ): Promise<Enrolment | null>;

  /**
   * Runs `work` in one transaction that excludes every other writer from its beginning: what it reads
   * is still true when it writes, so that of two answers one finds the challenge settled. All that it
   * wrote has been committed once the promise is fulfilled; when `work` is rejected, nothing has
   * changed.
   */
  transaction<T>(work: (records: LoginRecords) => Promise<T>): Promise<T>;
}

/** What a login reads and writes within a transaction. */
export interface LoginRecords {
  /**
   * The enrolment of a user; or else, with `loginName`, of the user who last logged in under that
   * name; null if neither.
   */
  findEnrolment(
    username: string,
    loginName?: string,
  ): Promise<Enrolment | null>;

  /** Keeps what is held against a user. */
  saveFailures(username: string, failures: CodeFailures): Promise<void>;

  /**
   * Records a challenge to an enrolled user.
   *
   * @throws Failure `challenge_exists` when the attempt already has one
   */
  recordChallenge(challenge: Challenge): Promise<void>;

  /** The challenge of an attempt, with its enrolment; or null. */
  findPending(attemptId: string): Promise<Pending | null>;

  /** Notes the answer to an attempt's challenge. One that has its answer keeps it. */
  answerChallenge(
    attemptId: string,
    answer: "accepted" | "refused",
  ): Promise<void>;

  /** Notes a login: its time step is used up. */
  recordLogin(login: Login): Promise<void>;

  /** Notes a login without a code, at `at` (milliseconds since 1970-01-01T00:00:00Z). */
  recordUncodedLogin(username: string, at: number): Promise<void>;

  /** Uses up a recovery code, by its mark; false when the user has no such code. */
  useRecoveryCode(username: string, mark: string): Promise<boolean>;

  /** A user's exemption, which may have ended; null without one. */
  findExemption(username: string): Promise<Exemption | null>;

  /**
   * Says whether something may be said now that need not be said each time, and notes that it was.
   *
   * @param notice its name
   * @param sinceMs said before then, it may be said again; milliseconds since 1970-01-01T00:00:00Z
   */
  isNoticeDue(notice: string, nowMs: number, sinceMs: number): Promise<boolean>;

  /** The failures of a place (`ThrottleScope`'s key); null without any. */
  findPlaceFailures(key: string): Promise<PlaceFailures | null>;

  /** Keeps the failures of a place; null for none. */
  savePlaceFailures(
    key: string,
    failures: PlaceFailures | null,
  ): Promise<void>;

  /** Adds to the audit trail, and prunes it by a few rows at a time. */
  recordDecision(decision: DecisionRecord, rule: AuditRule): Promise<void>;
}

/** Which decisions {@link EnrolmentStore.decisions} gives. */
export interface DecisionFilter {
  /** The username as enrolled or as given at the login. */
  username?: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  since?: number | undefined;
  outcome?: DecisionRecord["outcome"] | undefined;
}

/** What administration needs of a store. Every method throws a `Failure` when the store fails. */
export interface EnrolmentStore {
  /** The ids of the keys that secrets are sealed with. */
  keyIds(): Promise<string[]>;

  /**
   * Adds enrolments: all of them, or none. Replacing one removes the user's challenges, as they rest on
   * the old secret; a disabled user stays so.
   *
   * @param requireKeys gets the ids of the keys that the others are sealed with by then, and throws
   *   where these aren't of the same key file
   * @param mayReplace says whether a user who is enrolled is to be replaced
   * @throws Failure `already_enrolled` for one who isn't to be
   */
  enrol(
    enrolments: readonly NewEnrolment[],
    options: {
      mayReplace: (username: string) => boolean;
      requireKeys: (keyIds: readonly string[]) => void;
    },
  ): Promise<void>;

  /**
   * Replaces secrets by the same ones sealed anew, in one transaction. A secret that has been changed
   * meanwhile stays.
   */
  replaceSecrets(
    secrets: readonly { enrolment: Enrolment; sealed: SealedSecret }[],
  ): Promise<void>;

  /** All enrolments, by username. */
  list(): Promise<Enrolment[]>;

  /** One enrolment, or null. */
  find(username: string): Promise<Enrolment | null>;

  /** The challenges that still wait for an answer, oldest first; of one user or of all. */
  openChallenges(nowMs: number, username?: string): Promise<Challenge[]>;

  /** The audit trail, oldest first, some rows at a time: logins needn't wait for all of them. */
  decisions(filter: DecisionFilter): AsyncIterable<DecisionRecord[]>;

  /** Forgets a user's wrong codes and ends their lock; false when there was no such user. */
  unlock(username: string): Promise<boolean>;

  /**
   * Forbids or allows a user's logins, and keeps the enrolment; their challenges go.
   *
   * @param at since when they are forbidden; null: they are allowed
   * @returns false when there was no such user
   */
  setDisabled(username: string, at: number | null): Promise<boolean>;

  /**
   * Replaces a user's recovery codes.
   *
   * @param marksFor gives the new ones' marks
   * @returns false when there was no such user
   */
  replaceRecoveryCodes(
    username: string,
    marksFor: (enrolment: Enrolment) => Promise<string[]>,
  ): Promise<boolean>;

  /** Says whether a user has a recovery code, by its mark. */
  hasRecoveryCode(username: string, mark: string): Promise<boolean>;

  /** Uses up a recovery code, by its mark; false when the user has no such code any more. */
  useRecoveryCode(username: string, mark: string): Promise<boolean>;

  /** Uses up a time step, and those before; false when it was used up already. */
  useStep(username: string, step: number): Promise<boolean>;

  /** Adds an exemption, or replaces the user's. */
  exempt(exemption: Exemption): Promise<void>;

  /** Ends an exemption; false when there was none. */
  endExemption(username: string): Promise<boolean>;

  /** All exemptions, by username; those that have ended, too. */
  exemptions(): Promise<Exemption[]>;

  /** Removes an enrolment, its challenges and the user's exemption; false when there was neither. */
  delete(username: string): Promise<boolean>;
}
