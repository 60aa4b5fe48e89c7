import type { PostgresHost, PostgresPlace } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import type { HostFacts, RoleFacts, ServerFacts } from "../server_facts.ts";
import { SEQUENCES, TABLES } from "./grants.ts";
import { Maintenance } from "./maintenance.ts";

/** How often a round trip is measured; the shortest counts. */
const TRIPS = 5;

/**
 * Looks at each host of a place, as the role that logins use. It changes nothing.
 *
 * @throws what is no `Failure`
 */
export async function examineHosts(place: PostgresPlace): Promise<HostFacts[]> {
  const facts: HostFacts[] = [];
  for (const host of place.hosts) facts.push(await examineHost(host, place));
  return facts;
}

async function examineHost(host: PostgresHost, place: PostgresPlace): Promise<HostFacts> {
  try {
    using connection = await Maintenance.open({ ...place, hosts: [host], needsWrites: false });
    const server = await examine(connection);
    const isUnfit = place.needsWrites && server.isReadOnly;
    return { host, trouble: isUnfit ? "it takes no writes: it is a replica" : null, server };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { host, trouble: error.message, server: null };
  }
}

async function examine(connection: Maintenance): Promise<ServerFacts> {
  const times = await measure(connection);
  await connection.runAll("BEGIN READ ONLY");
  const row = await connection.row(
    `SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() AS is_replica,
       current_setting('default_transaction_read_only') = 'on' AS is_read_only,
       current_setting('fsync') = 'on' AS is_synced,
       current_setting('synchronous_standby_names') AS standbys,
       (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit,
       EXISTS (
         SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = 'openvpn_totp' AND relname = 'schema_version'
           AND has_schema_privilege(pg_namespace.oid, 'USAGE')
       ) AS has_version`,
  );
  const hasVersion = row.has_version === true;
  return {
    version: row.version as number,
    encoding: row.encoding as string,
    isReadOnly: row.is_replica === true || row.is_read_only === true,
    role: await roleOf(connection, hasVersion),
    schema: hasVersion ? await schemaOf(connection) : null,
    isSynced: row.is_synced as boolean,
    synchronousCommit: row.synchronous_commit as string,
    synchronousStandbys: row.standbys as string,
    ...times,
  };
}

async function schemaOf(connection: Maintenance): Promise<ServerFacts["schema"]> {
  const { rows: [row] } = await connection.run(
    "SELECT version, oldest_program FROM openvpn_totp.schema_version",
  );
  return row === undefined
    ? null
    : { version: row.version as number, oldestProgram: row.oldest_program as number };
}

/** The clock is read half way of a round trip, as far as that can be known. */
async function measure(
  connection: Maintenance,
): Promise<Pick<ServerFacts, "aheadMs" | "roundTripMs">> {
  const sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now";
  // The first one takes longer, as the statement is prepared.
  await connection.row(sql);
  let best = { aheadMs: 0, roundTripMs: Infinity };
  for (let trip = 0; trip < TRIPS; trip++) {
    const start = Date.now();
    const ticks = performance.now();
    const { now } = await connection.row(sql);
    const roundTripMs = performance.now() - ticks;
    const aheadMs = (now as number) - (start + roundTripMs / 2);
    if (roundTripMs < best.roundTripMs) best = { aheadMs, roundTripMs };
  }
  return best;
}

async function roleOf(connection: Maintenance, hasSchema: boolean): Promise<RoleFacts> {
  const row = await connection.row(
    `SELECT current_user::text AS name, rolsuper, rolcreaterole, rolcreatedb, rolreplication,
       rolbypassrls,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       coalesce((
         SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'openvpn_totp'
       ), false) AS is_owner
     FROM pg_roles WHERE rolname = current_user`,
  );
  const rights: [column: string, words: string][] = [
    ["rolsuper", "is a superuser"],
    ["rolcreaterole", "may make roles"],
    ["rolcreatedb", "may make databases"],
    ["rolreplication", "may replicate"],
    ["rolbypassrls", "passes by row security"],
    ["is_owner", "owns the tables"],
    ["may_create", "may make schemas in the database"],
  ];
  const all = rights.filter(([column]) => row[column] === true).map(([, words]) => words);
  return {
    name: row.name as string,
    // A superuser may do all the rest, too.
    excess: row.rolsuper === true ? all.slice(0, 1) : all,
    lacking: hasSchema ? await lackingOf(connection) : [],
  };
}

async function lackingOf(connection: Maintenance): Promise<string[]> {
  const { rows } = await connection.run(
    `SELECT DISTINCT name
     FROM unnest($1::text[]) AS name, unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS needed
     WHERE NOT coalesce(has_table_privilege(to_regclass('openvpn_totp.' || name), needed), false)
     ORDER BY name`,
    [TABLES],
  );
  const sequences = await connection.run(
    `SELECT name FROM unnest($1::text[]) AS name
     WHERE NOT coalesce(has_sequence_privilege(to_regclass('openvpn_totp.' || name), 'USAGE'), false)`,
    [SEQUENCES],
  );
  return [...rows, ...sequences.rows].map(({ name }) => name as string);
}
