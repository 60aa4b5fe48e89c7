import type { EpochMs } from "../../core/epoch.ts";
import { SESSIONS_KEPT_APART, type UncodedSession } from "../login_store.ts";
import type { Connection } from "./connection.ts";

/** `LoginRecords.recordUncodedSession`. */
export async function recordUncodedSession(
  connection: Connection,
  { username, since, until }: UncodedSession,
): Promise<void> {
  // All parts of a statement see the tables as they were before it.
  const { rows } = await connection.run(
    `WITH login AS (
       UPDATE openvpn_totp.enrolments SET uncoded_at = $2 WHERE username = $1
     ), session AS (
       INSERT INTO openvpn_totp.uncoded_sessions (username, since, until) VALUES ($1, $2, $3)
     )
     SELECT count(*) AS earlier FROM openvpn_totp.uncoded_sessions WHERE username = $1`,
    [username, since, until],
  );
  const { earlier } = rows[0] as { earlier: number };
  if (earlier >= SESSIONS_KEPT_APART) await joinOldest(connection, username);
}

/** Makes one of the two oldest, with the time between them. */
async function joinOldest(connection: Connection, username: string): Promise<void> {
  await connection.run(
    `WITH oldest AS MATERIALIZED (
       SELECT id, until, row_number() OVER (ORDER BY since, id) AS place
       FROM openvpn_totp.uncoded_sessions WHERE username = $1 ORDER BY since, id LIMIT 2
     ), second AS (
       DELETE FROM openvpn_totp.uncoded_sessions
       WHERE id = (SELECT id FROM oldest WHERE place = 2)
     )
     UPDATE openvpn_totp.uncoded_sessions SET until = (SELECT max(until) FROM oldest)
     WHERE id = (SELECT id FROM oldest WHERE place = 1)`,
    [username],
  );
}

/** `LoginRecords.mayBeUncoded`. */
export async function mayBeUncoded(
  connection: Connection,
  username: string,
  began: EpochMs,
): Promise<boolean> {
  const { count } = await connection.run(
    `SELECT 1 FROM openvpn_totp.uncoded_sessions
     WHERE username = $1 AND since <= $2 AND until >= $2 LIMIT 1`,
    [username, began],
  );
  return count !== 0;
}
