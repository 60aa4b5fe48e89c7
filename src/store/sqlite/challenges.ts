import type { DatabaseSync } from "node:sqlite";
import { type Challenge, KEPT_AFTER_EXPIRY_MS } from "../../core/challenge.ts";
import type { EpochMs } from "../../core/epoch.ts";
import { FORGOTTEN_AT_ONCE } from "../amounts.ts";
import { challengeExists, type Pending } from "../login_store.ts";
import { challengeOf, enrolmentOf } from "../rows.ts";
import { ENROLMENTS } from "./enrolments_table.ts";

/** `LoginRecords.recordChallenge`. */
export function recordChallenge(connection: DatabaseSync, challenge: Challenge): void {
  forgetExpired(connection, challenge.createdAt);
  const { changes } = connection.prepare(
    `INSERT INTO challenges
       (attempt, username, login_name, common_name, address, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (attempt) DO NOTHING`,
  ).run(
    challenge.id,
    challenge.username,
    challenge.loginName,
    challenge.commonName,
    challenge.address,
    challenge.createdAt,
    challenge.expiresAt,
  );
  if (changes === 0) throw challengeExists();
}

function forgetExpired(connection: DatabaseSync, now: EpochMs): void {
  connection.prepare(
    `DELETE FROM challenges WHERE attempt IN (
       SELECT attempt FROM challenges WHERE expires_at <= ? AND answer IS NOT 'accepted' LIMIT ${FORGOTTEN_AT_ONCE})`,
  ).run(now);
  connection.prepare(
    `DELETE FROM challenges WHERE attempt IN (
       SELECT attempt FROM challenges WHERE expires_at <= ? LIMIT ${FORGOTTEN_AT_ONCE})`,
  ).run(now - KEPT_AFTER_EXPIRY_MS);
}

/** `LoginRecords.forgetChallenge`. */
export function forgetChallenge(connection: DatabaseSync, attemptId: string): void {
  connection.prepare("DELETE FROM challenges WHERE attempt = ?").run(attemptId);
}

/** `LoginRecords.findPending`. */
export function findPending(connection: DatabaseSync, attemptId: string): Pending | null {
  const row = connection.prepare(
    `SELECT * FROM challenges JOIN ${ENROLMENTS} USING (username) WHERE attempt = ?`,
  ).get(attemptId);
  return row === undefined ? null : { challenge: challengeOf(row), enrolment: enrolmentOf(row) };
}

/** `LoginRecords.answerChallenge`. */
export function answerChallenge(
  connection: DatabaseSync,
  attemptId: string,
  answer: "accepted" | "refused",
): void {
  connection.prepare("UPDATE challenges SET answer = ? WHERE attempt = ? AND answer IS NULL")
    .run(answer, attemptId);
}

/** `EnrolmentStore.openChallenges`. */
export function openChallenges(
  connection: DatabaseSync,
  now: EpochMs,
  username?: string,
): Challenge[] {
  return connection.prepare(
    `SELECT * FROM challenges
     WHERE answer IS NULL AND created_at <= :now AND :now < expires_at
       AND (:username IS NULL OR username = :username)
     ORDER BY created_at, attempt`,
  ).all({ now, username: username ?? null }).map(challengeOf);
}
