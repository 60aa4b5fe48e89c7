import type { EnrolmentStore } from "../enrolment_store.ts";
import type { LoginStore } from "../login_store.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";
import { SqliteEnrolmentStore } from "./enrolment_store.ts";
import { SqliteLoginStore } from "./login_store.ts";

/** {@link Store} on a database of SQLite. */
export class SqliteStore implements Store {
  readonly logins: LoginStore;
  readonly enrolments: EnrolmentStore;
  readonly #database: Database;

  /** @param database is closed with the store */
  constructor(database: Database) {
    this.#database = database;
    this.logins = new SqliteLoginStore(database);
    this.enrolments = new SqliteEnrolmentStore(database);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.settled();
    this.#database.close();
  }
}
