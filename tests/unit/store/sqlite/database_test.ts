import assert from "node:assert/strict";
import { COMMON_PARAMETERS } from "../../../../src/core/totp_parameters.ts";
import { DatabaseSync } from "node:sqlite";
import { NO_FAILURES } from "../../../../src/core/lockout.ts";
import { openDatabase } from "../../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../../src/store/sqlite/enrolment_store.ts";
import { migrate, MIGRATIONS, schemaVersion } from "../../../../src/store/sqlite/migrations.ts";
import { mustRun } from "../../../lab/command.ts";
import { testWith } from "../../../lab/requirements.ts";
import { fails } from "../../../lab/failures.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { ANY_KEYS, newEnrolment } from "../../../lab/secrets.ts";

const CREATE = { create: true, busyTimeoutMs: 0 };
const OPEN = { create: false, busyTimeoutMs: 0 };

Deno.test("openDatabase makes the directory and the file only for their owner", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
  assert.equal(mode(directory.db), 0o600);
  assert.equal(mode(`${directory.path}/db`), 0o700);
});

Deno.test("openDatabase leaves alone what is missing, foreign or not a file", async () => {
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
  await Deno.mkdir(`${directory.path}/d`);
  await fails(() => openDatabase(`${directory.path}/d`, CREATE), "database_foreign");
  await fails(() => openDatabase("/dev/null", CREATE), "database_foreign");
});

Deno.test("openDatabase does not play back a foreign database's journal", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  const foreign = new DatabaseSync(path);
  foreign.exec("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)");
  // A copy made in the middle of a transaction looks as after a crash.
  foreign.exec("PRAGMA cache_spill = ON");
  Deno.copyFileSync(path, `${path}2`);
  Deno.writeFileSync(`${path}2-journal`, new Uint8Array(512).fill(1));
  foreign.close();
  const before = Deno.readFileSync(`${path}2`);
  await fails(() => openDatabase(`${path}2`, CREATE), "database_foreign");
  assert.deepEqual(Deno.readFileSync(`${path}2`), before);
  assert.equal(Deno.statSync(`${path}2-journal`).size, 512);
});

Deno.test("openDatabase begins in an empty file only when it may create", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  Deno.writeTextFileSync(path, "", { mode: 0o666 });
  await fails(() => openDatabase(path, OPEN), "database_missing");
  assert.equal(Deno.statSync(path).size, 0);
  using database = await openDatabase(path, CREATE);
  assert.deepEqual(await new SqliteEnrolmentStore(database).list(), []);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
});

testWith(
  ["root"],
  "openDatabase accepts no empty file of another owner",
  async () => {
    await using directory = await makeTestDirectory();
    const path = `${directory.path}/x`;
    Deno.writeTextFileSync(path, "");
    Deno.chownSync(path, 65534, 65534);
    await fails(() => openDatabase(path, CREATE), "untrusted_path");
  },
);

Deno.test("openDatabase creates nothing beside the journal of a database that is gone", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  for (const end of ["-journal", "-wal"]) {
    Deno.writeTextFileSync(path + end, "precious");
    await fails(() => openDatabase(path, CREATE), "database_foreign");
    assert.equal(Deno.readTextFileSync(path + end), "precious");
    Deno.removeSync(path + end);
  }
});

Deno.test("openDatabase does not wait for a named pipe, or follow a dangling link", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  for (const end of ["-journal", "-wal"]) {
    await mustRun("mkfifo", [directory.db + end]);
    await fails(() => openDatabase(directory.db, OPEN), "database_foreign");
    // SQLite looks beside the file itself, not beside a link to it.
    const link = `${directory.path}/link-to-db`;
    Deno.symlinkSync(directory.db, link);
    await fails(() => openDatabase(link, OPEN), "database_foreign");
    Deno.removeSync(link);
    Deno.removeSync(directory.db + end);
  }
  await mustRun("mkfifo", [`${directory.path}/pipe`]);
  await fails(() => openDatabase(`${directory.path}/pipe`, CREATE), "database_foreign");
  const target = `${directory.path}/target`;
  Deno.symlinkSync(target, `${directory.path}/link`);
  await fails(() => openDatabase(`${directory.path}/link`, CREATE), "untrusted_path");
  assert.throws(() => Deno.statSync(target), Deno.errors.NotFound);
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

Deno.test("a transaction waits for another one for its time, then reports the lock", async () => {
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
  const steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x)", "INSERT INTO a VALUES (1)"];
  for (let from = 0; from <= steps.length; from++) {
    using database = new DatabaseSync(":memory:");
    migrate(database, "x", steps.slice(0, from));
    migrate(database, "x", steps);
    assert.equal(schemaVersion(database), 3);
    const { n } = database.prepare("SELECT count(*) AS n FROM a").get()!;
    assert.equal(n, 1);
  }
});

