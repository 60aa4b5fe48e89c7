import { openStore } from "../src/store/open_store.ts";
import type { TestPostgresDatabase } from "../tests/lab/postgres.ts";
import { placeOf } from "../tests/lab/postgres_store.ts";
import { ANY_KEYS, sealedEnrolment } from "../tests/lab/secrets.ts";
import { ACTIVE_USERS, SECRET } from "./enrolled_users.ts";

/** How far back the audit trail goes, in milliseconds: less than it is kept. */
const SPAN_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Enrols users, each known at one place, as `makeDatabaseOf` does in a file.
 *
 * @param count at least as many as {@link ACTIVE_USERS}
 */
export async function enrolUsers(database: TestPostgresDatabase, count: number): Promise<void> {
  {
    await using store = await openStore({
      database: placeOf(database),
      create: false,
      busyTimeoutMs: 0,
    });
    const users = await Promise.all(ACTIVE_USERS.map((name) => sealedEnrolment(name, SECRET)));
    await store.enrolments.enrol(users, { mayReplace: () => false, ...ANY_KEYS });
  }
  await database.psql(`
INSERT INTO openvpn_totp.enrolments (username, secret, key_id, algorithm, digits, period, issuer,
    enrolled_at, tokens_valid_from)
  SELECT 'other' || lpad(n::text, 7, '0'), secret, key_id, algorithm, digits, period, issuer,
    enrolled_at, tokens_valid_from
  FROM generate_series(1, ${count - ACTIVE_USERS.length}) AS n, openvpn_totp.enrolments
  WHERE username = '${ACTIVE_USERS[0]}';
INSERT INTO openvpn_totp.similar_names (similarity_key, username)
  SELECT username, username FROM openvpn_totp.enrolments ON CONFLICT DO NOTHING;
INSERT INTO openvpn_totp.known_places (place, username, last_login_at, failures, locks)
  SELECT md5(username), username, ${Date.now()}, 0, 0 FROM openvpn_totp.enrolments;`);
}

/** Loads an audit trail by COPY: as many were challenged as were let in, and a tenth was refused. */
export async function loadDecisions(
  { psql }: TestPostgresDatabase,
  count: number,
): Promise<void> {
  const ofDecisions = "schemaname = 'openvpn_totp' AND tablename = 'decisions'";
  const indexes = await psql(
    `SELECT indexdef || ';' FROM pg_indexes WHERE ${ofDecisions} AND indexname <> 'decisions_pkey'`,
  );
  const names = indexes.split("\n").map((line) => line.match(/INDEX (\w+)/)![1]);
  await psql(`
DROP INDEX ${names.map((name) => `openvpn_totp.${name}`).join(", ")};
COPY openvpn_totp.decisions (at, login_name, username, address, common_name, step, outcome,
    accepted_by, reason, number, fold) FROM PROGRAM $program$${rowsOf(count)}$program$;
${indexes}
SELECT setval('openvpn_totp.' || outcome || '_numbers', max(number))
  FROM openvpn_totp.decisions GROUP BY outcome;`);
}

/** The command that writes the rows, as COPY reads them. */
function rowsOf(count: number): string {
  const begin = Date.now() - SPAN_MS;
  return `awk 'BEGIN {
  for (n = 1; n <= ${count}; n++) {
    step = n % 2 ? "code" : "password"; by = reason = fold = "\\\\N";
    if (n % 10 == 0) {
      outcome = "refused"; reason = "wrong_password"; fold = sprintf("\\\\\\\\x%064x", n);
    } else if (n % 2) { outcome = "accepted"; by = "code" }
    else { outcome = "challenged"; by = "crtext" }
    user = sprintf("other%07d", n * 7919 % 1000000);
    printf "%.0f\\t%s\\t%s\\t198.51.%d.%d\\t%s\\t%s\\t%s\\t%s\\t%s\\t%d\\t%s\\n",
      ${begin} + n * ${
    SPAN_MS / count
  }, user, user, n % 100, n % 250, user, step, outcome, by, reason,
      ++numbers[outcome], fold;
  }
}'`;
}
