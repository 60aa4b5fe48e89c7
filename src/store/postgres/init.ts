import { placeText, type PostgresPlace } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { SchemaChange } from "../schema.ts";
import { OLDEST_SERVER } from "../server_facts.ts";
import { grantsSql } from "./grants.ts";
import { Maintenance } from "./maintenance.ts";
import { type Migration, MIGRATIONS } from "./migrations.ts";
import { schemaSql } from "./schema_sql.ts";

/** Keeps two of these apart; any number does, as long as it stays the same. */
const LOCK = 6_787_653_001;

/** How often it is tried to get the locks that it takes, and how long logins go on between. */
const MOST_TRIES = 10;
const PAUSE_MS = 1000;

/** What is there before. */
interface Found {
  server: number;
  encoding: string;
  user: string;
  /** Whom the schema belongs to; null if there is none. */
  owner: string | null;
  may_create: boolean;
  has_version: boolean;
}

/**
 * Brings a database's schema to the version of this program, in one transaction, and grants what logins
 * need: to a role, and to those that could use the schema before.
 *
 * @param role null for none
 * @param migrations the schema's history, of which a test may have another
 * @throws Failure
 */
export async function initSchema(
  place: PostgresPlace,
  role: string | null,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<SchemaChange> {
  using connection = await Maintenance.open({ ...place, needsWrites: true });
  for (let tries = 1;; tries++) {
    try {
      return await tryInit(connection, { place, role, migrations });
    } catch (error) {
      // Logins hold a table for moments, but others, such as a dump, for longer.
      const isInUse = error instanceof Failure && error.code === "database_locked";
      if (!isInUse || tries === MOST_TRIES) throw error;
      await connection.runAll("ROLLBACK");
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function tryInit(
  connection: Maintenance,
  { place, role, migrations }: {
    place: PostgresPlace;
    role: string | null;
    migrations: readonly Migration[];
  },
): Promise<SchemaChange> {
  await connection.runAll(`BEGIN; SELECT pg_advisory_xact_lock(${LOCK});`);
  const found = await look(connection);
  requireFit(found, place);
  const from = found.has_version ? await versionOf(connection) : 0;
  if (from > migrations.length) throw tooNew(place, from, migrations.length);
  const grantees = from === 0 ? [] : await granteesOf(connection);
  if (role !== null) await requireRole(connection, role);
  const wanted = role === null || role === (found.owner ?? found.user) ? [] : [role];
  const roles = [...new Set([...grantees, ...wanted])].sort();
  await connection.runAll([schemaSql(from, migrations), ...roles.map(grantsSql)].join("\n"));
  await connection.runAll("COMMIT");
  return { from, to: migrations.length, roles };
}

async function look(connection: Maintenance): Promise<Found> {
  return await connection.row(
    `SELECT current_setting('server_version_num')::int AS server,
       current_setting('server_encoding') AS encoding,
       current_user::text AS "user",
       pg_get_userbyid(owner)::text AS owner,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       EXISTS (
         SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname = 'openvpn_totp' AND relname = 'schema_version'
       ) AS has_version
     FROM (SELECT (SELECT nspowner FROM pg_namespace WHERE nspname = 'openvpn_totp') AS owner) AS one`,
  ) as unknown as Found;
}

function requireFit(found: Found, place: PostgresPlace): void {
  const text = placeText(place);
  const user = quoted(found.user);
  if (found.server < OLDEST_SERVER) {
    const version = Math.floor(found.server / 10_000);
    const what = `${text} is on PostgreSQL ${version}: version 13 or later is needed`;
    throw new Failure("database_error", what);
  }
  if (found.encoding !== "UTF8") {
    throw new Failure(
      "database_error",
      `${text} has the encoding ${found.encoding}: create it again with ENCODING 'UTF8' ` +
        "TEMPLATE template0",
    );
  }
  // Its owner's triggers would run with the rights of whoever this is, and could take back any role that
  // was set: a superuser's, for example.
  if (found.owner !== null && found.owner !== found.user) {
    throw new Failure(
      "database_denied",
      `in ${text}, the schema openvpn_totp belongs to a role other than ${user}: run this as its ` +
        `owner, ${quoted(found.owner)}`,
    );
  }
  if (found.owner !== null && !found.has_version) {
    throw new Failure(
      "database_foreign",
      `${text} has a schema openvpn_totp that openvpn-totp did not make: remove it, or use another ` +
        "database",
    );
  }
  if (found.owner === null && !found.may_create) {
    throw new Failure(
      "database_denied",
      `in ${text}, ${user} may not create a schema: run this as the database's owner, or give its ` +
        "administrator the SQL that --print prints",
    );
  }
}

async function versionOf(connection: Maintenance): Promise<number> {
  const sql = "SELECT max(version) AS version FROM openvpn_totp.schema_version";
  return Number((await connection.row(sql)).version);
}

function tooNew(place: PostgresPlace, version: number, known: number): Failure {
  return new Failure(
    "database_newer",
    `${placeText(place)} has schema version ${version}, but this program knows versions up to ` +
      `${known}: use the newer openvpn-totp that made it`,
  );
}

/** The roles that may use the schema, beside its owner: of tables that are new, they know nothing yet. */
async function granteesOf(connection: Maintenance): Promise<string[]> {
  const { rows } = await connection.run(
    `SELECT DISTINCT rolname::text AS role
     FROM pg_namespace, aclexplode(nspacl) AS acl JOIN pg_roles ON pg_roles.oid = acl.grantee
     WHERE nspname = 'openvpn_totp' AND acl.privilege_type = 'USAGE' AND acl.grantee <> nspowner`,
  );
  return rows.map(({ role }) => role as string);
}

async function requireRole(connection: Maintenance, role: string): Promise<void> {
  // Its name may be one that SQL cannot have, which the grants say more clearly.
  grantsSql(role);
  const { rows } = await connection.run("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
  if (rows.length > 0) return;
  throw new Failure(
    "input_error",
    `the server has no role ${quoted(role)}: create it (CREATE ROLE … LOGIN), or correct --role`,
  );
}
