import type { DatabaseSync } from "node:sqlite";
import type { EpochMs } from "../../core/epoch.ts";
import { KNOWN_FOR_MS, type KnownPlace } from "../../core/known_place.ts";
import type { PlaceFailures } from "../../core/throttle.ts";
import type { PlaceCodes } from "../enrolment_store.ts";
import { failuresOf } from "../rows.ts";

/** How many old rows go at once: one login must not pay for everything that others have left. */
const FORGOTTEN_AT_ONCE = 100;

/** `PlaceReader.findPlaceFailures`. */
export function findPlaceFailures(connection: DatabaseSync, key: string): PlaceFailures | null {
  const row = connection.prepare("SELECT * FROM place_failures WHERE place = ?").get(key);
  return row === undefined ? null : {
    level: row.level as number,
    lastAt: row.last_at as number,
    goneAt: row.gone_at as number,
  };
}

/** `LoginRecords.savePlaceFailures`. */
export function savePlaceFailures(
  connection: DatabaseSync,
  key: string,
  failures: PlaceFailures | null,
): void {
  if (failures === null) {
    connection.prepare("DELETE FROM place_failures WHERE place = ?").run(key);
    return;
  }
  connection.prepare(
    `DELETE FROM place_failures WHERE place IN
       (SELECT place FROM place_failures WHERE gone_at <= ? LIMIT ${FORGOTTEN_AT_ONCE})`,
  ).run(failures.lastAt);
  forgetPasswords(connection, failures.lastAt);
  connection.prepare("REPLACE INTO place_failures VALUES (?, ?, ?, ?)")
    .run(key, failures.level, failures.lastAt, failures.goneAt);
}

/** `PlaceReader.findKnownPlace`. */
export function findKnownPlace(connection: DatabaseSync, key: string): KnownPlace | null {
  const row = connection.prepare("SELECT * FROM known_places WHERE place = ?").get(key);
  return row === undefined ? null : {
    username: row.username as string,
    lastLoginAt: row.last_login_at as number,
    failures: failuresOf(row),
  };
}

/** `LoginRecords.saveKnownPlace`. */
export function saveKnownPlace(
  connection: DatabaseSync,
  key: string,
  { username, lastLoginAt, failures }: KnownPlace,
): void {
  connection.prepare(
    `DELETE FROM known_places WHERE place IN
       (SELECT place FROM known_places WHERE last_login_at <= ? LIMIT ${FORGOTTEN_AT_ONCE})`,
  ).run(lastLoginAt - KNOWN_FOR_MS);
  connection.prepare("REPLACE INTO known_places VALUES (?, ?, ?, ?, ?, ?, ?, ?)").run(
    key,
    username,
    lastLoginAt,
    failures.count,
    failures.lastWrong,
    failures.lastWrongAt,
    failures.locks,
    failures.lockedUntil,
  );
}

/** Forgets the wrong codes of a user's known places. */
export function clearKnownPlaces(connection: DatabaseSync, username: string): void {
  connection.prepare(
    `UPDATE known_places
     SET failures = 0, last_wrong = NULL, last_wrong_at = NULL, locks = 0, locked_until = NULL
     WHERE username = ?`,
  ).run(username);
}

/** Forgets where a user is known. */
export function forgetKnownPlaces(connection: DatabaseSync, username: string): void {
  connection.prepare("DELETE FROM known_places WHERE username = ?").run(username);
}

/** `EnrolmentStore.placeCodes`. */
export function placeCodes(connection: DatabaseSync, username?: string): PlaceCodes[] {
  return connection.prepare(
    `SELECT * FROM known_places
     WHERE (failures > 0 OR locked_until IS NOT NULL)
       AND (:username IS NULL OR username = :username)
     ORDER BY place`,
  ).all({ username: username ?? null })
    .map((row) => ({ username: row.username as string, failures: failuresOf(row) }));
}

/** A wrong password, as far as it must be known again. */
export interface WrongPassword {
  key: string;
  mark: string;
  until: EpochMs;
}

/** `LoginRecords.isNewPassword`. */
export function isNewPassword(
  connection: DatabaseSync,
  { key, mark, until }: WrongPassword,
  now: EpochMs,
): boolean {
  forgetPasswords(connection, now);
  const { changes } = connection.prepare(
    `INSERT INTO wrong_passwords VALUES (:key, :mark, :until)
     ON CONFLICT (place, mark) DO UPDATE SET until = :until
       WHERE until <= :now OR until > :until`,
  ).run({ key, mark, until, now });
  return changes !== 0;
}

/** Removes marks whose time is over: nobody is to find them later. */
function forgetPasswords(connection: DatabaseSync, now: EpochMs): void {
  connection.prepare(
    `DELETE FROM wrong_passwords WHERE (place, mark) IN
       (SELECT place, mark FROM wrong_passwords WHERE until <= ? LIMIT ${FORGOTTEN_AT_ONCE})`,
  ).run(now);
}
