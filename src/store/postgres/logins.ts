import type { PostgresPlace } from "../../core/database_place.ts";
import type { Logins } from "../store.ts";
import { PostgresDatabase } from "./database.ts";
import { PostgresLoginStore } from "./login_store.ts";

/**
 * Opens a store for logins alone. Connections are opened when they are needed: what is wrong with the
 * server is the failure of the first work.
 *
 * @param isForOneLogin whether all waits together may last as long as the place says, rather than each
 */
export function openPostgresLogins(
  place: PostgresPlace,
  { connections = 1, isForOneLogin = false }: {
    connections?: number | undefined;
    isForOneLogin?: boolean | undefined;
  },
): Logins {
  const use = { connections, waitMs: place.timeoutMs, isForOneLogin };
  const database = new PostgresDatabase(place, use);
  return {
    logins: new PostgresLoginStore(database),
    // Each new connection looks at the schema.
    isStale: () => false,
    [Symbol.dispose]: () => database.close(),
  };
}
