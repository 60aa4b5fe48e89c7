import type { DatabaseSync } from "node:sqlite";
import type { Challenge } from "../../core/challenge.ts";
import type { AuditRow } from "../../core/decision.ts";
import type { Enrolment, SealedSecret } from "../../core/enrolment.ts";
import type { EpochMs } from "../../core/epoch.ts";
import type { Exemption } from "../../core/exemption.ts";
import { NO_FAILURES } from "../../core/lockout.ts";
import type {
  DecisionFilter,
  DecisionFollower,
  DeletedUser,
  Direction,
  EnrolmentStore,
  EnrolOptions,
  NewEnrolment,
  PlaceCodes,
  StoredUser,
} from "../enrolment_store.ts";
import { exemptionOf } from "../rows.ts";
import { decisionsAfter } from "./audit.ts";
import { SqliteDecisionFollower } from "./decision_follower.ts";
import { openChallenges } from "./challenges.ts";
import type { Database } from "./database.ts";
import { allEnrolments, enrol, findEnrolment, keyIdsIn, saveFailures } from "./enrolments.ts";
import { clearKnownPlaces, placeCodes } from "./places.ts";
import { deleteRecoveryCode, replaceRecoveryCodes } from "./recovery_codes.ts";
import { addSimilarName, removeSimilarName } from "./similar_names.ts";
import { FIRST, usernamesAfter, usersNamed } from "./users.ts";

/** {@link EnrolmentStore} on SQLite. */
export class SqliteEnrolmentStore implements EnrolmentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  keyIds(): Promise<string[]> {
    return this.#database.read(keyIdsIn);
  }

  enrol(enrolments: readonly NewEnrolment[], options: EnrolOptions): Promise<void> {
    return this.#database.transaction((connection) => enrol(connection, enrolments, options));
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
    return this.#database.read(allEnrolments);
  }

  async *users(direction: Direction = "ascending"): AsyncGenerator<StoredUser[]> {
    for (let after: string | Uint8Array = FIRST[direction];;) {
      const { names, users } = await this.#database.read((connection) => {
        const names = usernamesAfter(connection, after, direction);
        return { names, users: usersNamed(connection, names) };
      });
      if (names.length === 0) return;
      after = names.at(-1)!;
      yield users;
    }
  }

  usersNamed(usernames: readonly string[]): Promise<StoredUser[]> {
    return this.#database.read((connection) => usersNamed(connection, usernames));
  }

  find(username: string): Promise<Enrolment | null> {
    return this.#database.read((connection) => findEnrolment(connection, username));
  }

  openChallenges(now: EpochMs, username?: string): Promise<Challenge[]> {
    return this.#database.read((connection) => openChallenges(connection, now, username));
  }

  async *decisions(filter: DecisionFilter): AsyncGenerator<AuditRow[]> {
    for (let after = 0;;) {
      const page = await this.#database.read((connection) =>
        decisionsAfter(connection, after, filter)
      );
      if (page.length === 0) return;
      after = page.at(-1)!.id;
      yield page.map(({ decision }) => decision);
    }
  }

  follow(filter: DecisionFilter): DecisionFollower {
    return new SqliteDecisionFollower(this.#database, filter);
  }

  unlock(username: string): Promise<boolean> {
    return this.#database.transaction((connection) => {
      clearKnownPlaces(connection, username);
      return saveFailures(connection, username, NO_FAILURES);
    });
  }

  placeCodes(username?: string): Promise<PlaceCodes[]> {
    return this.#database.read((connection) => placeCodes(connection, username));
  }

  setDisabled(username: string, at: EpochMs | null): Promise<boolean> {
    return this.#database.transaction((connection) => {
      if (at !== null) deleteFrom(connection, "challenges", username);
      return connection.prepare(
        `UPDATE enrolments
         SET disabled_at = :at, tokens_valid_from = max(tokens_valid_from, coalesce(:at, 0))
         WHERE username = :username`,
      ).run({ at, username }).changes !== 0;
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
      if (isSame) replaceRecoveryCodes(connection, username, marks);
      return isSame;
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

  useTimeStep(
    { username, enrolledAt }: Pick<Enrolment, "username" | "enrolledAt">,
    timeStep: number,
  ): Promise<boolean> {
    return this.#database.transaction((connection) =>
      connection.prepare(
        `UPDATE enrolments SET last_step = :timeStep
         WHERE username = :username AND enrolled_at = :enrolledAt
           AND (last_step IS NULL OR last_step < :timeStep)`,
      ).run({ username, enrolledAt, timeStep }).changes !== 0
    );
  }

  exempt({ username, since, until, from }: Exemption): Promise<void> {
    return this.#database.transaction((connection) => {
      connection.prepare("REPLACE INTO exemptions VALUES (?, ?, ?, ?)")
        .run(username, since, until, from);
      addSimilarName(connection, username);
    });
  }

  endExemption(username: string): Promise<boolean> {
    return this.#database.transaction((connection) => {
      const wasExempt = deleteFrom(connection, "exemptions", username);
      removeSimilarName(connection, username);
      return wasExempt;
    });
  }

  exemptions(): Promise<Exemption[]> {
    return this.#database.read((connection) =>
      connection.prepare("SELECT * FROM exemptions ORDER BY username").all().map(exemptionOf)
    );
  }

  delete(username: string, now: EpochMs): Promise<DeletedUser | null> {
    return this.#database.transaction((connection) => {
      const pendingChallenges = openChallenges(connection, now, username).length;
      const wasEnrolled = deleteFrom(connection, "enrolments", username);
      const wasExempt = deleteFrom(connection, "exemptions", username);
      removeSimilarName(connection, username);
      deleteFrom(connection, "known_places", username);
      deleteFrom(connection, "uncoded_sessions", username);
      return wasEnrolled || wasExempt ? { wasEnrolled, wasExempt, pendingChallenges } : null;
    });
  }
}

/** Deletes a user's rows; gives whether there were any. */
function deleteFrom(
  connection: DatabaseSync,
  table: "challenges" | "enrolments" | "exemptions" | "known_places" | "uncoded_sessions",
  username: string,
): boolean {
  return connection.prepare(`DELETE FROM ${table} WHERE username = ?`).run(username)
    .changes !== 0;
}
