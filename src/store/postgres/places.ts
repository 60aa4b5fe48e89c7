import type { EpochMs } from "../../core/epoch.ts";
import { KNOWN_FOR_MS, type KnownPlace } from "../../core/known_place.ts";
import type { PlaceFailures } from "../../core/throttle.ts";
import type { PlaceCodes } from "../enrolment_store.ts";
import { failuresOf } from "../rows.ts";
import { FAILURES } from "./columns.ts";
import type { Connection } from "./connection.ts";

/** How many old rows go at once: one login must not pay for everything that others have left. */
const FORGOTTEN_AT_ONCE = 100;

/** The failures of places that there are, by the places' keys. */
export async function findFailuresOfPlaces(
  connection: Connection,
  keys: readonly string[],
): Promise<Map<string, PlaceFailures>> {
  const { rows } = await connection.run(
    `SELECT place, level, last_at, gone_at FROM openvpn_totp.place_failures
     WHERE place = ANY ($1::text[])`,
    [keys],
  );
  return new Map(rows.map((row) => [row.place as string, {
    level: row.level as number,
    lastAt: row.last_at as number,
    goneAt: row.gone_at as number,
  }]));
}

/** Keeps the failures of places; null for none. */
export async function saveFailuresOfPlaces(
  connection: Connection,
  places: readonly (readonly [key: string, failures: PlaceFailures | null])[],
): Promise<void> {
  const gone = places.flatMap(([key, failures]) => failures === null ? [key] : []);
  if (gone.length > 0) {
    await connection.run(
      "DELETE FROM openvpn_totp.place_failures WHERE place = ANY ($1::text[])",
      [gone],
    );
  }
  const kept = places.flatMap(([key, failures]) => failures === null ? [] : [{ key, ...failures }]);
  if (kept.length === 0) return;
  await connection.run(
    `INSERT INTO openvpn_totp.place_failures (place, level, last_at, gone_at)
     SELECT place, level::double precision, last_at, gone_at
     FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
       AS kept (place, level, last_at, gone_at)
     ON CONFLICT (place) DO UPDATE
       SET level = excluded.level, last_at = excluded.last_at, gone_at = excluded.gone_at`,
    [
      kept.map(({ key }) => key),
      kept.map(({ level }) => String(level)),
      kept.map(({ lastAt }) => lastAt),
      kept.map(({ goneAt }) => goneAt),
    ],
  );
}

/** `PlaceReader.findKnownPlace`. */
export async function findKnownPlace(
  connection: Connection,
  key: string,
): Promise<KnownPlace | null> {
  const { rows: [row] } = await connection.run(
    `SELECT username, last_login_at, ${FAILURES}
     FROM openvpn_totp.known_places WHERE place = $1`,
    [key],
  );
  return row === undefined ? null : {
    username: row.username as string,
    lastLoginAt: row.last_login_at as number,
    failures: failuresOf(row),
  };
}

/** `LoginRecords.saveKnownPlace`. */
export async function saveKnownPlace(
  connection: Connection,
  key: string,
  { username, lastLoginAt, failures }: KnownPlace,
): Promise<void> {
  connection.afterwards(
    `DELETE FROM openvpn_totp.known_places WHERE place = ANY (ARRAY(
       SELECT place FROM openvpn_totp.known_places WHERE last_login_at <= $1
       LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [lastLoginAt - KNOWN_FOR_MS],
  );
  await connection.run(
    `INSERT INTO openvpn_totp.known_places (place, username, last_login_at,
       failures, last_wrong, last_wrong_at, locks, locked_until)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (place) DO UPDATE
       SET username = excluded.username, last_login_at = excluded.last_login_at,
         failures = excluded.failures, last_wrong = excluded.last_wrong,
         last_wrong_at = excluded.last_wrong_at, locks = excluded.locks,
         locked_until = excluded.locked_until`,
    [
      ...[key, username, lastLoginAt, failures.count, failures.lastWrong, failures.lastWrongAt],
      ...[failures.locks, failures.lockedUntil],
    ],
  );
}

/** Forgets the wrong codes of users' known places. */
export async function clearKnownPlaces(
  connection: Connection,
  usernames: readonly string[],
): Promise<void> {
  await connection.run(
    `UPDATE openvpn_totp.known_places
     SET failures = 0, last_wrong = NULL, last_wrong_at = NULL, locks = 0, locked_until = NULL
     WHERE username = ANY ($1::text[])`,
    [usernames],
  );
}

/** Forgets where users are known. */
export async function forgetKnownPlaces(
  connection: Connection,
  usernames: readonly string[],
): Promise<void> {
  await connection.run(
    "DELETE FROM openvpn_totp.known_places WHERE username = ANY ($1::text[])",
    [usernames],
  );
}

/** `EnrolmentStore.placeCodes`. */
export async function placeCodes(
  connection: Connection,
  username?: string,
): Promise<PlaceCodes[]> {
  const ofUser = username === undefined ? "" : "AND username = $1";
  const { rows } = await connection.run(
    `SELECT username, ${FAILURES} FROM openvpn_totp.known_places
     WHERE (failures > 0 OR locked_until IS NOT NULL) ${ofUser}
     ORDER BY place`,
    username === undefined ? [] : [username],
  );
  return rows.map((row) => ({ username: row.username as string, failures: failuresOf(row) }));
}

/** A wrong password, as far as it must be known again. */
export interface WrongPassword {
  key: string;
  mark: string;
  until: EpochMs;
}

/** `LoginRecords.isNewPassword`. */
export async function isNewPassword(
  connection: Connection,
  { key, mark, until }: WrongPassword,
  now: EpochMs,
): Promise<boolean> {
  const { count } = await connection.run(
    `INSERT INTO openvpn_totp.wrong_passwords AS known (place, mark, until) VALUES ($1, $2, $3)
     ON CONFLICT (place, mark) DO UPDATE SET until = excluded.until
       WHERE known.until <= $4 OR known.until > excluded.until`,
    [key, mark, until, now],
  );
  return count !== 0;
}

/** Removes failures of places that have been taken back. */
export function forgetFailures(connection: Connection, now: EpochMs): void {
  connection.afterwards(
    `DELETE FROM openvpn_totp.place_failures WHERE place = ANY (ARRAY(
       SELECT place FROM openvpn_totp.place_failures WHERE gone_at <= $1
       LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [now],
  );
}

/** Removes marks whose time is over: nobody is to find them later. */
export function forgetPasswords(connection: Connection, now: EpochMs): void {
  connection.afterwards(
    `DELETE FROM openvpn_totp.wrong_passwords WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM openvpn_totp.wrong_passwords WHERE until <= $1
       LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [now],
  );
}
