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
import { deleteUser, endExemption, exempt, setDisabled } from "./administration.ts";
import { openChallenges } from "./challenges.ts";
import { EXEMPTION } from "./columns.ts";
import type { Database } from "./database.ts";
import { PostgresDecisionFollower } from "./decision_follower.ts";
import { enrol, replaceSecrets } from "./enrol.ts";
import { allEnrolments, findEnrolment, keyIdsIn, saveFailures, useTimeStep } from "./enrolments.ts";
import { clearKnownPlaces, placeCodes } from "./places.ts";
import { deleteRecoveryCode, hasRecoveryCode, replaceRecoveryCodes } from "./recovery_codes.ts";
import { decisionsAfter } from "./trail.ts";
import { usernamesAfter, usersNamed } from "./users.ts";

/** {@link EnrolmentStore} on PostgreSQL. */
export class PostgresEnrolmentStore implements EnrolmentStore {
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
    return this.#database.transaction((connection) => replaceSecrets(connection, secrets));
  }

  list(): Promise<Enrolment[]> {
    return this.#database.read(allEnrolments);
  }

  async *users(direction: Direction = "ascending"): AsyncGenerator<StoredUser[]> {
    for (let after: string | null = null;;) {
      const { names, users } = await this.#database.read(async (connection) => {
        const names = await usernamesAfter(connection, after, direction);
        return { names, users: await usersNamed(connection, names) };
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
    for (let after: number | null = 0; after !== null;) {
      const from: number = after;
      const { decisions, upTo } = await this.#database.read((connection) =>
        decisionsAfter(connection, from, filter)
      );
      if (decisions.length > 0) yield decisions;
      after = upTo;
    }
  }

  follow(filter: DecisionFilter): DecisionFollower {
    return new PostgresDecisionFollower(this.#database, filter);
  }

  unlock(username: string): Promise<boolean> {
    return this.#database.transaction(async (connection) => {
      await clearKnownPlaces(connection, [username]);
      return await saveFailures(connection, username, NO_FAILURES);
    });
  }

  placeCodes(username?: string): Promise<PlaceCodes[]> {
    return this.#database.read((connection) => placeCodes(connection, username));
  }

  setDisabled(username: string, at: EpochMs | null): Promise<boolean> {
    return this.#database.transaction((connection) => setDisabled(connection, username, at));
  }

  replaceRecoveryCodes(enrolment: Enrolment, marks: readonly string[]): Promise<boolean> {
    return this.#database.transaction((connection) =>
      replaceRecoveryCodes(connection, enrolment, marks)
    );
  }

  hasRecoveryCode(username: string, mark: string): Promise<boolean> {
    return this.#database.read((connection) => hasRecoveryCode(connection, username, mark));
  }

  useRecoveryCode(username: string, mark: string): Promise<boolean> {
    return this.#database.transaction((connection) =>
      deleteRecoveryCode(connection, username, mark)
    );
  }

  useTimeStep(
    enrolment: Pick<Enrolment, "username" | "enrolledAt">,
    timeStep: number,
  ): Promise<boolean> {
    return this.#database.transaction((connection) => useTimeStep(connection, enrolment, timeStep));
  }

  exempt(exemption: Exemption): Promise<void> {
    return this.#database.transaction((connection) => exempt(connection, exemption));
  }

  endExemption(username: string): Promise<boolean> {
    return this.#database.transaction((connection) => endExemption(connection, username));
  }

  exemptions(): Promise<Exemption[]> {
    return this.#database.read(async (connection) => {
      const { rows } = await connection.run(
        `SELECT ${EXEMPTION} FROM openvpn_totp.exemptions ORDER BY username`,
      );
      return rows.map(exemptionOf);
    });
  }

  delete(username: string, now: EpochMs): Promise<DeletedUser | null> {
    return this.#database.transaction((connection) => deleteUser(connection, username, now));
  }
}
