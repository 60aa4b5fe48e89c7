import type { TestPostgresDatabase } from "./postgres_database.ts";
import { TEST_KEY } from "./secrets.ts";

/** How much {@link fillDatabase} puts into a database. */
export interface CrowdSize {
  /** Users `other0000001` and so on. Their secrets don't open. */
  users: number;
  /** Rows of the audit trail. */
  decisions: number;
}

/** Moments in the database are before this one. */
const AT = Date.UTC(2026, 0, 1);

/**
 * Fills a database with rows of everything that grows, as logins of many users leave it, and has
 * PostgreSQL count them. Some rows of each kind belong to each user; none of them is old enough to be
 * forgotten at {@link crowdTime}.
 */
export async function fillDatabase(
  { psql }: TestPostgresDatabase,
  { users, decisions }: CrowdSize,
): Promise<void> {
  await psql(usersSql(users));
  await psql(placesSql());
  await psql(`SET synchronous_commit = off;\n${decisionsSql(decisions)}`);
  await psql("VACUUM ANALYZE");
}

/** A moment at which everything in a filled database has happened. */
export function crowdTime(): number {
  return AT + 60_000;
}

/** The name of one of the users. */
export function crowdUser(number: number): string {
  return `other${String(number).padStart(7, "0")}`;
}

function usersSql(count: number): string {
  return `
INSERT INTO openvpn_totp.enrolments (username, secret, key_id, algorithm, digits, period, issuer,
    enrolled_at, tokens_valid_from, last_login_at, last_step)
  SELECT 'other' || lpad(n::text, 7, '0'), decode(repeat('00', 48), 'hex'), '${TEST_KEY.id}', 'SHA1',
    6, 30, 'VPN', ${AT} - n, ${AT} - n, ${AT} - n, 1
  FROM generate_series(1, ${count}) AS n;
INSERT INTO openvpn_totp.similar_names (similarity_key, username)
  SELECT username, username FROM openvpn_totp.enrolments ON CONFLICT DO NOTHING;
INSERT INTO openvpn_totp.login_names (login_name, username)
  SELECT username || '@example.org', username FROM openvpn_totp.enrolments ON CONFLICT DO NOTHING;
INSERT INTO openvpn_totp.recovery_codes (username, mark)
  SELECT username, md5(username || n) FROM openvpn_totp.enrolments, generate_series(1, 2) AS n
  WHERE username LIKE 'other%';`;
}

function placesSql(): string {
  const users =
    "(SELECT username, row_number() OVER () AS n FROM openvpn_totp.enrolments) AS users";
  return `
INSERT INTO openvpn_totp.known_places (place, username, last_login_at, failures, locks)
  SELECT md5(username), username, ${AT} - n, CASE WHEN n % 100 = 0 THEN 1 ELSE 0 END, 0 FROM ${users};
INSERT INTO openvpn_totp.place_failures (place, level, last_at, gone_at)
  SELECT md5(username), 1, ${AT} - n, ${AT} + 86400000 + n FROM ${users};
INSERT INTO openvpn_totp.wrong_passwords (place, mark, until)
  SELECT md5(username), md5('mark' || n), ${AT} + 3600000 + n FROM ${users};
INSERT INTO openvpn_totp.open_attempts (attempt, number, place, expires_at)
  SELECT md5('attempt' || n), 0, md5(username), ${AT} + 300000 + n FROM ${users};
INSERT INTO openvpn_totp.uncoded_sessions (username, since, until)
  SELECT username, ${AT} - n, ${AT} - n + 60000 FROM ${users};
INSERT INTO openvpn_totp.exemptions (username, since)
  SELECT username, ${AT} - n FROM ${users};
INSERT INTO openvpn_totp.notices (notice, said_at)
  SELECT 'notice ' || username, ${AT} - n FROM ${users} WHERE n % 5 = 0;
-- Accepted ones are kept for a day.
INSERT INTO openvpn_totp.challenges (attempt, username, login_name, common_name, address, created_at,
    expires_at, answer)
  SELECT md5('challenge' || n), username, username, username, '192.0.2.1', ${AT} - 600000 - n,
    CASE WHEN n % 100 = 0 THEN ${AT} + 300000 ELSE ${AT} - 300000 - n END,
    CASE WHEN n % 100 = 0 THEN NULL ELSE 'accepted' END
  FROM ${users};`;
}

/** As many were challenged as were accepted, and every tenth was refused, each fold once. */
function decisionsSql(count: number): string {
  return `
INSERT INTO openvpn_totp.decisions (at, login_name, username, address, common_name, step, outcome,
    accepted_by, reason, number, fold, xid)
  SELECT ${AT} - ${count} + n, names.username, names.username, '192.0.2.' || n % 250, names.username,
    CASE WHEN n % 2 = 0 THEN 'password' ELSE 'code' END, outcomes.outcome,
    CASE WHEN outcomes.outcome = 'accepted' THEN 'code' END,
    CASE WHEN outcomes.outcome = 'refused' THEN 'wrong_code' END,
    nextval('openvpn_totp.' || outcomes.outcome || '_numbers'),
    CASE WHEN outcomes.outcome = 'refused' THEN sha256(n::text::bytea) END,
    pg_current_xact_id()
  FROM generate_series(1, ${count}) AS n,
    LATERAL (SELECT 'other' || lpad((n % 10000)::text, 7, '0') AS username) AS names,
    LATERAL (SELECT CASE WHEN n % 10 = 0 THEN 'refused' WHEN n % 2 = 0 THEN 'challenged'
             ELSE 'accepted' END AS outcome) AS outcomes;`;
}
