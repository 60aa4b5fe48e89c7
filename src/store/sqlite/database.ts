import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../core/failure.ts";
import { failureOf } from "./errors.ts";
import { APPLICATION_ID, readHeader } from "./header.ts";
import { migrate, MIGRATIONS, schemaVersion } from "./migrations.ts";

/** How {@link openDatabase} treats a database that isn't there. */
export interface OpenOptions {
  /** Make directory (0700) and file (0600) where there are none. */
  create: boolean;
  /** How long to wait for another process's transaction, in milliseconds. */
  busyTimeoutMs: number;
}

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
    // In this order: another first enrolment makes the file first, and its journal then.
    const [orphan] = findCompanions(path);
    const header = readHeader(path);
    if (header === "foreign") throw foreign(path);
    if (header === "missing" && orphan) throw orphaned(orphan);
    if (header !== "ours") {
      if (!options.create) throw missing(path);
      createFile(path);
    }
    const connection = new DatabaseSync(path, {
      timeout: options.busyTimeoutMs,
      enableForeignKeyConstraints: true,
    });
    const database = new Database(path, connection);
    try {
      await prepare(database, path, header === "ours");
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw failureOf(error, path);
  }
}

/** Makes the empty file itself, as SQLite would leave its mode to the umask. */
function createFile(path: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", {
    recursive: true,
    mode: 0o700,
  });
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    // It may be another first enrolment's at this moment, or what is left of one.
    if (readHeader(path) === "missing") {
      throw new Failure(
        "database_foreign",
        `${path} is a symbolic link that leads nowhere: remove it`,
      );
    }
    Deno.chmodSync(path, 0o600);
  }
}

/**
 * Finds what of a broken-off transaction lies beside a database: files that SQLite takes for a part
 * of it.
 *
 * @throws Failure where one isn't a file: opening a database beside a named pipe would wait for ever
 */
function findCompanions(path: string): string[] {
  const companions = ["-journal", "-wal"].map((end) => path + end);
  return companions.filter((companion) => {
    try {
      const info = Deno.lstatSync(companion);
      if (info.isFile) return info.size > 0;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
    throw new Failure(
      "database_foreign",
      `${companion} is not a regular file: remove it`,
    );
  });
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
  if (isCurrent) return;
  await database.transaction((connection) => {
    if (!isEmpty(connection) && !isMarkedAsOurs(connection)) {
      throw foreign(path);
    }
    migrate(connection, path);
  });
}

function isEmpty(connection: DatabaseSync): boolean {
  return connection.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!
    .n === 0;
}

function isMarkedAsOurs(connection: DatabaseSync): boolean {
  return connection.prepare("PRAGMA application_id").get()!.application_id ===
    APPLICATION_ID;
}

function missing(path: string): Failure {
  return new Failure(
    "database_missing",
    `there is no database at ${path} yet: enrol the first user, or name the right path ` +
      "(--db, totpTokenDbPath)",
  );
}

/** A new database beside it would delete it, and what the other database needs of it. */
function orphaned(companion: string): Failure {
  return new Failure(
    "database_foreign",
    `${companion} is there without its database: move it to where that went`,
  );
}

function foreign(path: string): Failure {
  return new Failure(
    "database_foreign",
    `${path} is not a database of openvpn-totp and was left alone: move it away, with its -journal ` +
      "and -wal if there are any (an older script's users must be enrolled again), or name " +
      "another path (--db, totpTokenDbPath)",
  );
}
