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
import { EXEMPTION } from "./columns.ts";
import type { Connection } from "./connection.ts";
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
import { findKnownPlace, forgetPasswords, isNewPassword } from "./places.ts";
import { deleteRecoveryCode } from "./recovery_codes.ts";
import { SeenPlaces } from "./seen_places.ts";
import { similarUsernames } from "./similar_names.ts";
import { mayBeUncoded, recordUncodedSession } from "./uncoded_sessions.ts";

/** {@link LoginStore} on PostgreSQL. */
export class PostgresLoginStore implements LoginStore {
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

  async findPlaceFailures(key: string): Promise<PlaceFailures | null> {
    return (await this.findFailuresOfPlaces([key]))[0] ?? null;
  }

  findFailuresOfPlaces(keys: readonly string[]): Promise<(PlaceFailures | null)[]> {
    return this.#database.read((connection) => new SeenPlaces(connection).failuresOf(keys));
  }

  findKnownPlace(key: string): Promise<KnownPlace | null> {
    return this.#database.read((connection) => findKnownPlace(connection, key));
  }

  isOpen(attemptId: string): Promise<boolean> {
    return this.#database.read((connection) => isOpen(connection, attemptId));
  }

  transaction<T>(work: (records: LoginRecords) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (connection) => {
      const records = new PostgresLoginRecords(connection);
      const result = await work(records);
      await records.finish();
      return result;
    });
  }
}

/** {@link LoginRecords} on a connection with an open transaction. */
class PostgresLoginRecords implements LoginRecords {
  readonly #connection: Connection;
  readonly #places: SeenPlaces;
  /** The earliest moment at which a password was wrong. */
  #passwordWrongAt: EpochMs | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#places = new SeenPlaces(connection);
  }

  /** Writes what is kept until the end, and has what is over by now forgotten after the commit. */
  async finish(): Promise<void> {
    const at = earlier(await this.#places.write(), this.#passwordWrongAt);
    if (at !== null) forgetPasswords(this.#connection, at);
  }

  findEnrolment(username: string, loginName?: string): Promise<Enrolment | null> {
    return findEnrolment(this.#connection, username, loginName);
  }

  async saveFailures(username: string, failures: CodeFailures): Promise<void> {
    await saveFailures(this.#connection, username, failures);
  }

  recordChallenge(challenge: Challenge): Promise<void> {
    return recordChallenge(this.#connection, challenge);
  }

  forgetChallenge(attemptId: string): Promise<void> {
    return forgetChallenge(this.#connection, attemptId);
  }

  findPending(attemptId: string): Promise<Pending | null> {
    return findPending(this.#connection, attemptId);
  }

  answerChallenge(attemptId: string, answer: "accepted" | "refused"): Promise<void> {
    return answerChallenge(this.#connection, attemptId, answer);
  }

  recordLogin(login: Login): Promise<void> {
    return recordLogin(this.#connection, login);
  }

  recordUncodedSession(session: UncodedSession): Promise<void> {
    return recordUncodedSession(this.#connection, session);
  }

  mayBeUncoded(username: string, began: EpochMs): Promise<boolean> {
    return mayBeUncoded(this.#connection, username, began);
  }

  useRecoveryCode(username: string, mark: string): Promise<boolean> {
    return deleteRecoveryCode(this.#connection, username, mark);
  }

  similarUsernames(names: readonly string[]): Promise<string[]> {
    return similarUsernames(this.#connection, names);
  }

  async findExemption(username: string): Promise<Exemption | null> {
    const { rows: [row] } = await this.#connection.run(
      `SELECT ${EXEMPTION} FROM openvpn_totp.exemptions WHERE username = $1`,
      [username],
    );
    return row === undefined ? null : exemptionOf(row);
  }

  async isNoticeDue(notice: string, now: EpochMs, since: EpochMs): Promise<boolean> {
    const { count } = await this.#connection.run(
      `INSERT INTO openvpn_totp.notices AS earlier (notice, said_at) VALUES ($1, $2)
       ON CONFLICT (notice) DO UPDATE SET said_at = excluded.said_at
         WHERE earlier.said_at <= $3 OR earlier.said_at > excluded.said_at`,
      [notice, now, since],
    );
    return count !== 0;
  }

  async findPlaceFailures(key: string): Promise<PlaceFailures | null> {
    return (await this.#places.failuresOf([key]))[0] ?? null;
  }

  findFailuresOfPlaces(keys: readonly string[]): Promise<(PlaceFailures | null)[]> {
    return this.#places.failuresOf(keys);
  }

  savePlaceFailures(key: string, failures: PlaceFailures | null): Promise<void> {
    this.#places.setFailures(key, failures);
    return Promise.resolve();
  }

  findKnownPlace(key: string): Promise<KnownPlace | null> {
    return this.#places.known(key);
  }

  saveKnownPlace(key: string, place: KnownPlace): Promise<void> {
    return this.#places.setKnown(key, place);
  }

  isNewPassword(key: string, mark: string, now: EpochMs, until: EpochMs): Promise<boolean> {
    this.#passwordWrongAt = earlier(this.#passwordWrongAt, now);
    return isNewPassword(this.#connection, { key, mark, until }, now);
  }

  openAttempt(attempt: OpenAttempt, now: EpochMs): Promise<void> {
    return openAttempt(this.#connection, attempt, now);
  }

  closeAttempt(id: string): Promise<void> {
    return closeAttempt(this.#connection, id);
  }

  closeAttemptsAt(place: string): Promise<void> {
    return closeAttemptsAt(this.#connection, place);
  }

  openAttemptsAt(place: string): Promise<{ count: number; firstExpiresAt: EpochMs | null }> {
    return openAttemptsAt(this.#connection, place);
  }

  expiredAttemptsAt(place: string, now: EpochMs, latest: EpochMs): Promise<OpenAttempt[]> {
    return expiredAttemptsAt(this.#connection, place, { now, latest });
  }

  recordDecision(decision: DecisionRecord, rule: AuditRule): Promise<void> {
    return recordDecision(this.#connection, decision, rule);
  }
}

/** The earlier of two moments, of those that there are. */
function earlier(one: EpochMs | null, other: EpochMs | null): EpochMs | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
