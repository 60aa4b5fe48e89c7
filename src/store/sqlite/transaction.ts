import type { DatabaseSync } from "node:sqlite";
import { Patience } from "./patience.ts";

/**
 * Runs a transaction that holds the write lock from its beginning (`BEGIN IMMEDIATE`); nothing stays
 * of one that fails.
 *
 * @returns what `work` gives, after the commit
 */
export async function inTransaction<T>(
  connection: DatabaseSync,
  work: (connection: DatabaseSync) => T | Promise<T>,
  patience = new Patience(0),
): Promise<T> {
  try {
    // prepare() rather than exec(): only its errors carry SQLite's result code.
    await patience.run(() => connection.prepare("BEGIN IMMEDIATE").run());
    const result = await work(connection);
    // A reader in another process may keep it from ending for a moment.
    await patience.run(() => connection.prepare("COMMIT").run());
    return result;
  } finally {
    // Of a transaction that isn't committed by now, nothing stays.
    if (connection.isTransaction) connection.exec("ROLLBACK");
  }
}
