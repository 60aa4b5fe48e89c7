import type { PostgresPlace } from "../../core/database_place.ts";
import type { Store } from "../store.ts";
import { PostgresDatabase } from "./database.ts";
import { PostgresEnrolmentStore } from "./enrolment_store.ts";
import { PostgresLoginStore } from "./login_store.ts";

/**
 * Opens a store for administration, whose work may take its time.
 *
 * @throws Failure if the server cannot be used, or its schema is missing, older, or too new
 */
export async function openPostgresStore(
  place: PostgresPlace,
  { connections = 1 }: { connections?: number | undefined },
): Promise<Store> {
  const use = { connections, waitMs: Infinity, isForOneLogin: false };
  const database = new PostgresDatabase(place, use);
  try {
    await database.read(() => Promise.resolve());
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    logins: new PostgresLoginStore(database),
    enrolments: new PostgresEnrolmentStore(database),
    [Symbol.dispose]: () => database.close(),
    async [Symbol.asyncDispose]() {
      await database.settled();
      database.close();
    },
  };
}
