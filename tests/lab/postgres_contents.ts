import type { TestPostgresDatabase } from "./postgres_database.ts";

/** Columns that differ each time: numbers that the server gives, and what is sealed with a new nonce. */
const VARYING = ["id", "xid", "number", "secret"];

/** Everything in a database's tables, as text; rows in an order that says nothing. */
export async function contentsOf({ psql }: TestPostgresDatabase): Promise<string> {
  const tables = await tablesOf(psql);
  const rows = tables.map((table) =>
    `SELECT '${table} ' || row FROM (
       SELECT (to_jsonb(t) - '{${
      VARYING.join(",")
    }}'::text[])::text AS row FROM openvpn_totp.${table} t
     ) rows ORDER BY row;`
  );
  return await psql(rows.join("\n"));
}

/** Empties all tables that logins write. */
export async function empty({ psql }: TestPostgresDatabase): Promise<void> {
  await psql(
    `DO $$ BEGIN
       EXECUTE (SELECT 'TRUNCATE ' || string_agg('openvpn_totp.' || tablename, ', ')
         FROM pg_tables WHERE schemaname = 'openvpn_totp' AND tablename <> 'schema_version');
     END $$`,
  );
}

/** Remembers a database's contents; gives what brings them back. */
export async function remember({ psql }: TestPostgresDatabase): Promise<() => Promise<void>> {
  const tables = await tablesOf(psql);
  await psql(
    "CREATE SCHEMA remembered;\n" +
      tables.map((table) => `CREATE TABLE remembered.${table} AS TABLE openvpn_totp.${table};`)
        .join("\n"),
  );
  // As a replica, the server asks no foreign key about the order of the tables.
  const restore = tables.map((table) =>
    `DELETE FROM openvpn_totp.${table};
     INSERT INTO openvpn_totp.${table} OVERRIDING SYSTEM VALUE TABLE remembered.${table};`
  );
  const sql = `SET session_replication_role = replica;\nBEGIN;\n${restore.join("\n")}\nCOMMIT;`;
  return async () => void await psql(sql);
}

async function tablesOf(psql: TestPostgresDatabase["psql"]): Promise<string[]> {
  const names = await psql(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'openvpn_totp' AND tablename <> 'turns'
       ORDER BY tablename`,
  );
  return names.split("\n");
}
