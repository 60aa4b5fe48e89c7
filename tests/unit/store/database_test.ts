import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Failure, type FailureCode } from "../../../src/core/failure.ts";
import { Redacted } from "../../../src/core/redacted.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import {
  migrate,
  MIGRATIONS,
  schemaVersion,
} from "../../../src/store/sqlite/migrations.ts";
import { makeTestDirectory } from "../../lab/program.ts";

const CREATE = { create: true, busyTimeoutMs: 0 };
const OPEN = { create: false, busyTimeoutMs: 0 };

async function fails(
  work: () => Promise<unknown>,
  code: FailureCode,
): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

Deno.test("openDatabase makes directory and file for their owner alone", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
  assert.equal(mode(directory.db), 0o600);
  assert.equal(mode(`${directory.path}/db`), 0o700);
});

Deno.test("openDatabase leaves alone what is missing, foreign or no file", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  await fails(() => openDatabase(path, OPEN), "database_missing");
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);

  new DatabaseSync(path).exec("CREATE TABLE tokens (secret TEXT)");
  const before = Deno.readFileSync(path);
  await fails(() => openDatabase(path, CREATE), "database_foreign");
  assert.deepEqual(Deno.readFileSync(path), before);

  Deno.writeTextFileSync(path, "not a database".repeat(100));
  await fails(() => openDatabase(path, CREATE), "database_foreign");
  await fails(() => openDatabase(directory.path, CREATE), "database_foreign");
  await fails(() => openDatabase("/dev/null", CREATE), "database_foreign");
});

Deno.test("openDatabase does not play back a foreign database's journal", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  const foreign = new DatabaseSync(path);
  foreign.exec("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)");
  // A copy in the middle of a transaction has what a crash would leave.
  foreign.exec("PRAGMA cache_spill = ON");
  Deno.copyFileSync(path, `${path}2`);
  Deno.writeFileSync(`${path}2-journal`, new Uint8Array(512).fill(1));
  foreign.close();
  const before = Deno.readFileSync(`${path}2`);
  await fails(() => openDatabase(`${path}2`, CREATE), "database_foreign");
  assert.deepEqual(Deno.readFileSync(`${path}2`), before);
  assert.equal(Deno.statSync(`${path}2-journal`).size, 512);
});

Deno.test("openDatabase takes an empty file for the beginning of ours", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  Deno.writeTextFileSync(path, "");
  using database = await openDatabase(path, CREATE);
  assert.deepEqual(await new SqliteEnrolmentStore(database).list(), []);
});

Deno.test("openDatabase names a damaged database", async () => {
  await using directory = await makeTestDirectory();
  {
    using database = await openDatabase(directory.db, CREATE);
    await enrolAlice(new SqliteEnrolmentStore(database));
  }
  const bytes = Deno.readFileSync(directory.db);
  Deno.writeFileSync(directory.db, bytes.fill(0xff, 100));
  await fails(async () => {
    using database = await openDatabase(directory.db, OPEN);
    await new SqliteEnrolmentStore(database).list();
  }, "database_corrupt");
});

Deno.test("a transaction waits its time for another's, then names the lock", async () => {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, CREATE);
  using other = new DatabaseSync(directory.db);
  other.exec("BEGIN IMMEDIATE");
  const store = new SqliteEnrolmentStore(database);
  await fails(() => enrolAlice(store), "database_locked");
  other.exec("ROLLBACK");
  await enrolAlice(store);
  assert.equal((await store.list()).length, 1);
});

Deno.test("migrate goes step by step from any version to the newest", () => {
  const steps = [
    "CREATE TABLE a (x)",
    "CREATE TABLE b (x)",
    "INSERT INTO a VALUES (1)",
  ];
  for (let from = 0; from <= steps.length; from++) {
    using database = new DatabaseSync(":memory:");
    migrate(database, "x", steps.slice(0, from));
    migrate(database, "x", steps);
    assert.equal(schemaVersion(database), 3);
    const { n } = database.prepare("SELECT count(*) AS n FROM a").get()!;
    assert.equal(n, 1);
  }
});

Deno.test("openDatabase refuses a newer schema and leaves it as it is", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  using database = new DatabaseSync(directory.db);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  await fails(() => openDatabase(directory.db, OPEN), "database_newer");
  assert.equal(schemaVersion(database), MIGRATIONS.length + 1);
});

Deno.test("a failed migration leaves the old schema", async () => {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, CREATE);
  await assert.rejects(
    database.transaction((connection) =>
      migrate(connection, directory.db, [
        ...MIGRATIONS,
        "CREATE TABLE half (x); SELECT nonsense",
      ])
    ),
  );
  using connection = new DatabaseSync(directory.db);
  assert.equal(schemaVersion(connection), MIGRATIONS.length);
  assert.equal(
    connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get(),
    undefined,
  );
});

Deno.test("enrol keeps who is enrolled, unless replacing", async () => {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, CREATE);
  const store = new SqliteEnrolmentStore(database);
  await enrolAlice(store, 1);
  await fails(() => enrolAlice(store, 2), "already_enrolled");
  const secret = async () => (await store.find("alice"))!.secret.reveal()[0];
  assert.equal(await secret(), 1);
  await enrolAlice(store, 3, true);
  assert.equal(await secret(), 3);
});

Deno.test("recordChallenge takes an attempt once, and forgets what is long over", async () => {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, CREATE);
  await enrolAlice(new SqliteEnrolmentStore(database));
  const store = new SqliteLoginStore(database);
  const day = 24 * 60 * 60 * 1000;
  const record = (id: string, createdAt: number) =>
    store.recordChallenge({
      id,
      loginName: "alice",
      username: "alice",
      commonName: null,
      address: null,
      createdAt,
      expiresAt: createdAt + 1000,
      answer: null,
    });
  assert.equal(await record("a", 0), true);
  await fails(() => record("a", 1), "challenge_exists");
  await record("b", day);
  await fails(() => record("a", day), "challenge_exists");
  await record("c", day + 2000);
  assert.equal(await record("a", day + 2000), true);
});

async function enrolAlice(
  store: SqliteEnrolmentStore,
  firstByte = 1,
  replace = false,
): Promise<void> {
  await store.enrol({
    username: "alice",
    secret: new Redacted(new Uint8Array(20).fill(firstByte)),
    issuer: "VPN",
    enrolledAt: 0,
  }, { replace });
}
