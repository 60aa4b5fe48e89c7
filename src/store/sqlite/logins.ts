import type { Logins } from "../store.ts";
import { openDatabase, type OpenOptions } from "./database.ts";
import { SqliteLoginStore } from "./login_store.ts";

/** How long a login waits for another process's transaction, in milliseconds. */
export const LOGIN_BUSY_TIMEOUT_MS = 2000;

/**
 * Opens a store for logins alone.
 *
 * @throws Failure as {@link openDatabase}
 */
export async function openSqliteLogins(path: string, options: OpenOptions): Promise<Logins> {
  const database = await openDatabase(path, options);
  return {
    logins: new SqliteLoginStore(database),
    isStale: () => database.isStale(),
    [Symbol.dispose]: () => database.close(),
  };
}
