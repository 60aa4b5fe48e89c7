import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { COPIED_TABLES } from "../../src/store/copied_tables.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { mustRun, type Output, run } from "../lab/command.ts";
import { startPostgres, type TestPostgres, type TestPostgresDatabase } from "../lab/postgres.ts";
import { once, PostgresProxy } from "../lab/postgres_proxy.ts";
import {
  enroll,
  keyFileOf,
  makeTestDirectory,
  mustGiveRecoveryCodes,
  on,
  PROGRAM,
} from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";

/** Makes a database without any tables, as an administrator begins with. */
async function emptyDatabase(server: TestPostgres): Promise<TestPostgresDatabase> {
  const database = await server.makeDatabase();
  await database.psql("DROP SCHEMA IF EXISTS openvpn_totp CASCADE");
  return database;
}

function init(url: string, ...options: string[]): Promise<Output> {
  return run(PROGRAM, ["--database", url, "database", "init", ...options]);
}

async function fails(result: Promise<Output>, message: RegExp, status = 1): Promise<void> {
  const { status: found, stdout, stderr } = await result;
  assert.match(stderr, message);
  assert.equal(found, status, stderr);
  assert.equal(stdout, "");
}

testWith(POSTGRES_LAB, "database init makes the tables, and grants what logins need", async (t) => {
  await using server = await startPostgres();

  await t.step("by the owner, for another role", async () => {
    const database = await emptyDatabase(server);
    const made = await init(database.ownerUrl, "--role", database.login);
    assert.equal(made.stderr, "");
    assert.match(
      made.stdout,
      /^Made the tables in PostgreSQL's database store\d+ at .* \(version 1\)/,
    );
    assert.match(made.stdout, new RegExp(`Logins can use them as ${database.login}\\.`));
    const again = await init(database.ownerUrl, "--json");
    assert.deepEqual(JSON.parse(again.stdout), {
      changed: false,
      from: 1,
      to: 1,
      roles: [database.login],
    });
    assertDocumented("database init", JSON.parse(again.stdout));
    const rights = await database.psql(
      `SELECT string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type)
       FROM information_schema.role_table_grants
       WHERE grantee = '${database.login}' AND table_name = 'enrolments'`,
    );
    assert.equal(rights, "DELETE,INSERT,SELECT,UPDATE");
  });

  await t.step("two at once, of which both find it made", async () => {
    const database = await emptyDatabase(server);
    const both = await Promise.all([1, 2].map(() => init(database.ownerUrl, "--json")));
    const results = both.map(({ stdout, stderr }) => {
      assert.equal(stderr, "");
      return JSON.parse(stdout).changed;
    });
    assert.deepEqual(results.sort(), [false, true]);
  });

  await t.step("not by a role that may not create a schema", async () => {
    const database = await emptyDatabase(server);
    await fails(init(database.url), /"store\d+_login" may not create a schema: run this as/);
    await init(database.ownerUrl);
    await fails(init(database.url), /the schema openvpn_totp belongs to a role other/);
  });

  await t.step("not for a role that is not there, and then nothing is made", async () => {
    const database = await emptyDatabase(server);
    await fails(init(database.ownerUrl, "--role", "nobody"), /no role "nobody": create it/);
    await fails(init(database.ownerUrl, "--role", "public"), /cannot be the name of a role/, 2);
    const count = "SELECT count(*) FROM pg_namespace WHERE nspname = 'openvpn_totp'";
    assert.equal(await database.psql(count), "0");
  });

  await t.step("not by the superuser where the tables are another role's", async () => {
    const database = await emptyDatabase(server);
    await init(database.ownerUrl);
    // The owner's trigger runs as whoever changes the table, and can take back any SET ROLE.
    await server.psql(
      `SET ROLE ${database.owner};
       CREATE FUNCTION openvpn_totp.rise() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RESET ROLE; ALTER ROLE ${database.owner} SUPERUSER; RETURN NULL; END $$;
       CREATE TRIGGER rise AFTER UPDATE ON openvpn_totp.decisions
         FOR EACH STATEMENT EXECUTE FUNCTION openvpn_totp.rise();`,
      { database: database.name },
    );
    const socket = { host: server.socketDirectory, port: `${server.port}` };
    const url = `postgres://postgres@/${database.name}?${new URLSearchParams(socket)}`;
    const says = new RegExp(
      `a role other than "postgres": run this as its owner, "${database.owner}"`,
    );
    await fails(init(url, "--role", database.login), says);
    const isRisen = `SELECT rolsuper FROM pg_roles WHERE rolname = '${database.owner}'`;
    assert.equal(await database.psql(isRisen), "f");
  });

  await t.step("not over a newer schema, or one of somebody else's", async () => {
    const database = await emptyDatabase(server);
    await init(database.ownerUrl);
    await database.psql("UPDATE openvpn_totp.schema_version SET version = 99");
    await fails(
      init(database.ownerUrl),
      /has schema version 99, .* versions up to 1: use the newer/,
    );
    await database.psql("DROP SCHEMA openvpn_totp CASCADE");
    await server.psql(`CREATE SCHEMA openvpn_totp AUTHORIZATION ${database.owner}`, {
      database: database.name,
    });
    await fails(init(database.ownerUrl), /a schema openvpn_totp that openvpn-totp did not make/);
  });

  await t.step("not in another encoding than UTF-8", async () => {
    const database = await emptyDatabase(server);
    await server.psql(
      `CREATE DATABASE latin OWNER ${database.owner} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`,
    );
    const url = database.ownerUrl.replace(`/${database.name}?`, "/latin?");
    await Deno.writeTextFile(
      database.ownerPassFile,
      (await Deno.readTextFile(database.ownerPassFile)).replace(`:${database.name}:`, ":*:"),
    );
    await fails(init(url), /has the encoding LATIN1: create it again with ENCODING 'UTF8'/);
  });

  await t.step("as SQL for psql", async () => {
    const database = await emptyDatabase(server);
    const role = ["--role", database.login];
    const sql = await mustRun(PROGRAM, ["database", "init", "--print", ...role]);
    await database.psql(sql);
    await assert.rejects(database.psql(sql), /already exists/);
    const next = await mustRun(PROGRAM, ["database", "init", "--print", "--from", "1", ...role]);
    await database.psql(next);
    await fails(
      run(PROGRAM, ["database", "init", "--print", "--from", "2", ...role]),
      /--from is 2, but this program knows versions up to 1/,
      2,
    );
    const command = ["--database", database.url, "database", "init", "--print"];
    assert.match(await mustRun(PROGRAM, command), new RegExp(`TO "${database.login}"`));
  });
});

