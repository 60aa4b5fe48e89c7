import type { DatabasePlace } from "../core/database_place.ts";
import { openPostgresLogins } from "./postgres/logins.ts";
import type { Logins } from "./store.ts";

/** Opens a store on a server for one login, whose work fails if the server cannot be used. */
export function openServerLogins(database: DatabasePlace): Promise<Logins> {
  if (database.engine !== "postgres") throw new Error("the database is in a file");
  return Promise.resolve(openPostgresLogins(database, { isForOneLogin: true }));
}
