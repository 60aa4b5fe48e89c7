import type { DatabasePlace } from "../core/database_place.ts";
import { LOGIN_BUSY_TIMEOUT_MS, openSqliteLogins } from "./sqlite/logins.ts";
import type { Logins } from "./store.ts";

/**
 * Opens a store in a file for one login. A hook call loads nothing else of the store.
 *
 * @throws Failure if it cannot be used
 */
export async function openFileLogins(database: DatabasePlace): Promise<Logins> {
  if (database.engine !== "sqlite") throw new Error("the database is on a server");
  const options = { create: false, busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS };
  return await openSqliteLogins(database.path, options);
}
