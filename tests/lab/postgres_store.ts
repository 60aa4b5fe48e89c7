import type { PostgresPlace } from "../../src/core/database_place.ts";
import { postgresPlace } from "../../src/core/postgres_url.ts";
import { PostgresDatabase } from "../../src/store/postgres/database.ts";
import { openStore } from "../../src/store/open_store.ts";
import type { Store } from "../../src/store/store.ts";
import { PATIENCE_MS } from "./patience.ts";
import { startPostgres } from "./postgres.ts";
import type { TestPostgresDatabase } from "./postgres_database.ts";

/** Where a test's database is; a login waits for it as long as any test waits. */
export function placeOf({ url }: Pick<TestPostgresDatabase, "url">): PostgresPlace {
  return postgresPlace(url, PATIENCE_MS)!;
}

/** Opens a store on a test's database. */
export function openTestStore(database: TestPostgresDatabase): Promise<Store> {
  return openStore({ database: placeOf(database), create: false, busyTimeoutMs: 0 });
}

/** A store on a database, and another connection whose transactions a test holds open. */
export interface SlowRig {
  store: Store;
  slow: PostgresDatabase;
  database: TestPostgresDatabase;
}

/** Runs tests as steps on one server, each on a database of its own. */
export async function stepsBesideSlow(
  t: Deno.TestContext,
  tests: Readonly<Record<string, (rig: SlowRig) => Promise<void>>>,
): Promise<void> {
  await using postgres = await startPostgres();
  for (const [name, test] of Object.entries(tests)) {
    const fn = async () => {
      const database = await postgres.makeDatabase();
      await using store = await openTestStore(database);
      using slow = new PostgresDatabase(placeOf(database), SLOW);
      await test({ store, slow, database });
    };
    // The server was started before the step, and goes on after it.
    await t.step({ name, fn, sanitizeOps: false, sanitizeResources: false });
  }
}

const SLOW = { connections: 1, waitMs: Infinity, isForOneLogin: false };
