import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readPythonSqlite, type TableChoice } from "../../../src/migration/python_sqlite.ts";
import { assertRefused, obstaclesIn, SECRET, SECRET_BYTES, secretsIn } from "./readings.ts";

const HEX = SECRET_BYTES.toHex();

function reading(sql: string, choice: TableChoice = {}) {
  using connection = new DatabaseSync(":memory:");
  connection.exec(sql.replaceAll("SECRET", `'${SECRET}'`));
  return readPythonSqlite(connection, choice);
}

Deno.test("readPythonSqlite finds the one table with usernames and secrets", () => {
  const schemas = [
    [
      "tokens",
      "username",
      "secret",
      "(username TEXT PRIMARY KEY, secret TEXT)",
    ],
    [
      "t",
      '"User"',
      "totp_secret",
      '(id INTEGER, "User" TEXT, totp_secret TEXT)',
    ],
    ['"odd "" name"', "login", "token", "(login TEXT, token TEXT) STRICT"],
    ["t", "name", "key", "(name PRIMARY KEY, key) WITHOUT ROWID"],
  ];
  for (const [table, user, secret, columns] of schemas) {
    const found = reading(
      `CREATE TABLE ${table} ${columns};
       INSERT INTO ${table} (${user}, ${secret}) VALUES ('alice', SECRET), ('zoë', SECRET);
       CREATE TABLE meta (version INTEGER); CREATE TABLE other (username TEXT);`,
    );
    assert.deepEqual(secretsIn(found), { alice: HEX, "zoë": HEX }, columns);
  }
});

Deno.test("readPythonSqlite says which columns it does not read", () => {
  const { notes } = reading(
    "CREATE TABLE t (username, secret, digits); INSERT INTO t VALUES ('a', SECRET, 8)",
  );
  assert.match(notes[0]!.text, /columns "digits" of the table "t"/);
});

Deno.test("readPythonSqlite does not guess, and accepts a choice", () => {
  const two = "CREATE TABLE a (user, secret); CREATE TABLE b (user, key);" +
    "INSERT INTO a VALUES ('a', SECRET); INSERT INTO b VALUES ('b', SECRET);";
  assertRefused(
    () => reading(two),
    /--table, --user-column and --secret-column; the database has "a" \("user", "secret"\), "b" \("user", "key"\)/,
  );
  assert.deepEqual(secretsIn(reading(two, { table: "B" })), { b: HEX });
  const odd = "CREATE TABLE t (who, name, login, code);" +
    "INSERT INTO t VALUES ('a', 'n', 'l', SECRET);";
  assertRefused(() => reading(odd), /cannot tell/);
  assertRefused(() => reading(odd, { secretColumn: "code" }), /cannot tell/);
  const choice = { userColumn: "who", secretColumn: "CODE" };
  assert.deepEqual(secretsIn(reading(odd, choice)), { a: HEX });
  assertRefused(
    () => reading(odd, { ...choice, table: "x" }),
    /cannot tell/,
  );
  assertRefused(() => reading(""), /has no tables/);
});

Deno.test("readPythonSqlite reports rows that have no user", () => {
  const found = reading(
    `CREATE TABLE t (username, secret);
     INSERT INTO t VALUES ('a', SECRET), (NULL, SECRET), (1, SECRET), ('b', NULL),
       ('c', x'00'), ('d', 'no base32!'), ('', SECRET), ('e', printf('%.*c', 5000, 'A'));`,
  );
  assert.deepEqual(secretsIn(found), { a: HEX });
  assert.deepEqual(
    obstaclesIn(found).map((line) => line.split(":").slice(0, 2).join(":")),
    [
      "row 2: unreadable null",
      "row 3: unreadable null",
      "row 4: unreadable b",
      "row 5: unreadable c",
      "row 6: unreadable d",
      "row 7: unreadable ",
      "row 8: unreadable e",
    ],
  );
});

Deno.test("readPythonSqlite truncates no text, and accepts no invalid one", () => {
  const { users, obstacles } = reading(
    `CREATE TABLE t (username, secret);
     INSERT INTO t VALUES ('alice' || char(0) || 'bob', SECRET),
       ('carol', SECRET || char(0) || 'AAAA'), (CAST(x'616cff6963' AS TEXT), SECRET);`,
  );
  assert.deepEqual(users, []);
  assert.deepEqual(
    obstacles.map(({ username, kind }) => [username, kind]),
    [[null, "unreadable"], ["carol", "unreadable"], [null, "unreadable"]],
  );
});

