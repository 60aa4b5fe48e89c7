import type { Enrolment } from "../../core/enrolment.ts";
import type { CodeFailures } from "../../core/lockout.ts";
import type { Login } from "../login_store.ts";
import { enrolmentOf } from "../rows.ts";
import { ENROLMENT, ENROLMENTS } from "./columns.ts";
import type { Connection } from "./connection.ts";

/** `EnrolmentStore.find`, and `LoginRecords.findEnrolment` where a login name is given. */
export async function findEnrolment(
  connection: Connection,
  username: string,
  loginName?: string,
): Promise<Enrolment | null> {
  const { rows: [row] } = loginName === undefined
    ? await connection.run(`SELECT ${ENROLMENT} FROM ${ENROLMENTS} WHERE username = $1`, [username])
    : await connection.run(
      `SELECT ${ENROLMENT} FROM ${ENROLMENTS}
       WHERE username = ANY (ARRAY[$1::text,
         (SELECT username FROM openvpn_totp.login_names WHERE login_name = $2)])
       ORDER BY username = $1 DESC LIMIT 1`,
      [username, loginName],
    );
  return row === undefined ? null : enrolmentOf(row);
}

/** `EnrolmentStore.list`. */
export async function allEnrolments(connection: Connection): Promise<Enrolment[]> {
  const { rows } = await connection.run(`SELECT ${ENROLMENT} FROM ${ENROLMENTS} ORDER BY username`);
  return rows.map(enrolmentOf);
}

/** `EnrolmentStore.keyIds`. It goes from key to key, as there are few of them and many users. */
export async function keyIdsIn(connection: Connection): Promise<string[]> {
  const { rows } = await connection.run(
    `WITH RECURSIVE keys (id) AS (
       SELECT min(key_id) FROM openvpn_totp.enrolments
       UNION ALL
       SELECT (SELECT min(key_id) FROM openvpn_totp.enrolments WHERE key_id > keys.id)
       FROM keys WHERE keys.id IS NOT NULL
     )
     SELECT id FROM keys WHERE id IS NOT NULL`,
  );
  return rows.map((row) => row.id as string);
}

/** Writes what is held against a user; gives whether there is such a user. */
export async function saveFailures(
  connection: Connection,
  username: string,
  failures: CodeFailures,
): Promise<boolean> {
  const { count } = await connection.run(
    `UPDATE openvpn_totp.enrolments
     SET failures = $1, last_wrong = $2, last_wrong_at = $3, locks = $4, locked_until = $5
     WHERE username = $6`,
    [
      ...[failures.count, failures.lastWrong, failures.lastWrongAt],
      ...[failures.locks, failures.lockedUntil, username],
    ],
  );
  return count !== 0;
}

/** `LoginRecords.recordLogin`. */
export async function recordLogin(
  connection: Connection,
  { username, loginName, timeStep, at }: Login,
): Promise<void> {
  const update = `UPDATE openvpn_totp.enrolments
     SET last_step = coalesce($1, last_step), last_login_at = $2 WHERE username = $3`;
  if (loginName === username) {
    await connection.run(update, [timeStep, at, username]);
    return;
  }
  await connection.run(
    `WITH login AS (${update})
     INSERT INTO openvpn_totp.login_names AS known (login_name, username) VALUES ($4, $3)
     ON CONFLICT (login_name) DO UPDATE SET username = excluded.username
       WHERE known.username <> excluded.username`,
    [timeStep, at, username, loginName],
  );
}

/** `EnrolmentStore.useTimeStep`. */
export async function useTimeStep(
  connection: Connection,
  { username, enrolledAt }: Pick<Enrolment, "username" | "enrolledAt">,
  timeStep: number,
): Promise<boolean> {
  const { count } = await connection.run(
    `UPDATE openvpn_totp.enrolments SET last_step = $1
     WHERE username = $2 AND enrolled_at = $3 AND (last_step IS NULL OR last_step < $1)`,
    [timeStep, username, enrolledAt],
  );
  return count !== 0;
}
