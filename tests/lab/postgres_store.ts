import type { PostgresPlace } from "../../src/core/database_place.ts";
import { postgresPlace } from "../../src/core/postgres_url.ts";
import { openStore } from "../../src/store/open_store.ts";
import type { Store } from "../../src/store/store.ts";
import { PATIENCE_MS } from "./patience.ts";
import type { TestPostgresDatabase } from "./postgres_database.ts";

/** Where a test's database is; a login waits for it as long as any test waits. */
export function placeOf({ url }: Pick<TestPostgresDatabase, "url">): PostgresPlace {
  return postgresPlace(url, PATIENCE_MS)!;
}

/** Opens a store on a test's database. */
export function openTestStore(database: TestPostgresDatabase): Promise<Store> {
  return openStore({ database: placeOf(database), create: false, busyTimeoutMs: 0 });
}
