import type { DatabaseSync } from "node:sqlite";
import { type Enrolment, replaced } from "../../core/enrolment.ts";
import type { CodeFailures } from "../../core/lockout.ts";
import {
  alreadyEnrolled,
  type EnrolOptions,
  type NewEnrolment,
  UnknownKeys,
} from "../enrolment_store.ts";
import type { Login } from "../login_store.ts";
import { enrolmentOf } from "../rows.ts";
import { ENROLMENTS } from "./enrolments_table.ts";
import { clearKnownPlaces, forgetKnownPlaces } from "./places.ts";
import { insertRecoveryCodes } from "./recovery_codes.ts";
import { addSimilarName } from "./similar_names.ts";

/** `EnrolmentStore.find`, and `LoginRecords.findEnrolment` where a login name is given. */
export function findEnrolment(
  connection: DatabaseSync,
  username: string,
  loginName?: string,
): Enrolment | null {
  const row = connection.prepare(
    `SELECT * FROM ${ENROLMENTS}
     WHERE username = :username OR username =
       (SELECT username FROM login_names WHERE login_name = :loginName)
     ORDER BY username = :username DESC`,
  ).get({ username, loginName: loginName ?? null });
  return row === undefined ? null : enrolmentOf(row);
}

/** `EnrolmentStore.list`. */
export function allEnrolments(connection: DatabaseSync): Enrolment[] {
  return connection.prepare(`SELECT * FROM ${ENROLMENTS} ORDER BY username`).all()
    .map(enrolmentOf);
}

/** `EnrolmentStore.keyIds`; secrets of before there were keys have none. */
export function keyIdsIn(connection: DatabaseSync): string[] {
  return connection.prepare("SELECT DISTINCT key_id FROM enrolments WHERE key_id <> 'none'")
    .all().map((row) => row.key_id as string);
}

/** `EnrolmentStore.enrol`. */
export function enrol(
  connection: DatabaseSync,
  enrolments: readonly NewEnrolment[],
  { mayReplace, knownKeys }: EnrolOptions,
): void {
  const unknown = keyIdsIn(connection).filter((id) => !knownKeys.includes(id));
  if (unknown.length > 0) throw new UnknownKeys(unknown);
  for (const enrolment of enrolments) {
    const { username } = enrolment;
    const earlier = findEnrolment(connection, username);
    if (earlier !== null && !mayReplace(username)) throw alreadyEnrolled(username);
    connection.prepare("DELETE FROM enrolments WHERE username = ?").run(username);
    insert(connection, enrolment, earlier);
    addSimilarName(connection, username);
    // Where the user was known without a code, nothing is known of whoever has only the password.
    if (earlier === null) forgetKnownPlaces(connection, username);
    else clearKnownPlaces(connection, username);
    insertRecoveryCodes(connection, username, enrolment.recoveryMarks);
  }
}

function insert(
  connection: DatabaseSync,
  enrolment: NewEnrolment,
  earlier: Enrolment | null,
): void {
  const { username, secret, parameters } = enrolment;
  const { disabledAt, lastTimeStep } = replaced(earlier, enrolment);
  connection.prepare(
    `INSERT INTO enrolments (username, secret, key_id, algorithm, digits, period,
       issuer, enrolled_at, tokens_valid_from, disabled_at, last_step)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    username,
    secret.bytes,
    secret.keyId,
    parameters.algorithm,
    parameters.digits,
    parameters.periodSeconds,
    enrolment.issuer,
    enrolment.enrolledAt,
    enrolment.enrolledAt,
    disabledAt,
    lastTimeStep,
  );
}

/** Writes what is held against a user; gives whether there is such a user. */
export function saveFailures(
  connection: DatabaseSync,
  username: string,
  failures: CodeFailures,
): boolean {
  const { changes } = connection.prepare(
    `UPDATE enrolments
     SET failures = ?, last_wrong = ?, last_wrong_at = ?, locks = ?, locked_until = ?
     WHERE username = ?`,
  ).run(
    failures.count,
    failures.lastWrong,
    failures.lastWrongAt,
    failures.locks,
    failures.lockedUntil,
    username,
  );
  return changes !== 0;
}

/** `LoginRecords.recordLogin`. */
export function recordLogin(
  connection: DatabaseSync,
  { username, loginName, timeStep, at }: Login,
): void {
  connection.prepare(
    `UPDATE enrolments SET last_step = coalesce(?, last_step), last_login_at = ?
     WHERE username = ?`,
  ).run(timeStep, at, username);
  if (loginName === username) return;
  connection.prepare("REPLACE INTO login_names VALUES (?, ?)").run(loginName, username);
}
