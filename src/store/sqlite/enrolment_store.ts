import type { Challenge } from "../../core/challenge.ts";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../core/printable.ts";
import type { Enrolment, EnrolmentStore } from "../store.ts";
import type { Database } from "./database.ts";
import { NO_FAILURES } from "../../core/lockout.ts";
import { challengeOf, enrolmentOf, saveFailures } from "./rows.ts";

/** {@link EnrolmentStore} on SQLite. */
export class SqliteEnrolmentStore implements EnrolmentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  enrol(
    enrolment: Pick<Enrolment, "username" | "secret" | "issuer" | "enrolledAt">,
    options: { replace: boolean },
  ): Promise<void> {
    const { username, secret, issuer, enrolledAt } = enrolment;
    return this.#database.transaction((connection) => {
      if (options.replace) {
        connection.prepare("DELETE FROM enrolments WHERE username = ?")
          .run(username);
      }
      const { changes } = connection.prepare(
        `INSERT INTO enrolments (username, secret, issuer, enrolled_at)
         VALUES (?, ?, ?, ?)
         ON CONFLICT (username) DO NOTHING`,
      ).run(username, secret.reveal(), issuer, enrolledAt);
      if (changes === 0) {
        throw new Failure(
          "already_enrolled",
          `user ${
            quoted(username)
          } is enrolled already: use --replace to give them a new ` +
            "secret (the old one stops working)",
        );
      }
    });
  }

  list(): Promise<Enrolment[]> {
    return Promise.resolve(
      this.#database.read((connection) =>
        connection.prepare("SELECT * FROM enrolments ORDER BY username").all()
          .map(enrolmentOf)
      ),
    );
  }

  find(username: string): Promise<Enrolment | null> {
    const row = this.#database.read((connection) =>
      connection.prepare("SELECT * FROM enrolments WHERE username = ?")
        .get(username)
    );
    return Promise.resolve(row === undefined ? null : enrolmentOf(row));
  }

  openChallenges(nowMs: number, username?: string): Promise<Challenge[]> {
    return Promise.resolve(
      this.#database.read((connection) =>
        connection.prepare(
          `SELECT * FROM challenges
         WHERE answer IS NULL AND created_at <= :now AND :now < expires_at
           AND (:username IS NULL OR username = :username)
         ORDER BY created_at, attempt`,
        ).all({ now: nowMs, username: username ?? null }).map(challengeOf)
      ),
    );
  }

  unlock(username: string): Promise<boolean> {
    return this.#database.transaction((connection) =>
      saveFailures(connection, username, NO_FAILURES)
    );
  }

  delete(username: string): Promise<boolean> {
    return this.#database.transaction((connection) =>
      connection.prepare("DELETE FROM enrolments WHERE username = ?")
        .run(username).changes !== 0
    );
  }
}
