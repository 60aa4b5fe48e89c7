/** How long a statement, a wait for a lock, or a pause within a transaction may last, in milliseconds. */
export interface SessionLimits {
  statementMs: number;
  pauseMs: number;
}

/**
 * How values are written: a database, or a role, may have settings of its own. As others have it, bytes
 * could not be read, and fractions of failures would be rounded away.
 */
export const PLAIN_VALUES = `SET standard_conforming_strings = on;
SET bytea_output = hex;
SET extra_float_digits = 1;
SET array_nulls = on;`;

/**
 * The statements that begin a session. A machine that stands still within a transaction must not keep
 * others waiting, and a commit must outlive a crash even if the server's own setting is otherwise.
 * Nobody's functions act in the place of PostgreSQL's own. Indexes are used for small tables, too:
 * whoever reads a whole table is in the way of all who write to it. To read one all the same then seems
 * so expensive that PostgreSQL would compile the statement, for 200 ms.
 */
export function sessionStart({ statementMs, pauseMs }: SessionLimits): string {
  return `SET statement_timeout = ${Math.ceil(statementMs)};
SET lock_timeout = ${Math.ceil(statementMs)};
SET idle_in_transaction_session_timeout = ${Math.ceil(pauseMs)};
${PLAIN_VALUES}
SET search_path = pg_catalog, pg_temp;
SET enable_seqscan = off;
SET jit = off;
SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off';
${LOOK}`;
}

/** Looks at what decides whether a server, and the schema there, will do. */
export const LOOK =
  `SELECT version, oldest_program, current_setting('transaction_read_only') AS read_only
  FROM openvpn_totp.schema_version;`;
