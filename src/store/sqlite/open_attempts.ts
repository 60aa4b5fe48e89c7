import type { DatabaseSync } from "node:sqlite";
import type { EpochMs } from "../../core/epoch.ts";
import { ATTEMPT_KEPT_MS, type OpenAttempt } from "../login_store.ts";

/** How many attempts are handled at once: one login must not pay for a whole attack. */
const AT_ONCE = 100;

/** No place has this name. */
const NO_PLACE = "";

/** `LoginRecords.openAttempt`. */
export function openAttempt(
  connection: DatabaseSync,
  { id, places, expiresAt }: OpenAttempt,
  now: EpochMs,
): void {
  connection.prepare(
    `DELETE FROM open_attempts WHERE attempt IN
       (SELECT attempt FROM open_attempts WHERE expires_at <= ? LIMIT ${AT_ONCE})`,
  ).run(now - ATTEMPT_KEPT_MS);
  // Nobody asks about those: a client that sends one password again and again makes many.
  connection.prepare(
    `DELETE FROM open_attempts WHERE attempt IN
       (SELECT attempt FROM open_attempts WHERE place = ? AND expires_at <= ? LIMIT ${AT_ONCE})`,
  ).run(NO_PLACE, now);
  const insert = connection.prepare("REPLACE INTO open_attempts VALUES (?, ?, ?, ?)");
  // One that counts for nothing is there all the same.
  const rows = places.length === 0 ? [NO_PLACE] : places;
  rows.forEach((place, number) => insert.run(id, number, place, expiresAt));
}

/** `LoginStore.isOpen`. */
export function isOpen(connection: DatabaseSync, id: string): boolean {
  return connection.prepare("SELECT 1 FROM open_attempts WHERE attempt = ?").get(id) !== undefined;
}

/** `LoginRecords.closeAttempt`. */
export function closeAttempt(connection: DatabaseSync, id: string): void {
  connection.prepare("DELETE FROM open_attempts WHERE attempt = ?").run(id);
}

/** `LoginRecords.closeAttemptsAt`. */
export function closeAttemptsAt(connection: DatabaseSync, place: string): void {
  connection.prepare(
    "DELETE FROM open_attempts WHERE attempt IN (SELECT attempt FROM open_attempts WHERE place = ?)",
  ).run(place);
}

/** `LoginRecords.openAttemptsAt`. */
export function openAttemptsAt(
  connection: DatabaseSync,
  place: string,
): { count: number; firstExpiresAt: EpochMs | null } {
  const row = connection.prepare(
    "SELECT count(*) AS count, min(expires_at) AS first FROM open_attempts WHERE place = ?",
  ).get(place)!;
  return { count: row.count as number, firstExpiresAt: row.first as number | null };
}

/** `LoginRecords.expiredAttemptsAt`. */
export function expiredAttemptsAt(
  connection: DatabaseSync,
  place: string,
  { now, latest }: { now: EpochMs; latest: EpochMs },
): OpenAttempt[] {
  const placesOf = connection.prepare(
    "SELECT place FROM open_attempts WHERE attempt = ? ORDER BY number",
  );
  return connection.prepare(
    `SELECT attempt, expires_at FROM open_attempts WHERE place = ? AND (expires_at <= ? OR expires_at > ?)
     ORDER BY expires_at, attempt LIMIT ${AT_ONCE}`,
  ).all(place, now, latest).map((row) => ({
    id: row.attempt as string,
    places: placesOf.all(row.attempt as string).map((one) => one.place as string),
    expiresAt: row.expires_at as number,
  }));
}