testWith([], "database init needs a server", async () => {
  const init = (...options: string[]) => run(PROGRAM, ["database", "init", ...options]);
  await fails(init(), /for a database on a PostgreSQL server: name it with --database/, 2);
  await fails(init("--print"), /--print needs --role/, 2);
  await fails(init("--from", "1"), /--from needs --print/, 2);
  await fails(init("--print", "--role", "a", "--from", "x"), /expected a whole number/, 2);
});

testWith(POSTGRES_LAB, "database copy takes everything along, both ways", async () => {
  await using server = await startPostgres();
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  await fill(db);
  const [first, second] = [await server.makeDatabase(), await server.makeDatabase()];
  for (const { ownerUrl, login } of [first, second]) await init(ownerUrl, "--role", login);
  const back = `${path}/back/token_index.sqlite3`;
  for (const [from, to] of [[db, first.url], [first.url, second.socketUrl], [second.url, back]]) {
    const { status, stdout, stderr } = await copy(db, from!, to!, "--yes", "--json");
    assert.equal(stderr, "");
    assert.equal(status, 0);
    const { users, rows, keyFile } = JSON.parse(stdout);
    assertDocumented("database copy", JSON.parse(stdout));
    assert.deepEqual([users, rows.decisions, keyFile], [3, 12_000, keyFileOf(db)]);
  }
  assert.deepEqual(contentOf(back), contentOf(db));
  // Numbers go on where the copy ends.
  const last = "SELECT max(number) <= nextval('openvpn_totp.refused_numbers') " +
    "FROM openvpn_totp.decisions WHERE outcome = 'refused'";
  assert.equal(await second.psql(last), "t");
});

testWith(POSTGRES_LAB, "a copy that does not come to its end leaves nothing behind", async () => {
  await using server = await startPostgres();
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  await fill(db);
  const database = await server.makeDatabase();
  await init(database.ownerUrl, "--role", database.login);
  const users = () => database.psql("SELECT count(*) FROM openvpn_totp.enrolments");

  await database.psql("ALTER SCHEMA openvpn_totp RENAME TO away");
  await fails(
    copy(db, db, database.url, "--yes"),
    /it has no tables .* openvpn-totp database init/,
  );
  await database.psql("ALTER SCHEMA away RENAME TO openvpn_totp");
  await database.psql("UPDATE openvpn_totp.schema_version SET version = 99");
  await fails(copy(db, db, database.url, "--yes"), /newer than version 1: use the newer/);
  await database.psql("UPDATE openvpn_totp.schema_version SET version = 1");

  // The connection is lost half way, or at the end.
  await using proxy = new PostgresProxy(server.port);
  const throughProxy = database.address({ hosts: [`127.0.0.1:${proxy.port}`] });
  for (const pattern of [/INSERT INTO openvpn_totp\.decisions/, /^COMMIT/]) {
    const judge = once(pattern, { act: "cut", when: "before" });
    proxy.judge = judge;
    await fails(copy(db, db, throughProxy, "--yes"), /cannot be used: the connection was lost/);
    assert.equal(judge.hits(), 1);
    assert.equal(await users(), "0");
  }

  // Secrets that do not open.
  await Deno.copyFile(keyFileOf(db), `${path}/key`);
  await Deno.writeTextFile(keyFileOf(db), "# none\n");
  await fails(copy(db, db, database.url, "--yes"), /has no key [0-9a-f]{16}/);
  assert.equal(await users(), "0");
  await Deno.copyFile(`${path}/key`, keyFileOf(db));

  await mustRun(PROGRAM, copying(db, db, database.url, "--yes"));
  assert.equal(await users(), "3");
  const again = /is not empty \(enrolments\), and a copy replaces nothing/;
  await fails(copy(db, db, database.url, "--yes"), again);
  await fails(copy(db, database.url, db, "--yes"), again);
  assert.equal(await users(), "3");

  // A file that was made for nothing goes; one that was there stays.
  await Deno.writeTextFile(keyFileOf(db), "# none\n");
  await fails(copy(db, database.url, `${path}/new.sqlite3`, "--yes"), /has no key/);
  assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name).sort(), ["db", "key"]);
});

