import type { EpochMs } from "../../core/epoch.ts";
import { ATTEMPT_KEPT_MS, type OpenAttempt } from "../login_store.ts";
import type { Connection } from "./connection.ts";

/** How many attempts are handled at once: one login must not pay for a whole attack. */
const AT_ONCE = 100;

/** No place has this name. */
const NO_PLACE = "";

/** `LoginRecords.openAttempt`. */
export async function openAttempt(
  connection: Connection,
  { id, places, expiresAt }: OpenAttempt,
  now: EpochMs,
): Promise<void> {
  connection.afterwards(
    `DELETE FROM openvpn_totp.open_attempts WHERE attempt = ANY (ARRAY(
       SELECT attempt FROM openvpn_totp.open_attempts WHERE expires_at <= $1
       LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [now - ATTEMPT_KEPT_MS],
  );
  // Nobody asks about those: a client that sends one password again and again makes many.
  connection.afterwards(
    `DELETE FROM openvpn_totp.open_attempts WHERE attempt = ANY (ARRAY(
       SELECT attempt FROM openvpn_totp.open_attempts WHERE place = '${NO_PLACE}' AND expires_at <= $1
       LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [now],
  );
  // One that counts for nothing is there all the same.
  const rows = places.length === 0 ? [NO_PLACE] : places;
  await connection.run(
    `INSERT INTO openvpn_totp.open_attempts (attempt, number, place, expires_at)
     SELECT $1::text, place.number - 1, place.name, $2::bigint
     FROM unnest($3::text[]) WITH ORDINALITY AS place (name, number)
     ON CONFLICT (attempt, number) DO UPDATE
       SET place = excluded.place, expires_at = excluded.expires_at`,
    [id, expiresAt, rows],
  );
}

/** `LoginStore.isOpen`. */
export async function isOpen(connection: Connection, id: string): Promise<boolean> {
  const { count } = await connection.run(
    "SELECT 1 FROM openvpn_totp.open_attempts WHERE attempt = $1 LIMIT 1",
    [id],
  );
  return count !== 0;
}

/** `LoginRecords.closeAttempt`. */
export async function closeAttempt(connection: Connection, id: string): Promise<void> {
  await connection.run("DELETE FROM openvpn_totp.open_attempts WHERE attempt = $1", [id]);
}

/** `LoginRecords.closeAttemptsAt`. */
export async function closeAttemptsAt(connection: Connection, place: string): Promise<void> {
  await connection.run(
    `DELETE FROM openvpn_totp.open_attempts WHERE attempt = ANY (ARRAY(
       SELECT attempt FROM openvpn_totp.open_attempts WHERE place = $1))`,
    [place],
  );
}

/** `LoginRecords.openAttemptsAt`. */
export async function openAttemptsAt(
  connection: Connection,
  place: string,
): Promise<{ count: number; firstExpiresAt: EpochMs | null }> {
  const { rows: [row] } = await connection.run(
    `SELECT count(*) AS count, min(expires_at) AS first
     FROM openvpn_totp.open_attempts WHERE place = $1`,
    [place],
  );
  return { count: row!.count as number, firstExpiresAt: row!.first as number | null };
}

/** `LoginRecords.expiredAttemptsAt`. */
export async function expiredAttemptsAt(
  connection: Connection,
  place: string,
  { now, latest }: { now: EpochMs; latest: EpochMs },
): Promise<OpenAttempt[]> {
  const { rows } = await connection.run(
    `SELECT expired.attempt, expired.expires_at, own.place
     FROM (SELECT attempt, expires_at FROM openvpn_totp.open_attempts
           WHERE place = $1 AND (expires_at <= $2 OR expires_at > $3)
           ORDER BY expires_at, attempt LIMIT ${AT_ONCE}) AS expired
     JOIN openvpn_totp.open_attempts AS own USING (attempt)
     ORDER BY expired.expires_at, expired.attempt, own.number`,
    [place, now, Math.min(latest, Number.MAX_SAFE_INTEGER)],
  );
  const placesOf = Map.groupBy(rows, (row) => row.attempt as string);
  return Array.from(placesOf, ([id, [first, ...rest]]) => ({
    id,
    places: [first!, ...rest].map((row) => row.place as string),
    expiresAt: first!.expires_at as number,
  }));
}
