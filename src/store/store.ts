import type { Challenge } from "../core/challenge.ts";
import type { AuditRule, DecisionRecord } from "../core/decision.ts";
import type { CodeFailures } from "../core/lockout.ts";
import type { SealedSecret } from "../core/sealed_secret.ts";
import type { PasswordFailures } from "../core/throttle.ts";

/** A user's enrolment: the secret shared with the authenticator app, and what was made of it. */
export interface Enrolment {
  username: string;
  /** The shared secret (RFC 4226 section 5.1, K), as it is kept. */
  secret: SealedSecret;
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

/** What an answer does to its challenge. */
export type Settlement =
  /**
   * The code of time step `step` was right, at `at` (milliseconds since 1970-01-01T00:00:00Z):
   * whatever was held against the user is forgotten.
   */
  | { answer: "accepted"; step: number; at: number }
  /** What is held against the user from now on. */
  | { answer: "refused"; failures: CodeFailures };

/** What a login needs of a store. Every method throws a `Failure` when the store fails. */
export interface LoginStore {
  /**
   * The challenge of an attempt (the {@link Challenge}'s `id`), with its enrolment; or null. Outside of
   * a transaction: it may have changed by the time that one begins.
   */
  findPending(attemptId: string): Promise<Pending | null>;

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

  /** Settles a challenge, and its user's enrolment. One that has its answer keeps it. */
  settle(pending: Pending, settlement: Settlement): Promise<void>;

  /** The failures of a place (`ThrottleScope`'s key); null without any. */
  findPlaceFailures(key: string): Promise<PasswordFailures | null>;

  /** Keeps the failures of a place; null for none. */
  savePlaceFailures(
    key: string,
    failures: PasswordFailures | null,
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
  /**
   * Adds an enrolment. Replacing one removes the user's challenges, as they rest on the old secret.
   *
   * @param seal gives the secret to keep; it gets the ids of the keys that the others are sealed with
   * @throws Failure `already_enrolled` without `replace`
   */
  enrol(
    enrolment: Pick<Enrolment, "username" | "issuer" | "enrolledAt">,
    seal: (keyIds: readonly string[]) => Promise<SealedSecret>,
    options: { replace: boolean },
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

  /** Removes an enrolment and its challenges; false when there was none. */
  delete(username: string): Promise<boolean>;
}
