import type { CodeFailures } from "../core/lockout.ts";
import type { PasswordFailures } from "../core/throttle.ts";
import type { Challenge } from "../core/challenge.ts";
import type { Redacted } from "../core/redacted.ts";

/** A user's enrolment: the secret shared with the authenticator app, and what was made of it. */
export interface Enrolment {
  username: string;
  /** The shared secret (RFC 4226 section 5.1, K), raw bytes. */
  secret: Redacted<Uint8Array>;
  /** The issuer's name in the provisioning URI that the user was given. */
  issuer: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  enrolledAt: number;
  /** When a code was last accepted; milliseconds since 1970-01-01T00:00:00Z. */
  lastLoginAt: number | null;
  /** The newest time step whose code was accepted: none up to it is accepted again. */
  lastStep: number | null;
  failures: CodeFailures;
}

/** A challenge and the enrolment that it is about. */
export interface Pending {
  challenge: Challenge;
  enrolment: Enrolment;
}

/** What an answer does to its challenge, if that is open. */
export type Settlement =
  /**
   * The code of time step `step` was right, at `at` (milliseconds since 1970-01-01T00:00:00Z):
   * whatever was held against the user is forgotten.
   */
  | { answer: "accepted"; step: number; at: number }
  /** What is held against the user from now on. */
  | { answer: "refused"; failures: CodeFailures };

/** What was decided about an answer, and what that does to the challenge (null: nothing). */
export interface Decision<Verdict> {
  verdict: Verdict;
  settlement: Settlement | null;
}

/** What a login needs of a store. Every method throws a `Failure` when the store fails. */
export interface LoginStore {
  /**
   * The enrolment of a user; or else, with `loginName`, of the user who last logged in under that
   * name; null if neither.
   */
  findEnrolment(
    username: string,
    loginName?: string,
  ): Promise<Enrolment | null>;

  /**
   * Records a challenge; it has been committed once the promise is fulfilled.
   *
   * @returns false, with nothing recorded, when `challenge.username` isn't enrolled
   * @throws Failure `challenge_exists` when the attempt already has one
   */
  recordChallenge(challenge: Challenge): Promise<boolean>;

  /** The failed passwords of a place (`ThrottleScope`'s key); null without any. */
  findPasswordFailures(key: string): Promise<PasswordFailures | null>;

  /** Counts a failed password for places; it has been committed once the promise is fulfilled. */
  addPasswordFailure(keys: readonly string[], nowMs: number): Promise<void>;

  /** Forgets the failed passwords of a place. */
  forgetPasswordFailures(key: string): Promise<void>;

  /** Keeps what is held against a user; it has been committed once the promise is fulfilled. */
  saveFailures(username: string, failures: CodeFailures): Promise<void>;

  /**
   * Decides about the answer to an attempt's challenge in one transaction that excludes every other
   * writer, so that of two answers one finds the challenge settled. By the time that the verdict is
   * given, its settlement has been committed; when `decide` is rejected, nothing has changed. A
   * challenge that has its answer keeps it, whatever the settlement.
   *
   * @param attemptId the {@link Challenge}'s `id`
   * @param decide gets the challenge with its enrolment, or null where the attempt has none
   * @returns the verdict that `decide` gave
   */
  settleChallenge<Verdict>(
    attemptId: string,
    decide: (pending: Pending | null) => Promise<Decision<Verdict>>,
  ): Promise<Verdict>;
}

/** What administration needs of a store. Every method throws a `Failure` when the store fails. */
export interface EnrolmentStore {
  /**
   * Adds an enrolment. Replacing one removes the user's challenges, as they rest on the old secret.
   *
   * @throws Failure `already_enrolled` without `replace`
   */
  enrol(
    enrolment: Pick<Enrolment, "username" | "secret" | "issuer" | "enrolledAt">,
    options: { replace: boolean },
  ): Promise<void>;

  /** All enrolments, by username. */
  list(): Promise<Enrolment[]>;

  /** One enrolment, or null. */
  find(username: string): Promise<Enrolment | null>;

  /** The challenges that still wait for an answer, oldest first; of one user or of all. */
  openChallenges(nowMs: number, username?: string): Promise<Challenge[]>;

  /** Forgets a user's wrong codes and ends their lock; false when there was no such user. */
  unlock(username: string): Promise<boolean>;

  /** Removes an enrolment and its challenges; false when there was none. */
  delete(username: string): Promise<boolean>;
}
