import { type Migration, MIGRATIONS } from "./migrations.ts";

/**
 * How long a lock is waited for that logins hold, in milliseconds: others wait behind it, and must have
 * time for their own work.
 */
const LOCK_MS = 1000;

const SHORT_WAITS = `SET LOCAL lock_timeout = ${LOCK_MS};\n`;

/**
 * Waits for transactions that are under way, and keeps others from beginning: each finds either schema as
 * a whole, and none can hold one table while it waits for another.
 */
const ALONE = "LOCK TABLE openvpn_totp.turns IN ACCESS EXCLUSIVE MODE;\n";

/** Keeps what others have put into the database from acting in the place of PostgreSQL's own. */
const OWN_NAMES = "SET LOCAL search_path = pg_catalog, pg_temp;\n";

const IS_UTF8 = `DO $$ BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'the database has the encoding %, and openvpn-totp needs UTF8: create it again with ENCODING ''UTF8''',
      current_setting('server_encoding');
  END IF;
END $$;
`;

/**
 * A dump that was restored to another server has numbers of transactions that are still to come there,
 * and a follower would take the rows for new when they come.
 */
const KNOWN_TRANSACTIONS = `UPDATE openvpn_totp.decisions SET xid = pg_current_xact_id()
  WHERE xid > pg_current_xact_id();
`;

/**
 * Makes the SQL that leads from a version of the schema to the newest: several statements, all of them
 * for one transaction ({@link inTransaction}). They fail where the schema has another version, and where
 * others hold a lock for longer than logins should wait: then they can be tried again. From the
 * newest version, they only put right what a restored dump got wrong.
 *
 * @param from the version that the schema has; 0 where there is none
 */
export function schemaSql(from: number, migrations: readonly Migration[] = MIGRATIONS): string {
  const steps = migrations.slice(from).map(({ sql, oldestProgram }, i) =>
    `${sql}UPDATE openvpn_totp.schema_version
  SET version = ${from + i + 1}, oldest_program = ${oldestProgram};
`
  );
  const check = from === 0 ? IS_UTF8 : versionCheck(from);
  const alone = from === 0 || steps.length === 0 ? [] : [ALONE];
  return [OWN_NAMES, SHORT_WAITS, check, ...alone, ...steps, KNOWN_TRANSACTIONS].join("\n");
}

function versionCheck(version: number): string {
  // Whoever connects meanwhile can read it.
  return `LOCK TABLE openvpn_totp.schema_version IN EXCLUSIVE MODE;
DO $$ BEGIN
  IF (SELECT version FROM openvpn_totp.schema_version) <> ${version} THEN
    RAISE EXCEPTION 'the schema has version %, and this SQL is for version ${version}',
      (SELECT version FROM openvpn_totp.schema_version);
  END IF;
END $$;
`;
}

/** Makes one transaction of SQL. */
export function inTransaction(...sql: readonly string[]): string {
  return `BEGIN;\n${sql.join("\n")}COMMIT;\n`;
}
