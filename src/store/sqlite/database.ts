import { backup, DatabaseSync } from "node:sqlite";
import { failureOf } from "./errors.ts";
import { APPLICATION_ID, changedSchema, foreignDatabase, prepareFile } from "./file.ts";
import { hasForeignRules, hasTables, migrate, MIGRATIONS, schemaVersion } from "./migrations.ts";
import { Turns } from "./turns.ts";

/** How {@link openDatabase} treats a database that isn't there. */
export interface OpenOptions {
  /** Make directory (0700) and file (0600) where there are none. */
  create: boolean;
  /** How long to wait for another process's transaction, in milliseconds. */
  busyTimeoutMs: number;
  /** Whose file it is, where root looks after another user's. */
  uid?: number;
}

/**
 * Some 80 MB, more than most databases have: a write between two parts makes the copying begin anew,
 * and where many log in there always is one. It takes a fraction of the time that a login waits.
 */
const PAGES_AT_ONCE = 20_000;

/** An open database of ours, with its schema up to date: one connection, used by one at a time. */
export class Database {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #turns = new Turns();

  constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
  }

  /**
   * Runs reads outside of a transaction. They wait for the transactions that were asked for before:
   * on the same connection they would see what those may still take back.
   */
  read<T>(query: (connection: DatabaseSync) => T): Promise<T> {
    return this.#inTurn(() => query(this.#connection));
  }

  /**
   * Runs a transaction that holds the write lock from its beginning (`BEGIN IMMEDIATE`), so that what
   * it reads is still true when it writes. It is rolled back on any error. It waits for those that
   * were asked for before on this connection, and must not ask for another one itself.
   *
   * @returns what `work` gives, after the commit
   */
  transaction<T>(work: (connection: DatabaseSync) => T | Promise<T>): Promise<T> {
    return this.#inTurn((connection) => inTransaction(connection, work));
  }

  /**
   * Copies the database into an empty file, some pages at a time, so that other processes can write
   * meanwhile; the copy is of one moment.
   */
  async copyTo(path: string): Promise<void> {
    try {
      await this.#turns.take(() => backup(this.#connection, path, { rate: PAGES_AT_ONCE }));
    } catch (error) {
      throw failureOf(error, path);
    }
  }

  /**
   * Does what a login does to write, and takes it back: the lock, the journal, a changed page.
   *
   * @throws Failure as a login would
   */
  rehearseWrite(): Promise<void> {
    return this.#inTurn((connection) => {
      try {
        connection.prepare("BEGIN IMMEDIATE").run();
        connection.prepare("INSERT OR REPLACE INTO notices VALUES (?, 0)").run("rehearsal");
      } finally {
        if (connection.isTransaction) connection.exec("ROLLBACK");
      }
    });
  }

  /** Waits until everything that was asked for so far has ended. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  /** Closes the database. */
  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #inTurn<T>(work: (connection: DatabaseSync) => T | Promise<T>): Promise<T> {
    try {
      return await this.#turns.take(() => work(this.#connection));
    } catch (error) {
      throw failureOf(error, this.#path);
    }
  }
}

async function inTransaction<T>(
  connection: DatabaseSync,
  work: (connection: DatabaseSync) => T | Promise<T>,
): Promise<T> {
  try {
    // prepare() rather than exec(): only its errors carry SQLite's result code.
    connection.prepare("BEGIN IMMEDIATE").run();
    const result = await work(connection);
    connection.prepare("COMMIT").run();
    return result;
  } finally {
    // Of a transaction that isn't committed by now, nothing stays.
    if (connection.isTransaction) connection.exec("ROLLBACK");
  }
}

/**
 * Opens our database, or makes it.
 *
 * @param path absolute
 * @throws Failure when it is missing (without `create`), not ours, newer, damaged, locked or denied
 */
export async function openDatabase(
  path: string,
  { create, busyTimeoutMs, uid }: OpenOptions,
): Promise<Database> {
  try {
    const file = prepareFile(path, create, uid);
    const connection = new DatabaseSync(file.path, {
      timeout: busyTimeoutMs,
      enableForeignKeyConstraints: true,
    });
    try {
      configure(connection);
      await bringUpToDate(connection, path, file.isOurs);
    } catch (error) {
      connection.close();
      throw error;
    }
    return new Database(path, connection);
  } catch (error) {
    throw failureOf(error, path);
  }
}

/** A verdict outlives a power cut only if its commit does; a deleted secret is overwritten. */
function configure(connection: DatabaseSync): void {
  connection.prepare("PRAGMA synchronous = EXTRA").run();
  connection.prepare("PRAGMA secure_delete = ON").get();
  connection.prepare("PRAGMA trusted_schema = OFF").run();
}

async function bringUpToDate(
  connection: DatabaseSync,
  path: string,
  isOurs: boolean,
): Promise<void> {
  const isCurrent = isOurs && schemaVersion(connection) === MIGRATIONS.length;
  if (isOurs && hasForeignRules(connection)) throw changedSchema(path);
  if (isCurrent) return;
  await inTransaction(connection, () => {
    if (hasTables(connection) && !isMarkedAsOurs(connection)) throw foreignDatabase(path);
    migrate(connection, path);
  });
}

function isMarkedAsOurs(connection: DatabaseSync): boolean {
  return connection.prepare("PRAGMA application_id").get()!.application_id === APPLICATION_ID;
}
