/** How long a statement, a wait for a lock, or a pause within a transaction may last, in milliseconds. */
export interface SessionLimits {
  statementMs: number;
  pauseMs: number;
}

/**
 * The statements that begin a session. A machine that stands still within a transaction must not keep
 * others waiting, and a commit must outlive a crash even if the server's own setting is otherwise.
 * Nobody's functions act in the place of PostgreSQL's own. Indexes are used for small tables, too:
 * whoever reads a whole table is in the way of all who write to it.
 */
export function sessionStart({ statementMs, pauseMs }: SessionLimits): string {
  return `SET statement_timeout = ${Math.ceil(statementMs)};
SET lock_timeout = ${Math.ceil(statementMs)};
SET idle_in_transaction_session_timeout = ${Math.ceil(pauseMs)};
SET standard_conforming_strings = on;
SET search_path = pg_catalog, pg_temp;
SET enable_seqscan = off;
SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off';
${LOOK}`;
}

/** Looks at what decides whether a server, and the schema there, will do. */
export const LOOK =
  `SELECT version, oldest_program, current_setting('transaction_read_only') AS read_only
  FROM openvpn_totp.schema_version;`;
