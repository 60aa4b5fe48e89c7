import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import type { DecisionRecord } from "../../core/decision.ts";
import type { Exemption } from "../../core/exemption.ts";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { Enrolment, SealedSecret } from "../../core/enrolment.ts";
import type { DecisionFilter, EnrolmentStore, NewEnrolment } from "../store.ts";
import { decisionsAfter } from "./audit.ts";
import type { Database } from "./database.ts";
import { NO_FAILURES } from "../../core/lockout.ts";
import {
  challengeOf,
  deleteRecoveryCode,
  enrolmentOf,
  ENROLMENTS,
  exemptionOf,
  saveFailures,
} from "./rows.ts";

/** {@link EnrolmentStore} on SQLite. */
export class SqliteEnrolmentStore implements EnrolmentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  keyIds(): Promise<string[]> {
    return Promise.resolve(this.#database.read(keyIdsIn));
  }

  enrol(
    enrolments: readonly NewEnrolment[],
    { mayReplace, requireKeys }: {
      mayReplace: (username: string) => boolean;
      requireKeys: (keyIds: readonly string[]) => void;
    },
  ): Promise<void> {
    return this.#database.transaction((connection) => {
      requireKeys(keyIdsIn(connection));
      for (const enrolment of enrolments) {
        insert(connection, enrolment, mayReplace);
      }
    });
  }

  replaceSecrets(
    secrets: readonly { enrolment: Enrolment; sealed: SealedSecret }[],
  ): Promise<void> {
    return this.#database.transaction((connection) => {
      const update = connection.prepare(
        "UPDATE enrolments SET secret = ?, key_id = ? WHERE username = ? AND secret = ?",
      );
      for (const { enrolment: { username, secret }, sealed } of secrets) {
        update.run(sealed.bytes, sealed.keyId, username, secret.bytes);
      }
    });
  }

  list(): Promise<Enrolment[]> {
    return Promise.resolve(
      this.#database.read(allIn),
    );
  }

  find(username: string): Promise<Enrolment | null> {
    const row = this.#database.read((connection) => findRow(connection, username));
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

  async *decisions(filter: DecisionFilter): AsyncGenerator<DecisionRecord[]> {
    for (let after = 0;;) {
      const page = await Promise.resolve(
        this.#database.read((connection) => decisionsAfter(connection, after, filter)),
      );
      if (page.length === 0) return;
      after = page.at(-1)!.id;
      yield page.map(({ decision }) => decision);
    }
  }

  unlock(username: string): Promise<boolean> {
    return this.#database.transaction((connection) =>
      saveFailures(connection, username, NO_FAILURES)
    );
  }

  setDisabled(username: string, at: number | null): Promise<boolean> {
    return this.#database.transaction((connection) => {
      if (at !== null) {
        connection.prepare("DELETE FROM challenges WHERE username = ?")
          .run(username);
      }
      return connection.prepare(
        "UPDATE enrolments SET disabled_at = ? WHERE username = ?",
      ).run(at, username).changes !== 0;
    });
  }

  replaceRecoveryCodes(
    username: string,
    marksFor: (enrolment: Enrolment) => Promise<string[]>,
  ): Promise<boolean> {
    return this.#database.transaction(async (connection) => {
      const row = findRow(connection, username);
      if (row === undefined) return false;
      const marks = await marksFor(enrolmentOf(row));
      connection.prepare("DELETE FROM recovery_codes WHERE username = ?")
        .run(username);
      insertMarks(connection, username, marks);
      return true;
    });
  }

  hasRecoveryCode(username: string, mark: string): Promise<boolean> {
    const row = this.#database.read((connection) =>
      connection.prepare(
        "SELECT 1 FROM recovery_codes WHERE username = ? AND mark = ?",
      ).get(username, mark)
    );
    return Promise.resolve(row !== undefined);
  }

  useRecoveryCode(username: string, mark: string): Promise<boolean> {
    return this.#database.transaction((connection) =>
      deleteRecoveryCode(connection, username, mark)
    );
  }

  useStep(username: string, step: number): Promise<boolean> {
    return this.#database.transaction((connection) =>
      connection.prepare(
        `UPDATE enrolments SET last_step = :step
         WHERE username = :username AND (last_step IS NULL OR last_step < :step)`,
      ).run({ username, step }).changes !== 0
    );
  }

  exempt({ username, since, until, from }: Exemption): Promise<void> {
    return this.#database.transaction((connection) => {
      connection.prepare("REPLACE INTO exemptions VALUES (?, ?, ?, ?)")
        .run(username, since, until, from);
    });
  }

  endExemption(username: string): Promise<boolean> {
    return this.#database.transaction((connection) =>
      connection.prepare("DELETE FROM exemptions WHERE username = ?")
        .run(username).changes !== 0
    );
  }

  exemptions(): Promise<Exemption[]> {
    return Promise.resolve(
      this.#database.read((connection) =>
        connection.prepare("SELECT * FROM exemptions ORDER BY username").all()
          .map(exemptionOf)
      ),
    );
  }

  delete(username: string): Promise<boolean> {
    return this.#database.transaction((connection) => {
      const deleteFrom = (table: string) =>
        connection.prepare(`DELETE FROM ${table} WHERE username = ?`)
          .run(username).changes !== 0;
      const wasEnrolled = deleteFrom("enrolments");
      return deleteFrom("exemptions") || wasEnrolled;
    });
  }
}

function findRow(
  connection: DatabaseSync,
  username: string,
): Record<string, unknown> | undefined {
  return connection.prepare(`SELECT * FROM ${ENROLMENTS} WHERE username = ?`)
    .get(username);
}

/** @throws Failure `already_enrolled` */
function insert(
  connection: DatabaseSync,
  { username, secret, parameters, ...enrolment }: NewEnrolment,
  mayReplace: (username: string) => boolean,
): void {
  const row = findRow(connection, username);
  const earlier = row === undefined ? null : enrolmentOf(row);
  if (earlier !== null && !mayReplace(username)) {
    throw alreadyEnrolled(username);
  }
  connection.prepare("DELETE FROM enrolments WHERE username = ?").run(username);
  connection.prepare(
    `INSERT INTO enrolments (username, secret, key_id, algorithm, digits, period,
       issuer, enrolled_at, disabled_at, last_step)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[username, secret.bytes, secret.keyId] as const,
    ...[parameters.algorithm, parameters.digits] as const,
    ...[parameters.periodSeconds, enrolment.issuer] as const,
    enrolment.enrolledAt,
    earlier?.disabledAt ?? enrolment.disabledAt,
    enrolment.keepsCodes ? earlier?.lastStep ?? null : null,
  );
  insertMarks(connection, username, enrolment.recoveryMarks);
}

function insertMarks(
  connection: DatabaseSync,
  username: string,
  marks: readonly string[],
): void {
  const insert = connection.prepare("INSERT INTO recovery_codes VALUES (?, ?)");
  for (const mark of marks) insert.run(username, mark);
}

function alreadyEnrolled(username: string): Failure {
  return new Failure(
    "already_enrolled",
    `user ${quoted(username)} is enrolled already: use --replace to give them a new ` +
      "secret (the old one stops working)",
  );
}

function allIn(connection: DatabaseSync): Enrolment[] {
  return connection.prepare(`SELECT * FROM ${ENROLMENTS} ORDER BY username`)
    .all()
    .map(enrolmentOf);
}

function keyIdsIn(connection: DatabaseSync): string[] {
  return connection.prepare(
    "SELECT DISTINCT key_id FROM enrolments WHERE key_id <> 'none'",
  ).all().map((row) => row.key_id as string);
}
