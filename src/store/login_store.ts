import type { Challenge } from "../core/challenge.ts";
import type { AuditRule, DecisionRecord } from "../core/decision.ts";
import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import type { Exemption } from "../core/exemption.ts";
import { Failure } from "../core/failure.ts";
import type { CodeFailures } from "../core/lockout.ts";
import type { KnownPlace } from "../core/known_place.ts";
import type { PlaceFailures } from "../core/throttle.ts";

/** A challenge and the enrolment that it is about. */
export interface Pending {
  challenge: Challenge;
  enrolment: Enrolment;
}

/** What {@link LoginRecords.recordChallenge} throws for an attempt that already has a challenge. */
export function challengeExists(): Failure {
  return new Failure(
    "challenge_exists",
    "this attempt was already challenged, and no attempt is challenged twice: log in again",
  );
}

/** A login with a right code. */
export interface Login {
  username: string;
  /** The name that the user logged in with. */
  loginName: string;
  /** The time step that the code belongs to; null for a recovery code. */
  timeStep: number | null;
  at: EpochMs;
}

/** The time in which a session may have begun that no code let in. */
export interface UncodedSession {
  username: string;
  /** Of the login. */
  since: EpochMs;
  /** By then, OpenVPN has begun the session. */
  until: EpochMs;
}

/** How many of a user's sessions without a code are kept apart. */
export const SESSIONS_KEPT_APART = 50;

/**
 * How long an expired open attempt is kept, in milliseconds: by then, quiet time has taken back nearly
 * everything that it could count for.
 */
export const ATTEMPT_KEPT_MS = 24 * 60 * 60 * 1000;

/** An attempt whose password another factor decides about, and that has not been answered. */
export interface OpenAttempt {
  /** The attempt ({@link Challenge}'s `id`). */
  id: string;
  /** The places that it counts against when it expires; none if it is to count for nothing. */
  places: readonly string[];
  /** From then on, it counts as a failure. */
  expiresAt: EpochMs;
}

/** What is known about places (keys of `ThrottleScope`). */
export interface PlaceReader {
  /** The failures of a place; null without any. */
  findPlaceFailures(key: string): Promise<PlaceFailures | null>;

  /** The failures of several places, in their order: one look, where an engine is elsewhere. */
  findFailuresOfPlaces(keys: readonly string[]): Promise<(PlaceFailures | null)[]>;

  /** What is known of a user's logins from a network, by the pair's key; null if there were none. */
  findKnownPlace(key: string): Promise<KnownPlace | null>;
}

/**
 * What a login needs of a store. Every method throws a `Failure` when the store fails.
 *
 * Reads outside of a transaction see only what has been committed, and what they saw may have changed
 * by the time that a transaction begins.
 */
export interface LoginStore extends PlaceReader {
  /** The challenge of an attempt (the {@link Challenge}'s `id`), with its enrolment; or null. */
  findPending(attemptId: string): Promise<Pending | null>;

  /** Finds an enrolment as {@link LoginRecords.findEnrolment} does. */
  findEnrolment(username: string, loginName?: string): Promise<Enrolment | null>;

  /** Says whether an attempt is open ({@link LoginRecords.openAttempt}). */
  isOpen(attemptId: string): Promise<boolean>;

  /**
   * Runs `work` in one transaction.
   *
   * What is serialised: transactions of all processes on one store have the effect of running one
   * after the other. What `work` reads is still true when it writes, so that of two answers to one
   * challenge one finds it settled. When the promise is fulfilled, all that `work` wrote has been
   * committed and outlives a power cut; when `work` is rejected, nothing has changed.
   *
   * What `work` has to keep to:
   * - It may run more than once: an engine may find only at the commit that another transaction came
   *   between, and start over. So it changes nothing but the records; what it learns, it returns.
   * - It does no slow work, such as signatures, key files or PAM: other logins wait for it.
   * - It uses `records` alone, and only until it is done. A call to the store itself would wait for
   *   this transaction to end, which waits for that call: neither would ever end.
   */
  transaction<T>(work: (records: LoginRecords) => Promise<T>): Promise<T>;
}

