import type { DatabaseSync } from "node:sqlite";
import type { EpochMs } from "../../core/epoch.ts";
import { SESSIONS_KEPT_APART, type UncodedSession } from "../login_store.ts";

/** `LoginRecords.recordUncodedSession`. */
export function recordUncodedSession(
  connection: DatabaseSync,
  { username, since, until }: UncodedSession,
): void {
  connection.prepare("UPDATE enrolments SET uncoded_at = ? WHERE username = ?").run(
    since,
    username,
  );
  connection.prepare("INSERT INTO uncoded_sessions VALUES (?, ?, ?)").run(username, since, until);
  const { count } = connection.prepare(
    "SELECT count(*) AS count FROM uncoded_sessions WHERE username = ?",
  ).get(username) as { count: number };
  if (count > SESSIONS_KEPT_APART) joinOldest(connection, username);
}

/** Makes one of the two oldest, with the time between them. */
function joinOldest(connection: DatabaseSync, username: string): void {
  const oldest = connection.prepare(
    `SELECT rowid, since, until FROM uncoded_sessions WHERE username = ?
     ORDER BY since, rowid LIMIT 2`,
  ).all(username) as { rowid: number; since: number; until: number }[];
  const [first, second] = oldest as [typeof oldest[0], typeof oldest[0]];
  connection.prepare("UPDATE uncoded_sessions SET until = ? WHERE rowid = ?")
    .run(Math.max(first.until, second.until), first.rowid);
  connection.prepare("DELETE FROM uncoded_sessions WHERE rowid = ?").run(second.rowid);
}

/** `LoginRecords.mayBeUncoded`. */
export function mayBeUncoded(
  connection: DatabaseSync,
  username: string,
  began: EpochMs,
): boolean {
  return connection.prepare(
    "SELECT 1 FROM uncoded_sessions WHERE username = ? AND since <= ? AND ? <= until",
  ).get(username, began, began) !== undefined;
}
