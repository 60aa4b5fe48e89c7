import type { Challenge } from "../../core/challenge.ts";
import { Redacted } from "../../core/redacted.ts";
import type { Enrolment } from "../store.ts";

/** A row as `node:sqlite` gives it; the STRICT tables vouch for the columns' types. */
type Row = Record<string, unknown>;

/** Reads a row of `enrolments`. */
export function enrolmentOf(row: Row): Enrolment {
  return {
    username: row.username as string,
    secret: new Redacted(row.secret as Uint8Array),
    issuer: row.issuer as string,
    enrolledAt: row.enrolled_at as number,
    lastLoginAt: row.last_login_at as number | null,
    lastStep: row.last_step as number | null,
  };
}

/** Reads a row of `challenges`. */
export function challengeOf(row: Row): Challenge {
  return {
    id: row.attempt as string,
    username: row.username as string,
    loginName: row.login_name as string,
    commonName: row.common_name as string | null,
    address: row.address as string | null,
    createdAt: row.created_at as number,
    expiresAt: row.expires_at as number,
    answer: row.answer as Challenge["answer"],
  };
}
