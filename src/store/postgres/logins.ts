import type { PostgresPlace } from "../../core/database_place.ts";
import type { Store } from "../store.ts";

/** Opens a store for logins. */
export function openPostgresLogins(
  _place: PostgresPlace,
  _options: unknown,
): Promise<Pick<Store, "logins"> & Disposable & { isStale(): boolean }> {
  return Promise.reject(new Error("not yet"));
}