/** What a login reads and writes within a transaction. */
export interface LoginRecords extends PlaceReader {
  /**
   * Finds the enrolment of a user. Where there is none and `loginName` is given, finds the one of the
   * user who last logged in under that name; null if there is neither.
   */
  findEnrolment(username: string, loginName?: string): Promise<Enrolment | null>;

  /** Keeps what is held against a user. */
  saveFailures(username: string, failures: CodeFailures): Promise<void>;

  /**
   * Records a challenge to an enrolled user, and removes a few of those that have expired; accepted
   * ones only `KEPT_AFTER_EXPIRY_MS` later.
   *
   * @throws Failure `challenge_exists` when the attempt already has one
   */
  recordChallenge(challenge: Challenge): Promise<void>;

  /** Forgets the challenge of an attempt, if there is one: another attempt has its id now. */
  forgetChallenge(attemptId: string): Promise<void>;

  /** The challenge of an attempt, with its enrolment; or null. */
  findPending(attemptId: string): Promise<Pending | null>;

  /** Records the answer to an attempt's challenge. An answer that is there already stays. */
  answerChallenge(attemptId: string, answer: "accepted" | "refused"): Promise<void>;

  /** Records a login: its time step is used up. */
  recordLogin(login: Login): Promise<void>;

  /**
   * Records a login without a code. Where a user has more than {@link SESSIONS_KEPT_APART} of them, the
   * oldest become one: then all sessions that began between them may be without a code.
   */
  recordUncodedSession(session: UncodedSession): Promise<void>;

  /** Says whether a session that began then may be one of a user's without a code. */
  mayBeUncoded(username: string, began: EpochMs): Promise<boolean>;

  /** Uses up a recovery code, by its mark; false when the user has no such code. */
  useRecoveryCode(username: string, mark: string): Promise<boolean>;

  /**
   * The names of users that `similarNames` finds similar to one of those given, in any order: users who
   * are enrolled, disabled ones too, or have an exemption, even an ended one. It takes no longer where
   * there are many users.
   */
  similarUsernames(names: readonly string[]): Promise<string[]>;

  /** A user's exemption, which may have ended; null without one. */
  findExemption(username: string): Promise<Exemption | null>;

  /**
   * Says whether it is time again for a notice that need not be given each time, and records that it
   * was given.
   *
   * @param notice its name
   * @param since if it was last given then or earlier, it is time again
   */
  isNoticeDue(notice: string, now: EpochMs, since: EpochMs): Promise<boolean>;

  /** Keeps the failures of a place; null for none. */
  savePlaceFailures(key: string, failures: PlaceFailures | null): Promise<void>;

  /** Keeps what is known of a user's logins from a network, by the pair's key. */
  saveKnownPlace(key: string, place: KnownPlace): Promise<void>;

  /**
   * Says whether a wrong password is a new one of its user and network, and remembers it.
   *
   * @param mark distinguishes passwords without revealing them
   * @param until when it is forgotten; one that is remembered already is not remembered for longer
   */
  isNewPassword(key: string, mark: string, now: EpochMs, until: EpochMs): Promise<boolean>;

  /** Records an open attempt, and removes a few of those that expired {@link ATTEMPT_KEPT_MS} ago. */
  openAttempt(attempt: OpenAttempt, now: EpochMs): Promise<void>;

  /** Ends an open attempt, if there is such a one. */
  closeAttempt(id: string): Promise<void>;

  /** Ends all open attempts that count against a place. */
  closeAttemptsAt(place: string): Promise<void>;

  /** How many open attempts count against a place, and when the first of them expires. */
  openAttemptsAt(place: string): Promise<{ count: number; firstExpiresAt: EpochMs | null }>;

  /**
   * Some of the open attempts that count against a place and have expired, the oldest first; or that
   * expire after `latest`, which no attempt can.
   */
  expiredAttemptsAt(place: string, now: EpochMs, latest: EpochMs): Promise<OpenAttempt[]>;

  /**
   * Adds to the audit trail, and removes a few of the rows that the rule no longer keeps. A refusal
   * like an earlier one (`foldOf`) of the last hour is counted there instead.
   */
  recordDecision(decision: DecisionRecord, rule: AuditRule): Promise<void>;
}
