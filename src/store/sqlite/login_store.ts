import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import { Failure } from "../../core/failure.ts";
import type {
  Decision,
  Enrolment,
  LoginStore,
  Pending,
  Settlement,
} from "../store.ts";
import type { Database } from "./database.ts";
import { type CodeFailures, NO_FAILURES } from "../../core/lockout.ts";
import {
  afterFailure,
  FORGOTTEN_AFTER_MS,
  type PasswordFailures,
} from "../../core/throttle.ts";
import { challengeOf, enrolmentOf, saveFailures } from "./rows.ts";

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

  findEnrolment(
    username: string,
    loginName?: string,
  ): Promise<Enrolment | null> {
    const row = this.#database.read((connection) =>
      connection.prepare(
        `SELECT * FROM enrolments
         WHERE username = :username OR username =
           (SELECT username FROM login_names WHERE login_name = :loginName)
         ORDER BY username = :username DESC`,
      ).get({ username, loginName: loginName ?? null })
    );
    return Promise.resolve(row === undefined ? null : enrolmentOf(row));
  }

  recordChallenge(challenge: Challenge): Promise<boolean> {
    return this.#database.transaction((connection) => {
      if (!hasEnrolment(connection, challenge.username)) return false;
      forgetExpired(connection, challenge.createdAt);
      const { changes } = connection.prepare(
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
      if (changes === 0) {
        throw new Failure(
          "challenge_exists",
          `the attempt of auth_control_file ${challenge.id} was challenged before: OpenVPN ` +
            "makes a new file for each attempt",
        );
      }
      return true;
    });
  }

  findPasswordFailures(key: string): Promise<PasswordFailures | null> {
    return Promise.resolve(
      this.#database.read((connection) =>
        findPasswordFailures(connection, key)
      ),
    );
  }

  addPasswordFailure(keys: readonly string[], nowMs: number): Promise<void> {
    return this.#database.transaction((connection) => {
      connection.prepare(
        `DELETE FROM password_failures WHERE place IN
           (SELECT place FROM password_failures WHERE last_at <= ? LIMIT 100)`,
      ).run(nowMs - FORGOTTEN_AFTER_MS);
      for (const key of keys) {
        const { count, lastAt } = afterFailure(
          findPasswordFailures(connection, key),
          nowMs,
        );
        connection.prepare("REPLACE INTO password_failures VALUES (?, ?, ?)")
          .run(key, count, lastAt);
      }
    });
  }

  forgetPasswordFailures(key: string): Promise<void> {
    return this.#database.transaction((connection) => {
      connection.prepare("DELETE FROM password_failures WHERE place = ?")
        .run(key);
    });
  }

  saveFailures(username: string, failures: CodeFailures): Promise<void> {
    return this.#database.transaction((connection) => {
      saveFailures(connection, username, failures);
    });
  }

  settleChallenge<Verdict>(
    attemptId: string,
    decide: (pending: Pending | null) => Promise<Decision<Verdict>>,
  ): Promise<Verdict> {
    // Answers come unasked, too. What has no open challenge can change nothing, so it need not wait
    // for another process's transaction, which would hold up OpenVPN.
    const seen = this.#database.read((connection) =>
      findPending(connection, attemptId)
    );
    if (seen === null || seen.challenge.answer !== null) {
      return decide(seen).then(({ verdict }) => verdict);
    }
    return this.#database.transaction(async (connection) => {
      const pending = findPending(connection, attemptId);
      const { verdict, settlement } = await decide(pending);
      if (pending !== null && settlement !== null) {
        settle(connection, pending, settlement);
      }
      return verdict;
    });
  }
}

function findPasswordFailures(
  connection: DatabaseSync,
  key: string,
): PasswordFailures | null {
  const row = connection.prepare(
    "SELECT count, last_at FROM password_failures WHERE place = ?",
  ).get(key);
  return row === undefined
    ? null
    : { count: row.count as number, lastAt: row.last_at as number };
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

function hasEnrolment(connection: DatabaseSync, username: string): boolean {
  return connection.prepare("SELECT 1 FROM enrolments WHERE username = ?")
    .get(username) !== undefined;
}

function findPending(
  connection: DatabaseSync,
  attemptId: string,
): Pending | null {
  const row = connection.prepare(
    "SELECT * FROM challenges JOIN enrolments USING (username) WHERE attempt = ?",
  ).get(attemptId);
  if (row === undefined) return null;
  return { challenge: challengeOf(row), enrolment: enrolmentOf(row) };
}

function settle(
  connection: DatabaseSync,
  { challenge }: Pending,
  settlement: Settlement,
): void {
  const { changes } = connection.prepare(
    "UPDATE challenges SET answer = ? WHERE attempt = ? AND answer IS NULL",
  ).run(settlement.answer, challenge.id);
  if (changes === 0) return;
  saveFailures(
    connection,
    challenge.username,
    settlement.answer === "accepted" ? NO_FAILURES : settlement.failures,
  );
  if (settlement.answer === "accepted") {
    connection.prepare(
      "UPDATE enrolments SET last_step = ?, last_login_at = ? WHERE username = ?",
    ).run(settlement.step, settlement.at, challenge.username);
    if (challenge.loginName !== challenge.username) {
      connection.prepare("REPLACE INTO login_names VALUES (?, ?)")
        .run(challenge.loginName, challenge.username);
    }
  }
}
