import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import type { DecisionRecord } from "../../core/decision.ts";
import type { Exemption } from "../../core/exemption.ts";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { Enrolment, SealedSecret } from "../../core/enrolment.ts";
import type { EpochMs } from "../../core/epoch.ts";
import {
  type DecisionFilter,
  type DeletedUser,
  type EnrolmentStore,
  type EnrolOptions,
  type NewEnrolment,
  UnknownKeys,
} from "../enrolment_store.ts";
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
    return this.#database.read(keyIdsIn);
  }

  enrol(
    enrolments: readonly NewEnrolment[],
    { mayReplace, knownKeys }: EnrolOptions,
  ): Promise<void> {
    return this.#database.transaction((connection) => {
      const unknown = keyIdsIn(connection).filter((id) => !knownKeys.includes(id));
      if (unknown.length > 0) throw new UnknownKeys(unknown);
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
    return this.#database.read(allIn);
  }

  find(username: string): Promise<Enrolment | null> {
    return this.#database.read((connection) => findIn(connection, username));
  }

  openChallenges(now: EpochMs, username?: string): Promise<Challenge[]> {
    return this.#database.read((connection) => openChallengesIn(connection, now, username));
  }

  async *decisions(filter: DecisionFilter): AsyncGenerator<DecisionRecord[]> {
    for (let after = 0;;) {
      const page = await this.#database.read((connection) =>
        decisionsAfter(connection, after, filter)
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
    { username, secret }: Enrolment,
    marks: readonly string[],
  ): Promise<boolean> {
    return this.#database.transaction((connection) => {
      const isSame = connection.prepare(
        "SELECT 1 FROM enrolments WHERE username = ? AND secret = ?",
      ).get(username, secret.bytes) !== undefined;
      if (!isSame) return false;
      connection.prepare("DELETE FROM recovery_codes WHERE username = ?").run(username);
      insertMarks(connection, username, marks);
      return true;
    });
  }

  hasRecoveryCode(username: string, mark: string): Promise<boolean> {
    return this.#database.read((connection) =>
      connection.prepare("SELECT 1 FROM recovery_codes WHERE username = ? AND mark = ?")
        .get(username, mark) !== undefined
    );
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
    return this.#database.read((connection) =>
      connection.prepare("SELECT * FROM exemptions ORDER BY username").all().map(exemptionOf)
    );
  }

  delete(username: string, now: EpochMs): Promise<DeletedUser | null> {
    return this.#database.transaction((connection) => {
      const pendingChallenges = openChallengesIn(connection, now, username).length;
      const deleteFrom = (table: string) =>
        connection.prepare(`DELETE FROM ${table} WHERE username = ?`).run(username).changes !== 0;
      const wasEnrolled = deleteFrom("enrolments");
      const wasExempt = deleteFrom("exemptions");
      return wasEnrolled || wasExempt ? { wasEnrolled, wasExempt, pendingChallenges } : null;
    });
  }
}

function openChallengesIn(
  connection: DatabaseSync,
  now: EpochMs,
  username?: string,
): Challenge[] {
  return connection.prepare(
    `SELECT * FROM challenges
     WHERE answer IS NULL AND created_at <= :now AND :now < expires_at
       AND (:username IS NULL OR username = :username)
     ORDER BY created_at, attempt`,
  ).all({ now, username: username ?? null }).map(challengeOf);
}

function findIn(connection: DatabaseSync, username: string): Enrolment | null {
  const row = connection.prepare(`SELECT * FROM ${ENROLMENTS} WHERE username = ?`).get(username);
  return row === undefined ? null : enrolmentOf(row);
}

/** @throws Failure `already_enrolled` */
function insert(
  connection: DatabaseSync,
  { username, secret, parameters, ...enrolment }: NewEnrolment,
  mayReplace: (username: string) => boolean,
): void {
  const earlier = findIn(connection, username);
  if (earlier !== null && !mayReplace(username)) {
    throw alreadyEnrolled(username);
  }
  connection.prepare("DELETE FROM enrolments WHERE username = ?").run(username);
  connection.prepare(
    `INSERT INTO enrolments (username, secret, key_id, algorithm, digits, period,
       issuer, enrolled_at, disabled_at, last_step)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    username,
    secret.bytes,
    secret.keyId,
    parameters.algorithm,
    parameters.digits,
    parameters.periodSeconds,
    enrolment.issuer,
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