Deno.test("readPythonSqlite believes no view, no computed column, no virtual table", () => {
  const bomb = "hex(zeroblob(1000))";
  assertRefused(
    () =>
      reading(
        `CREATE TABLE x (a); CREATE VIEW v AS SELECT 'a' AS username, ${bomb} AS secret`,
      ),
    /cannot tell/,
  );
  assertRefused(
    () =>
      reading(
        `CREATE TABLE t (username TEXT, secret TEXT AS (${bomb})); INSERT INTO t VALUES ('a')`,
      ),
    /computed columns/,
  );
  assertRefused(
    () => reading("CREATE VIRTUAL TABLE t USING fts5(username, secret)"),
    /"t" is a virtual table/,
  );
});

Deno.test("readPythonSqlite runs no condition of the schema", () => {
  const { users } = reading(
    `PRAGMA ignore_check_constraints = ON;
     CREATE TABLE t (username TEXT, secret TEXT CHECK (length(secret) < 0));
     INSERT INTO t VALUES ('a', SECRET); PRAGMA ignore_check_constraints = OFF`,
  );
  assert.equal(users.length, 1);
});

/** Makes a table's root point many times at one leaf with all its rows. */
function repeatLeaf(database: Uint8Array, root: number): Uint8Array {
  const size = new DataView(database.buffer).getUint16(16);
  const leafNumber = database.length / size + 1;
  const made = new Uint8Array(database.length + size);
  made.set(database);
  const start = (root - 1) * size;
  made.set(database.subarray(start, start + size), database.length);
  const page = new DataView(made.buffer, start, size);
  const count = 100;
  new Uint8Array(made.buffer, start, size).fill(0);
  page.setUint8(0, 5); // An inner page of a table (SQLite's file format, section 1.6).
  page.setUint16(3, count);
  page.setUint16(5, size - 5 * count);
  page.setUint32(8, leafNumber);
  for (let i = 0; i < count; i++) {
    const cell = size - 5 * (i + 1);
    page.setUint16(12 + 2 * i, cell);
    page.setUint32(cell, leafNumber);
    page.setUint8(cell + 4, 1);
  }
  new DataView(made.buffer).setUint32(28, leafNumber);
  return made;
}

Deno.test("readPythonSqlite refuses pages that are referred to again and again", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ovtotp-t" });
  try {
    const path = `${directory}/db`;
    let root = 0;
    {
      using made = new DatabaseSync(path);
      made.exec(
        `CREATE TABLE t (username TEXT, secret TEXT); INSERT INTO t VALUES ('a', '${SECRET}')`,
      );
      root = Number(
        made.prepare("SELECT rootpage FROM sqlite_schema").get()!.rootpage,
      );
    }
    await Deno.writeFile(path, repeatLeaf(await Deno.readFile(path), root));
    using connection = new DatabaseSync(path, { readOnly: true });
    const rows = connection.prepare("SELECT count(*) AS n FROM t NOT INDEXED");
    assert.equal(rows.get()!.n, 101, "SQLite itself reads it");
    assertRefused(() => readPythonSqlite(connection, {}), /it is damaged/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("readPythonSqlite reads a damaged database or refuses it", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ovtotp-t" });
  try {
    const path = `${directory}/db`;
    {
      using made = new DatabaseSync(path);
      made.exec("CREATE TABLE t (username TEXT PRIMARY KEY, secret TEXT)");
      const insert = made.prepare("INSERT INTO t VALUES (?, ?)");
      for (let i = 0; i < 200; i++) insert.run(`user${i}`, SECRET);
    }
    const whole = await Deno.readFile(path);
    for (let seed = 1, i = 0; i < 300; i++) {
      const damaged = whole.slice();
      for (let n = 0; n < 8; n++) {
        seed = seed * 48271 % 0x7fffffff;
        damaged[seed % damaged.length] = seed >> 8 & 0xff;
      }
      await Deno.writeFile(path, damaged);
      using connection = new DatabaseSync(
        `file://${path}?immutable=1`,
        { readOnly: true },
      );
      try {
        const { users, obstacles } = readPythonSqlite(connection, {});
        assert(users.length + obstacles.length <= 400);
      } catch (error) {
        assert.equal((error as Error).name, "UnreadableSource", String(error));
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
