import { type Challenge, KEPT_AFTER_EXPIRY_MS } from "../../core/challenge.ts";
import type { EpochMs } from "../../core/epoch.ts";
import { FORGOTTEN_AT_ONCE } from "../amounts.ts";
import { challengeExists, type Pending } from "../login_store.ts";
import { challengeOf, enrolmentOf } from "../rows.ts";
import { CHALLENGE, ENROLMENT, ENROLMENTS } from "./columns.ts";
import type { Connection } from "./connection.ts";

/** `LoginRecords.recordChallenge`. */
export async function recordChallenge(connection: Connection, challenge: Challenge): Promise<void> {
  forgetExpired(connection, challenge.createdAt);
  const { count } = await connection.run(
    `INSERT INTO openvpn_totp.challenges
       (attempt, username, login_name, common_name, address, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (attempt) DO NOTHING`,
    [
      challenge.id,
      challenge.username,
      challenge.loginName,
      challenge.commonName,
      challenge.address,
      challenge.createdAt,
      challenge.expiresAt,
    ],
  );
  if (count === 0) throw challengeExists();
}

function forgetExpired(connection: Connection, now: EpochMs): void {
  connection.afterwards(
    `DELETE FROM openvpn_totp.challenges WHERE attempt = ANY (ARRAY(
       SELECT attempt FROM openvpn_totp.challenges
       WHERE expires_at <= $1 AND answer IS DISTINCT FROM 'accepted'
       LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [now],
  );
  connection.afterwards(
    `DELETE FROM openvpn_totp.challenges WHERE attempt = ANY (ARRAY(
       SELECT attempt FROM openvpn_totp.challenges WHERE expires_at <= $1
       LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [now - KEPT_AFTER_EXPIRY_MS],
  );
}

/** `LoginRecords.forgetChallenge`. */
export async function forgetChallenge(connection: Connection, attemptId: string): Promise<void> {
  await connection.run("DELETE FROM openvpn_totp.challenges WHERE attempt = $1", [attemptId]);
}

/** `LoginRecords.findPending`. */
export async function findPending(
  connection: Connection,
  attemptId: string,
): Promise<Pending | null> {
  const { rows: [row] } = await connection.run(
    `SELECT ${CHALLENGE}, ${ENROLMENT}
     FROM (SELECT ${CHALLENGE} FROM openvpn_totp.challenges WHERE attempt = $1) AS challenge
     JOIN ${ENROLMENTS} USING (username)`,
    [attemptId],
  );
  return row === undefined ? null : { challenge: challengeOf(row), enrolment: enrolmentOf(row) };
}

/** `LoginRecords.answerChallenge`. */
export async function answerChallenge(
  connection: Connection,
  attemptId: string,
  answer: "accepted" | "refused",
): Promise<void> {
  await connection.run(
    "UPDATE openvpn_totp.challenges SET answer = $1 WHERE attempt = $2 AND answer IS NULL",
    [answer, attemptId],
  );
}

/** `EnrolmentStore.openChallenges`. */
export async function openChallenges(
  connection: Connection,
  now: EpochMs,
  username?: string,
): Promise<Challenge[]> {
  const ofUser = username === undefined ? "" : "AND username = $2";
  const { rows } = await connection.run(
    `SELECT ${CHALLENGE} FROM openvpn_totp.challenges
     WHERE answer IS NULL AND created_at <= $1 AND expires_at > $1 ${ofUser}
     ORDER BY created_at, attempt`,
    username === undefined ? [now] : [now, username],
  );
  return rows.map(challengeOf);
}
