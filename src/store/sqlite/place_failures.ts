import type { DatabaseSync } from "node:sqlite";
import { FORGOTTEN_AFTER_MS, type PlaceFailures } from "../../core/throttle.ts";

/** `LoginRecords.findPlaceFailures`. */
export function findPlaceFailures(connection: DatabaseSync, key: string): PlaceFailures | null {
  const row = connection.prepare("SELECT count, last_at FROM password_failures WHERE place = ?")
    .get(key);
  return row === undefined ? null : { count: row.count as number, lastAt: row.last_at as number };
}

/** `LoginRecords.savePlaceFailures`. */
export function savePlaceFailures(
  connection: DatabaseSync,
  key: string,
  failures: PlaceFailures | null,
): void {
  if (failures === null) {
    connection.prepare("DELETE FROM password_failures WHERE place = ?").run(key);
    return;
  }
  // A few at a time: one login must not pay for everything that others have left.
  connection.prepare(
    `DELETE FROM password_failures WHERE place IN
       (SELECT place FROM password_failures WHERE last_at <= ? LIMIT 100)`,
  ).run(failures.lastAt - FORGOTTEN_AFTER_MS);
  connection.prepare("REPLACE INTO password_failures VALUES (?, ?, ?)")
    .run(key, failures.count, failures.lastAt);
}
