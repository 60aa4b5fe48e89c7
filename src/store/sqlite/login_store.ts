import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import type { AuditRule, DecisionRecord } from "../../core/decision.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import type { EpochMs } from "../../core/epoch.ts";
import type { Exemption } from "../../core/exemption.ts";
import type { CodeFailures } from "../../core/lockout.ts";
import type { KnownPlace } from "../../core/known_place.ts";
import type { PlaceFailures } from "../../core/throttle.ts";
import type {
  Login,
  LoginRecords,
  LoginStore,
  OpenAttempt,
  Pending,
  UncodedSession,
} from "../login_store.ts";
import { exemptionOf } from "../rows.ts";
import { recordDecision } from "./audit.ts";
import { answerChallenge, findPending, forgetChallenge, recordChallenge } from "./challenges.ts";
import type { Database } from "./database.ts";
import { findEnrolment, recordLogin, saveFailures } from "./enrolments.ts";
import {
  closeAttempt,
  closeAttemptsAt,
  expiredAttemptsAt,
  isOpen,
  openAttempt,
  openAttemptsAt,
} from "./open_attempts.ts";
import {
  findKnownPlace,
  findPlaceFailures,
  isNewPassword,
  saveKnownPlace,
  savePlaceFailures,
} from "./places.ts";
import { deleteRecoveryCode } from "./recovery_codes.ts";
import { similarUsernames } from "./similar_names.ts";
import { mayBeUncoded, recordUncodedSession } from "./uncoded_sessions.ts";

/** {@link LoginStore} on SQLite. */
export class SqliteLoginStore implements LoginStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  findPending(attemptId: string): Promise<Pending | null> {
    return this.#database.read((connection) => findPending(connection, attemptId));
  }

  findEnrolment(username: string, loginName?: string): Promise<Enrolment | null> {
    return this.#database.read((connection) => findEnrolment(connection, username, loginName));
  }

  findPlaceFailures(key: string): Promise<PlaceFailures | null> {
    return this.#database.read((connection) => findPlaceFailures(connection, key));
  }

  findFailuresOfPlaces(keys: readonly string[]): Promise<(PlaceFailures | null)[]> {
    return this.#database.read((connection) =>
      keys.map((key) => findPlaceFailures(connection, key))
    );
  }

  findKnownPlace(key: string): Promise<KnownPlace | null> {
    return this.#database.read((connection) => findKnownPlace(connection, key));
  }

  isOpen(attemptId: string): Promise<boolean> {
    return this.#database.read((connection) => isOpen(connection, attemptId));
  }

  transaction<T>(work: (records: LoginRecords) => Promise<T>): Promise<T> {
    return this.#database.transaction((connection) => work(new SqliteLoginRecords(connection)));
  }
}

/** {@link LoginRecords} on a connection with an open transaction. SQLite itself never waits. */
class SqliteLoginRecords implements LoginRecords {
  readonly #connection: DatabaseSync;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  findEnrolment(username: string, loginName?: string): Promise<Enrolment | null> {
    return Promise.resolve(findEnrolment(this.#connection, username, loginName));
  }

  saveFailures(username: string, failures: CodeFailures): Promise<void> {
    saveFailures(this.#connection, username, failures);
    return Promise.resolve();
  }

  recordChallenge(challenge: Challenge): Promise<void> {
    recordChallenge(this.#connection, challenge);
    return Promise.resolve();
  }

  forgetChallenge(attemptId: string): Promise<void> {
    forgetChallenge(this.#connection, attemptId);
    return Promise.resolve();
  }

  findPending(attemptId: string): Promise<Pending | null> {
    return Promise.resolve(findPending(this.#connection, attemptId));
  }

  answerChallenge(attemptId: string, answer: "accepted" | "refused"): Promise<void> {
    answerChallenge(this.#connection, attemptId, answer);
    return Promise.resolve();
  }

  recordLogin(login: Login): Promise<void> {
    recordLogin(this.#connection, login);
    return Promise.resolve();
  }

  recordUncodedSession(session: UncodedSession): Promise<void> {
    recordUncodedSession(this.#connection, session);
    return Promise.resolve();
  }

  mayBeUncoded(username: string, began: EpochMs): Promise<boolean> {
    return Promise.resolve(mayBeUncoded(this.#connection, username, began));
  }

  useRecoveryCode(username: string, mark: string): Promise<boolean> {
    return Promise.resolve(deleteRecoveryCode(this.#connection, username, mark));
  }

  similarUsernames(names: readonly string[]): Promise<string[]> {
    return Promise.resolve(similarUsernames(this.#connection, names));
  }

  findExemption(username: string): Promise<Exemption | null> {
    const row = this.#connection.prepare("SELECT * FROM exemptions WHERE username = ?")
      .get(username);
    return Promise.resolve(row === undefined ? null : exemptionOf(row));
  }

  isNoticeDue(notice: string, now: EpochMs, since: EpochMs): Promise<boolean> {
    const { changes } = this.#connection.prepare(
      `INSERT INTO notices VALUES (:notice, :now)
       ON CONFLICT (notice) DO UPDATE SET said_at = :now
         WHERE said_at <= :since OR said_at > :now`,
    ).run({ notice, now, since });
    return Promise.resolve(changes !== 0);
  }

  findPlaceFailures(key: string): Promise<PlaceFailures | null> {
    return Promise.resolve(findPlaceFailures(this.#connection, key));
  }

  findFailuresOfPlaces(keys: readonly string[]): Promise<(PlaceFailures | null)[]> {
    return Promise.resolve(keys.map((key) => findPlaceFailures(this.#connection, key)));
  }

  savePlaceFailures(key: string, failures: PlaceFailures | null): Promise<void> {
    savePlaceFailures(this.#connection, key, failures);
    return Promise.resolve();
  }

  findKnownPlace(key: string): Promise<KnownPlace | null> {
    return Promise.resolve(findKnownPlace(this.#connection, key));
  }

  saveKnownPlace(key: string, place: KnownPlace): Promise<void> {
    saveKnownPlace(this.#connection, key, place);
    return Promise.resolve();
  }

  isNewPassword(key: string, mark: string, now: EpochMs, until: EpochMs): Promise<boolean> {
    return Promise.resolve(isNewPassword(this.#connection, { key, mark, until }, now));
  }

  openAttempt(attempt: OpenAttempt, now: EpochMs): Promise<void> {
    openAttempt(this.#connection, attempt, now);
    return Promise.resolve();
  }

  closeAttempt(id: string): Promise<void> {
    closeAttempt(this.#connection, id);
    return Promise.resolve();
  }

  closeAttemptsAt(place: string): Promise<void> {
    closeAttemptsAt(this.#connection, place);
    return Promise.resolve();
  }

  openAttemptsAt(place: string): Promise<{ count: number; firstExpiresAt: EpochMs | null }> {
    return Promise.resolve(openAttemptsAt(this.#connection, place));
  }

  expiredAttemptsAt(place: string, now: EpochMs, latest: EpochMs): Promise<OpenAttempt[]> {
    return Promise.resolve(expiredAttemptsAt(this.#connection, place, { now, latest }));
  }

  recordDecision(decision: DecisionRecord, rule: AuditRule): Promise<void> {
    recordDecision(this.#connection, decision, rule);
    return Promise.resolve();
  }
}
