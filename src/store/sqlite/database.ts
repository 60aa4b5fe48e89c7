import { backup, DatabaseSync } from "node:sqlite";
import { failureOf } from "./errors.ts";
import { APPLICATION_ID, changedSchema, foreignDatabase, prepareFile } from "./file.ts";
import { hasForeignRules, hasTables, migrate, MIGRATIONS, schemaVersion } from "./migrations.ts";

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

/** An open database of ours, with its schema up to date. */
export class Database {
  readonly #path: string;
  readonly #connection: DatabaseSync;

  constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
  }

  /** Runs reads outside of a transaction. */
  read<T>(query: (connection: DatabaseSync) => T): T {
    try {
      return query(this.#connection);
    } catch (error) {
      throw failureOf(error, this.#path);
    }
  }

  /**
   * Runs a transaction that holds the write lock from its beginning (`BEGIN IMMEDIATE`), so that what
   * it reads is still true when it writes. Given up on any error.
   *
   * @returns what `work` gives, after the commit
   */
  async transaction<T>(
    work: (connection: DatabaseSync) => T | Promise<T>,
  ): Promise<T> {
    const connection = this.#connection;
    try {
      // prepare() rather than exec(): only its errors carry SQLite's result code.
      connection.prepare("BEGIN IMMEDIATE").run();
      const result = await work(connection);
      connection.prepare("COMMIT").run();
      return result;
    } catch (error) {
      if (connection.isTransaction) connection.exec("ROLLBACK");
      throw failureOf(error, this.#path);
    }
  }

  /**
   * Copies the database into an empty file, some pages at a time, so that others can write meanwhile;
   * the copy is of one moment.
   */
  async copyTo(path: string): Promise<void> {
    try {
      await backup(this.#connection, path, { rate: PAGES_AT_ONCE });
    } catch (error) {
      throw failureOf(error, path);
    }
  }

  /**
   * Does what a login does to write, and takes it back: the lock, the journal, a changed page.
   *
   * @throws Failure as a login would
   */
  rehearseWrite(): void {
    const connection = this.#connection;
    try {
      connection.prepare("BEGIN IMMEDIATE").run();
      connection.prepare("INSERT OR REPLACE INTO notices VALUES (?, 0)")
        .run("rehearsal");
    } catch (error) {
      throw failureOf(error, this.#path);
    } finally {
      if (connection.isTransaction) connection.exec("ROLLBACK");
    }
  }

  /** Closes the database. */
  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
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
  options: OpenOptions,
): Promise<Database> {
  try {
    const file = prepareFile(path, options.create, options.uid);
    const connection = new DatabaseSync(file.path, {
      timeout: options.busyTimeoutMs,
      enableForeignKeyConstraints: true,
    });
    const database = new Database(path, connection);
    try {
      await prepare(database, path, file.isOurs);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw failureOf(error, path);
  }
}

/** Settles how the connection works, and brings the schema up to date. */
async function prepare(
  database: Database,
  path: string,
  isOurs: boolean,
): Promise<void> {
  database.read((connection) => {
    // A verdict outlives a power cut only if its commit does; a deleted secret is overwritten.
    connection.prepare("PRAGMA synchronous = EXTRA").run();
    connection.prepare("PRAGMA secure_delete = ON").get();
    connection.prepare("PRAGMA trusted_schema = OFF").run();
  });
  const isCurrent = database.read((connection) =>
    isOurs && schemaVersion(connection) === MIGRATIONS.length
  );
  if (isOurs && database.read(hasForeignRules)) throw changedSchema(path);
  if (isCurrent) return;
  await database.transaction((connection) => {
    if (hasTables(connection) && !isMarkedAsOurs(connection)) {
      throw foreignDatabase(path);
    }
    migrate(connection, path);
  });
}

function isMarkedAsOurs(connection: DatabaseSync): boolean {
  return connection.prepare("PRAGMA application_id").get()!.application_id ===
    APPLICATION_ID;
}
