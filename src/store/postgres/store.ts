import type { PostgresPlace } from "../../core/database_place.ts";
import type { Store } from "../store.ts";

/** Opens a store. */
export function openPostgresStore(_place: PostgresPlace, _options: unknown): Promise<Store> {
  return Promise.reject(new Error("not yet"));
}