testWith([], "database copy asks, and refuses what cannot be right", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  await enroll(db, "root");
  await fails(copy(db, db, db, "--yes"), /are the same place/, 2);
  await fails(copy(db, `${path}/none`, `${path}/new`, "--yes"), /there is no database at/);
  await fails(
    copy(db, db, "postgres://u:geheim@h/d", "--yes"),
    /^openvpn-totp: --to is not allowed: it contains a password, [^\n]*$(?<!geheim)/m,
    2,
  );
  await fails(run(PROGRAM, [...on(db), "database", "copy", "--to", path]), /--from <path>/, 2);
  const { stderr, status } = await copy(db, db, `${path}/new`);
  assert.match(
    stderr,
    /stop logins first.*\n.*Copy 1 user and 0 rows of the audit trail to .*--yes/,
  );
  assert.equal(status, 2);
  await assert.rejects(Deno.stat(`${path}/new`), Deno.errors.NotFound);
});

function copy(db: string, from: string, to: string, ...options: string[]): Promise<Output> {
  return run(PROGRAM, copying(db, from, to, ...options));
}

function copying(db: string, from: string, to: string, ...options: string[]): string[] {
  return ["--key", keyFileOf(db), "database", "copy", "--from", from, "--to", to, ...options];
}

/** Fills a database with something in every table, and more of the trail than goes at once. */
async function fill(db: string): Promise<void> {
  for (const username of ["root", "daemon", "bin"]) await enroll(db, username);
  await mustGiveRecoveryCodes(db, "daemon");
  await mustRun(PROGRAM, [...on(db), "exempt", "link", "--from", "192.0.2.1"]);
  await mustRun(PROGRAM, [...on(db), "disable", "bin"]);
  using connection = new DatabaseSync(db);
  connection.exec(`
    UPDATE enrolments SET last_login_at = 1700000000001, last_step = 58000000, last_wrong = 'ü',
      last_wrong_at = 5, failures = 2, locks = 1, locked_until = 1700000000002 WHERE username = 'root';
    INSERT INTO challenges VALUES ('a1', 'root', 'Root', NULL, '192.0.2.7', 1, 2, NULL);
    INSERT INTO challenges VALUES ('a2', 'root', 'root', 'cn', NULL, 1, 2, 'accepted');
    INSERT INTO login_names VALUES ('ROOT', 'root');
    INSERT INTO notices VALUES ('one', 1);
    INSERT INTO uncoded_sessions VALUES ('link', 1, 2), ('link', 1, 3), ('a', 5, 6);
    INSERT INTO place_failures VALUES ('p1', 0.1, 1, 2), ('p2', 3.0, 1, 2);
    INSERT INTO known_places VALUES ('k1', 'root', 1, 2, NULL, NULL, 0, NULL);
    INSERT INTO wrong_passwords VALUES ('w1', 'mark"\\{},', 9);
    INSERT INTO open_attempts VALUES ('o1', 1, 'p1', 2), ('o1', 2, 'p2', 2);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    INSERT INTO decisions (at, login_name, username, step, outcome, reason, detail, count, number)
      SELECT 1700000000000 + i, 'u' || i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'root' END, 'code',
        CASE WHEN i % 2 = 0 THEN 'accepted' ELSE 'refused' END,
        CASE WHEN i % 2 = 0 THEN NULL ELSE 'wrong_code' END, '☃ "' || char(10) || '\\ {a,b} NULL', i, i
      FROM n;`);
}

/** All rows of a file's tables, as far as a copy has them. */
function contentOf(db: string): Map<string, unknown[]> {
  using connection = new DatabaseSync(db);
  return new Map(COPIED_TABLES.map(({ name, columns, order }) => {
    const sql = `SELECT ${Object.keys(columns).join(", ")} FROM ${name} ORDER BY ${
      order.join(", ")
    }`;
    const rows = connection.prepare(sql).all();
    assert.ok(rows.length > 0, name);
    return [name, rows];
  }));
}
