import { backup, type DatabaseSync } from "node:sqlite";
import { Connection } from "./connection.ts";
import { failureOf } from "./errors.ts";
import { prepareFile } from "./file.ts";
import { MIGRATIONS, schemaVersion } from "./migrations.ts";
import { Patience } from "./patience.ts";
import { prepareConnection } from "./prepare_connection.ts";
import { requireNoLog } from "./require_no_log.ts";
import { inTransaction } from "./transaction.ts";
import { Turns } from "./turns.ts";

/** How {@link openDatabase} treats a database that isn't there. */
export interface OpenOptions {
  /** Make directory (0700) and file (0600) where there are none. */
  create: boolean;
  /** How long to wait for another process's transaction, in milliseconds. */
  busyTimeoutMs: number;
  /** How much of that wait may hold up this process's other work, in milliseconds; default: all of it. */
  blockingMs?: number;
  /**
   * Leave all files as they are; the schema is up to date already. An interrupted write, which would
   * have to be taken back first, is a `database_unread`.
   */
  readOnly?: boolean;
}

/**
 * Some 80 MB, more than most databases have: a write between two parts makes the copying start over,
 * and where many users log in there always is one. It takes a fraction of the time that a login
 * waits.
 */
const PAGES_AT_ONCE = 20_000;

/** An open database of ours, with its schema up to date: one connection, used by one at a time. */
export class Database {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #turns = new Turns();
  readonly #patience: Patience;
  readonly #identity: string | null;

  constructor(path: string, connection: DatabaseSync, patience = new Patience(0)) {
    this.#path = path;
    this.#connection = connection;
    this.#patience = patience;
    this.#identity = fileIdentity(path);
  }

  /**
   * Says whether the database has to be opened anew: there is another file at its path now, or a newer
   * program has changed its schema. A process that goes on with the old file would lose what it writes.
   */
  isStale(): boolean {
    return fileIdentity(this.#path) !== this.#identity ||
      schemaVersion(this.#connection) !== MIGRATIONS.length;
  }

  /**
   * Runs reads outside of a transaction. They wait for the transactions that were asked for before:
   * on the same connection they would see what those may still take back.
   */
  read<T>(query: (connection: DatabaseSync) => T): Promise<T> {
    return this.#inTurn((connection) => this.#patience.run(() => query(connection)));
  }

  /**
   * Runs a transaction that holds the write lock from its beginning (`BEGIN IMMEDIATE`), so that what
   * it reads is still true when it writes. It is rolled back on any error. It waits for those that
   * were asked for before on this connection, and must not ask for another one itself.
   *
   * @returns what `work` gives, after the commit
   */
  transaction<T>(work: (connection: DatabaseSync) => T | Promise<T>): Promise<T> {
    return this.#inTurn((connection) => inTransaction(connection, work, this.#patience));
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

  /** Waits until everything that was asked for so far has ended. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  /** Closes the database, unless it is closed. */
  close(): void {
    this.#connection[Symbol.dispose]();
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

/**
 * Opens our database, or makes it.
 *
 * @param path absolute
 * @throws Failure when it is missing (without `create`), not ours, newer, damaged, locked or denied
 */
export async function openDatabase(
  path: string,
  { create, busyTimeoutMs, blockingMs = busyTimeoutMs, readOnly = false }: OpenOptions,
): Promise<Database> {
  try {
    const file = prepareFile(path, create);
    if (readOnly) requireNoLog(file.path);
    const connection = new Connection(file.path, {
      readOnly,
      timeout: busyTimeoutMs,
      enableForeignKeyConstraints: true,
    });
    try {
      await prepareConnection(connection, path, file.isOurs);
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.prepare(`PRAGMA busy_timeout = ${Math.min(blockingMs, busyTimeoutMs)}`).get();
    return new Database(path, connection, new Patience(busyTimeoutMs - blockingMs));
  } catch (error) {
    throw failureOf(error, path);
  }
}

/** Tells the file at a path from any other that was there before; null where there is none. */
function fileIdentity(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}
