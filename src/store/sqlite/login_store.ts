import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import type { AuditRule, DecisionRecord } from "../../core/decision.ts";
import { Failure } from "../../core/failure.ts";
import type { Exemption } from "../../core/exemption.ts";
import type { CodeFailures } from "../../core/lockout.ts";
import { FORGOTTEN_AFTER_MS, type PlaceFailures } from "../../core/throttle.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import type { Login, LoginRecords, LoginStore, Pending } from "../login_store.ts";
import { recordDecision } from "./audit.ts";
import type { Database } from "./database.ts";
import {
  challengeOf,
  deleteRecoveryCode,
  enrolmentOf,
  ENROLMENTS,
  exemptionOf,
  saveFailures,
} from "./rows.ts";

/**
 * How long an accepted challenge is kept after its expiry, in milliseconds: a second answer must
 * still find it, and changes nothing then.
 */
const KEPT_AFTER_EXPIRY_MS = 24 * 60 * 60 * 1000;

/** {@link LoginStore} on SQLite. */
export class SqliteLoginStore implements LoginStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  findPending(attemptId: string): Promise<Pending | null> {
    return this.#database.read((connection) => findPending(connection, attemptId));
  }

  findEnrolment(
    username: string,
    loginName?: string,
  ): Promise<Enrolment | null> {
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

  findEnrolment(
    username: string,
    loginName?: string,
  ): Promise<Enrolment | null> {
    return Promise.resolve(
      findEnrolment(this.#connection, username, loginName),
    );
  }

  saveFailures(username: string, failures: CodeFailures): Promise<void> {
    saveFailures(this.#connection, username, failures);
    return Promise.resolve();
  }

  recordChallenge(challenge: Challenge): Promise<void> {
    forgetExpired(this.#connection, challenge.createdAt);
    const { changes } = this.#connection.prepare(
      `INSERT INTO challenges
         (attempt, username, login_name, common_name, address, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (attempt) DO NOTHING`,
    ).run(
      challenge.id,
      challenge.username,
      challenge.loginName,
      challenge.commonName,
      challenge.address,
      challenge.createdAt,
      challenge.expiresAt,
    );
    if (changes !== 0) return Promise.resolve();
    throw new Failure(
      "challenge_exists",
      `the attempt of auth_control_file ${challenge.id} was challenged before: OpenVPN ` +
        "makes a new file for each attempt",
    );
  }

  findPending(attemptId: string): Promise<Pending | null> {
    return Promise.resolve(findPending(this.#connection, attemptId));
  }

  answerChallenge(
    attemptId: string,
    answer: "accepted" | "refused",
  ): Promise<void> {
    this.#connection.prepare(
      "UPDATE challenges SET answer = ? WHERE attempt = ? AND answer IS NULL",
    ).run(answer, attemptId);
    return Promise.resolve();
  }

  recordLogin({ username, loginName, step, at }: Login): Promise<void> {
    this.#connection.prepare(
      `UPDATE enrolments SET last_step = coalesce(?, last_step), last_login_at = ?
       WHERE username = ?`,
    ).run(step, at, username);
    if (loginName !== username) {
      this.#connection.prepare("REPLACE INTO login_names VALUES (?, ?)")
        .run(loginName, username);
    }
    return Promise.resolve();
  }

  recordUncodedLogin(username: string, at: number): Promise<void> {
    this.#connection.prepare(
      "UPDATE enrolments SET uncoded_at = ? WHERE username = ?",
    ).run(at, username);
    return Promise.resolve();
  }

  useRecoveryCode(username: string, mark: string): Promise<boolean> {
    return Promise.resolve(
      deleteRecoveryCode(this.#connection, username, mark),
    );
  }

  findExemption(username: string): Promise<Exemption | null> {
    const row = this.#connection.prepare(
      "SELECT * FROM exemptions WHERE username = ?",
    ).get(username);
    return Promise.resolve(row === undefined ? null : exemptionOf(row));
  }

  isNoticeDue(
    notice: string,
    nowMs: number,
    sinceMs: number,
  ): Promise<boolean> {
    const { changes } = this.#connection.prepare(
      `INSERT INTO notices VALUES (:notice, :now)
       ON CONFLICT (notice) DO UPDATE SET said_at = :now
         WHERE said_at <= :since OR said_at > :now`,
    ).run({ notice, now: nowMs, since: sinceMs });
    return Promise.resolve(changes !== 0);
  }

  findPlaceFailures(key: string): Promise<PlaceFailures | null> {
    const row = this.#connection.prepare(
      "SELECT count, last_at FROM password_failures WHERE place = ?",
    ).get(key);
    return Promise.resolve(
      row === undefined ? null : { count: row.count as number, lastAt: row.last_at as number },
    );
  }

  savePlaceFailures(
    key: string,
    failures: PlaceFailures | null,
  ): Promise<void> {
    if (failures === null) {
      this.#connection.prepare("DELETE FROM password_failures WHERE place = ?")
        .run(key);
      return Promise.resolve();
    }
    this.#connection.prepare(
      `DELETE FROM password_failures WHERE place IN
         (SELECT place FROM password_failures WHERE last_at <= ? LIMIT 100)`,
    ).run(failures.lastAt - FORGOTTEN_AFTER_MS);
    this.#connection.prepare("REPLACE INTO password_failures VALUES (?, ?, ?)")
      .run(key, failures.count, failures.lastAt);
    return Promise.resolve();
  }

  recordDecision(decision: DecisionRecord, rule: AuditRule): Promise<void> {
    recordDecision(this.#connection, decision, rule);
    return Promise.resolve();
  }
}

function findEnrolment(
  connection: DatabaseSync,
  username: string,
  loginName?: string,
): Enrolment | null {
  const row = connection.prepare(
    `SELECT * FROM ${ENROLMENTS}
     WHERE username = :username OR username =
       (SELECT username FROM login_names WHERE login_name = :loginName)
     ORDER BY username = :username DESC`,
  ).get({ username, loginName: loginName ?? null });
  return row === undefined ? null : enrolmentOf(row);
}

function findPending(
  connection: DatabaseSync,
  attemptId: string,
): Pending | null {
  const row = connection.prepare(
    `SELECT * FROM challenges JOIN ${ENROLMENTS} USING (username) WHERE attempt = ?`,
  ).get(attemptId);
  return row === undefined ? null : { challenge: challengeOf(row), enrolment: enrolmentOf(row) };
}

/** A few at a time: a login must not pay for all that were left by others. */
function forgetExpired(connection: DatabaseSync, nowMs: number): void {
  connection.prepare(
    `DELETE FROM challenges WHERE attempt IN (
       SELECT attempt FROM challenges
       WHERE expires_at <= :now
         AND (answer IS NOT 'accepted' OR expires_at <= :longAgo)
       LIMIT 100)`,
  ).run({ now: nowMs, longAgo: nowMs - KEPT_AFTER_EXPIRY_MS });
}
