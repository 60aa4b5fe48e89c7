import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { guardAgainstOwner } from "../../../../src/store/sqlite/known_schema.ts";
import { hasForeignRules, migrate } from "../../../../src/store/sqlite/migrations.ts";

/** Entries that SQLite obeys: the case of a type doesn't matter to it, nor what statistics are. */
const ENTRIES = [
  [
    "TRIGGER",
    "sqlite_stat1",
    "enrolments",
    "CREATE TRIGGER sqlite_stat1 AFTER UPDATE ON enrolments BEGIN SELECT 1; END",
  ],
  [
    "Trigger",
    "sqlite_stat9",
    "enrolments",
    "CREATE TRIGGER sqlite_stat9 BEFORE UPDATE ON enrolments BEGIN SELECT RAISE(IGNORE); END",
  ],
  ["VIEW", "sqlite_stat1", "sqlite_stat1", "CREATE VIEW sqlite_stat1 AS SELECT 1"],
] as const;

function databaseWith(entry: readonly string[]): DatabaseSync {
  const connection = new DatabaseSync(":memory:", { allowExtension: false });
  migrate(connection, "db");
  (connection as unknown as { enableDefensive?(on: boolean): void }).enableDefensive?.(false);
  connection.exec("PRAGMA writable_schema = ON");
  connection.prepare("INSERT INTO sqlite_schema VALUES (?, ?, ?, 0, ?)").run(...entry);
  return connection;
}

for (const entry of ENTRIES) {
  Deno.test(`${entry[0]} ${entry[1]} in the schema is found`, () => {
    using connection = databaseWith(entry);
    assert(hasForeignRules(connection));
    assert.throws(() => guardAgainstOwner(connection, "db"), /does not create \(/);
  });
}

Deno.test("statistics that compute something are found", () => {
  // Types do not know the second one yet: as the runtime opens databases, nobody changes the schema so.
  const options = { open: true, defensive: false };
  using connection = new DatabaseSync(":memory:", options);
  migrate(connection, "db");
  connection.exec("ANALYZE; PRAGMA writable_schema = ON");
  connection.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'sqlite_stat1'")
    .run("CREATE TABLE sqlite_stat1(tbl,idx,stat AS (hex(tbl)))");
  assert.throws(() => guardAgainstOwner(connection, "db"), /does not create \(/);
});
