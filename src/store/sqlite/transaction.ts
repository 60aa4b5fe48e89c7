import type { DatabaseSync } from "node:sqlite";

/**
 * Runs a transaction that holds the write lock from its beginning (`BEGIN IMMEDIATE`); nothing stays
 * of one that fails.
 *
 * @returns what `work` gives, after the commit
 */
export async function inTransaction<T>(
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
 * Does what a login does to write, and takes it back: the lock, the journal, a changed page.
 *
 * @throws Error of SQLite's, as a login's transaction
 */
export function rehearseWrite(connection: DatabaseSync): void {
  try {
    connection.prepare("BEGIN IMMEDIATE").run();
    connection.prepare("INSERT OR REPLACE INTO notices VALUES (?, 0)").run("rehearsal");
  } finally {
    if (connection.isTransaction) connection.exec("ROLLBACK");
  }
}
