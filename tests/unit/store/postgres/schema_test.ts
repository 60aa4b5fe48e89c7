import assert from "node:assert/strict";
import { grantsSql } from "../../../../src/store/postgres/grants.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../../../../src/store/postgres/migrations.ts";
import { inTransaction, schemaSql } from "../../../../src/store/postgres/schema_sql.ts";
import { fails } from "../../../lab/failures.ts";
import { startPostgres } from "../../../lab/postgres.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

const VERSION = "SELECT version, oldest_program FROM openvpn_totp.schema_version";

testWith(POSTGRES_LAB, "the schema is made step by step, each step once", async () => {
  await using postgres = await startPostgres();
  const { psql } = await postgres.makeDatabase({ isEmpty: true });
  await psql(inTransaction(schemaSql(0, MIGRATIONS.slice(0, 1))));
  assert.equal(await psql(VERSION), "1|1");
  await assert.rejects(psql(inTransaction(schemaSql(0))), /schema "openvpn_totp" already exists/);
  const later = [
    MIGRATIONS[0]!,
    { sql: "CREATE TABLE openvpn_totp.more ();\n", oldestProgram: 1 },
    { sql: "DROP TABLE openvpn_totp.more;\n", oldestProgram: 3 },
  ];
  await psql(inTransaction(schemaSql(1, later.slice(0, 2))));
  assert.equal(await psql(VERSION), "2|1");
  await assert.rejects(
    psql(inTransaction(schemaSql(1, later))),
    /the schema has version 2, and this SQL is for version 1/,
  );
  await psql(inTransaction(schemaSql(2, later)));
  assert.equal(await psql(VERSION), "3|3");
  await psql(inTransaction(schemaSql(3, later)));
  assert.equal(await psql(VERSION), "3|3");
});

testWith(POSTGRES_LAB, "nothing stays of a step of the schema that fails", async () => {
  await using postgres = await startPostgres();
  const { psql } = await postgres.makeDatabase();
  const failing = [...MIGRATIONS, { sql: "CREATE TABLE openvpn_totp.more ();\nSELECT 1 / 0;\n" }];
  const sql = schemaSql(SCHEMA_VERSION, failing.map((one) => ({ oldestProgram: 1, ...one })));
  await assert.rejects(psql(inTransaction(sql)), /division by zero/);
  assert.equal(await psql("SELECT to_regclass('openvpn_totp.more') IS NULL"), "t");
  assert.equal(await psql(VERSION), `${SCHEMA_VERSION}|1`);
});

testWith(POSTGRES_LAB, "the schema is not made in a database of another encoding", async () => {
  await using postgres = await startPostgres();
  await postgres.psql("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
  const make = postgres.psql(inTransaction(schemaSql(0)), { database: "ascii" });
  await assert.rejects(
    make,
    /the database has the encoding SQL_ASCII, and openvpn-totp needs UTF8/,
  );
});

testWith(
  POSTGRES_LAB,
  "the login role may read and write the tables, and nothing else",
  async () => {
    await using postgres = await startPostgres();
    const { name, login, passFile, psql } = await postgres.makeDatabase();
    const asLogin = (sql: string) => postgres.psql(sql, { database: name, user: login, passFile });
    const rights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
    const has = rights.map((right) =>
      `has_table_privilege('${login}', 'openvpn_totp.' || tablename, '${right}')`
    );
    const rows = await psql(
      `SELECT tablename, ${has} FROM pg_tables WHERE schemaname = 'openvpn_totp'`,
    );
    for (const row of rows.split("\n")) {
      const [table, ...is] = row.split("|");
      const expected = table === "schema_version" ? "tffffff" : "ttttfff";
      assert.equal(is.join(""), expected, `${table}: ${rights}`);
    }
    for (const sql of ["CREATE TABLE openvpn_totp.x ()", "DROP TABLE openvpn_totp.notices"]) {
      await assert.rejects(asLogin(sql), /permission denied|must be owner/);
    }
  },
);

testWith(
  POSTGRES_LAB,
  "rights are given to the role that is named, whatever its name",
  async () => {
    await using postgres = await startPostgres();
    const { psql } = await postgres.makeDatabase();
    for (
      const role of [`a"b; DROP SCHEMA openvpn_totp; --`, "Ünïcode Role", "user", "x".repeat(63)]
    ) {
      await psql(`CREATE ROLE "${role.replaceAll('"', '""')}"`);
      await psql(grantsSql(role));
      const quoted = role.replaceAll("'", "''");
      assert.equal(
        await psql(`SELECT has_table_privilege('${quoted}', 'openvpn_totp.decisions', 'INSERT')`),
        "t",
        role,
      );
    }
    await psql("CREATE ROLE nobody_special");
    const everybody = "SELECT has_schema_privilege('nobody_special', 'openvpn_totp', 'USAGE')";
    assert.equal(await psql(everybody), "f");
  },
);

Deno.test("grantsSql refuses what is not the name of one role", async () => {
  for (const role of ["", "public", "a\0b", "x".repeat(64), "ü".repeat(32), "\ud800"]) {
    await fails(() => Promise.resolve().then(() => grantsSql(role)), "usage");
  }
});
