import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import type { AuditRule, DecisionRecord } from "../../core/decision.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import type { EpochMs } from "../../core/epoch.ts";
import type { Exemption } from "../../core/exemption.ts";
import type { CodeFailures } from "../../core/lockout.ts";
import type { PlaceFailures } from "../../core/throttle.ts";
import type { Login, LoginRecords, LoginStore, Pending } from "../login_store.ts";
import { recordDecision } from "./audit.ts";
import { answerChallenge, findPending, recordChallenge } from "./challenges.ts";
import type { Database } from "./database.ts";
import { findEnrolment, recordLogin, saveFailures } from "./enrolments.ts";
import { findPlaceFailures, savePlaceFailures } from "./place_failures.ts";
import { deleteRecoveryCode } from "./recovery_codes.ts";
import { exemptionOf } from "./rows.ts";

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

  recordUncodedLogin(username: string, at: EpochMs): Promise<void> {
    this.#connection.prepare("UPDATE enrolments SET uncoded_at = ? WHERE username = ?")
      .run(at, username);
    return Promise.resolve();
  }

  useRecoveryCode(username: string, mark: string): Promise<boolean> {
    return Promise.resolve(deleteRecoveryCode(this.#connection, username, mark));
  }

  usernames(): Promise<string[]> {
    // As one value: ten thousand rows would take three times as long.
    const row = this.#connection.prepare(
      `SELECT json_group_array(username) AS names
       FROM (SELECT username FROM enrolments UNION SELECT username FROM exemptions)`,
    ).get()!;
    return Promise.resolve(JSON.parse(row.names as string));
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

  savePlaceFailures(key: string, failures: PlaceFailures | null): Promise<void> {
    savePlaceFailures(this.#connection, key, failures);
    return Promise.resolve();
  }

  recordDecision(decision: DecisionRecord, rule: AuditRule): Promise<void> {
    recordDecision(this.#connection, decision, rule);
    return Promise.resolve();
  }
}