Deno.test("openDatabase brings a database of the first schema up to date, with all its content", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  {
    using first = new DatabaseSync(path);
    Deno.chmodSync(path, 0o600);
    migrate(first, path, MIGRATIONS.slice(0, 1));
    first.prepare("INSERT INTO enrolments VALUES ('alice', x'0102', 'VPN', 1, 2, 3)").run();
  }
  using database = await openDatabase(path, OPEN);
  const alice = await new SqliteEnrolmentStore(database).find("alice");
  assert.deepEqual(alice, {
    username: "alice",
    secret: { keyId: "none", bytes: new Uint8Array() },
    issuer: "VPN",
    enrolledAt: 1,
    lastLoginAt: 2,
    lastTimeStep: 3,
    failures: NO_FAILURES,
    parameters: COMMON_PARAMETERS,
    disabledAt: null,
    uncodedLoginAt: null,
    tokensValidFrom: 1,
    recoveryCodes: 0,
  });
});

Deno.test("openDatabase refuses a newer schema and leaves it as it is", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  using database = new DatabaseSync(directory.db);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  await fails(() => openDatabase(directory.db, OPEN), "database_newer");
  assert.equal(schemaVersion(database), MIGRATIONS.length + 1);
});

Deno.test("openDatabase refuses triggers and views, which would act on our statements", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  for (
    const [make, remove] of [
      ["TRIGGER t AFTER INSERT ON challenges BEGIN SELECT 1; END", "TRIGGER t"],
      ["VIEW v AS SELECT 1", "VIEW v"],
    ]
  ) {
    using database = new DatabaseSync(directory.db);
    database.exec(`CREATE ${make}`);
    await fails(() => openDatabase(directory.db, OPEN), "database_foreign");
    database.exec(`DROP ${remove}`);
    (await openDatabase(directory.db, OPEN)).close();
  }
});

Deno.test("openDatabase reports a schema version that no program wrote", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  for (const version of [0, -1]) {
    using database = new DatabaseSync(directory.db);
    database.exec(`PRAGMA user_version = ${version}`);
    await fails(() => openDatabase(directory.db, OPEN), "database_corrupt");
  }
});

Deno.test("a failed migration leaves the old schema", async () => {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, CREATE);
  await assert.rejects(
    database.transaction((connection) =>
      migrate(connection, directory.db, [...MIGRATIONS, "CREATE TABLE half (x); SELECT nonsense"])
    ),
  );
  using connection = new DatabaseSync(directory.db);
  assert.equal(schemaVersion(connection), MIGRATIONS.length);
  assert.equal(
    connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get(),
    undefined,
  );
});

Deno.test("a deleted secret is gone from the file, too", async () => {
  await using directory = await makeTestDirectory();
  const secret = new Uint8Array(20).fill(0xd5);
  const isInFile = () =>
    new TextDecoder("latin1").decode(Deno.readFileSync(directory.db))
      .includes(String.fromCharCode(...secret));
  {
    using database = await openDatabase(directory.db, CREATE);
    const store = new SqliteEnrolmentStore(database);
    await enrolAlice(store, 0xd5);
    assert.equal(isInFile(), true);
    await store.delete("alice", 0);
  }
  assert.equal(isInFile(), false);
});

Deno.test("openDatabase requires both marks of our databases", async () => {
  await using directory = await makeTestDirectory();
  (await openDatabase(directory.db, CREATE)).close();
  const bytes = Deno.readFileSync(directory.db);
  Deno.writeFileSync(directory.db, bytes.fill(0x20, 0, 6));
  await fails(() => openDatabase(directory.db, OPEN), "database_foreign");
});

async function enrolAlice(store: SqliteEnrolmentStore, firstByte = 1): Promise<void> {
  const secret = {
    keyId: "0011223344556677",
    bytes: new Uint8Array(20).fill(firstByte),
  };
  await store.enrol([newEnrolment("alice", secret)], {
    mayReplace: () => false,
    ...ANY_KEYS,
  });
}

Deno.test("an enrolment whose codes would be easier to guess is refused", async () => {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, CREATE);
  const store = new SqliteEnrolmentStore(database);
  await enrolAlice(store);
  const usual = { digits: "6", period: "30", algorithm: "'SHA1'" };
  const bad = { digits: "1", period: "86400", algorithm: "'MD5'" };
  for (const column of ["digits", "period", "algorithm"] as const) {
    const set = (value: string) =>
      database.read((connection) => connection.exec(`UPDATE enrolments SET ${column} = ${value}`));
    await set(bad[column]);
    await fails(async () => await store.find("alice"), "database_corrupt");
    await set(usual[column]);
    assert(await store.find("alice"));
  }
});
