import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { guardAgainstOwner } from "../../../../src/store/sqlite/known_schema.ts";
import { migrate, MIGRATIONS } from "../../../../src/store/sqlite/migrations.ts";

/** A database that a program made which knew the first so many migrations. */
function databaseOf(version: number): DatabaseSync {
  const connection = new DatabaseSync(":memory:");
  migrate(connection, "db", MIGRATIONS.slice(0, version));
  return connection;
}

Deno.test("guardAgainstOwner accepts the schema of each version, upgraded or not", () => {
  for (const version of MIGRATIONS.keys()) {
    using connection = databaseOf(version + 1);
    guardAgainstOwner(connection, "db");
    migrate(connection, "db");
    guardAgainstOwner(connection, "db");
    connection.exec("ANALYZE");
    guardAgainstOwner(connection, "db");
  }
});

Deno.test("guardAgainstOwner refuses whatever else is in the schema", () => {
  for (
    const sql of [
      "CREATE TABLE sqlite9 (x)",
      "CREATE VIRTUAL TABLE x USING fts5(y)",
      "CREATE VIEW x AS SELECT 1",
      "CREATE TRIGGER x DELETE ON enrolments BEGIN SELECT 1; END",
      "CREATE INDEX x ON enrolments (hex(issuer))",
      "ALTER TABLE enrolments ADD COLUMN x TEXT AS (hex(issuer))",
      "ALTER TABLE enrolments ADD COLUMN x INTEGER DEFAULT 1",
      "ALTER TABLE enrolments RENAME COLUMN issuer TO x",
      "PRAGMA user_version = 1",
      "PRAGMA user_version = -1",
    ]
  ) {
    using connection = databaseOf(MIGRATIONS.length);
    connection.exec(sql);
    assert.throws(
      () => guardAgainstOwner(connection, "db"),
      /^Failure: db .* openvpn-totp does not create \(/,
      sql,
    );
  }
});
