import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../../src/core/failure.ts";
import { KNOWN_FOR_MS } from "../../../../src/core/known_place.ts";
import { NO_FAILURES } from "../../../../src/core/lockout.ts";
import { openDatabase } from "../../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../../src/store/sqlite/login_store.ts";
import { challengeOf, decisionOf, RULE } from "../../../contract/stores.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { ANY_KEYS, sealedEnrolment } from "../../../lab/secrets.ts";

Deno.test("recordChallenge accepts an attempt once, and forgets expired challenges", async () => {
  await using alice = await makeStores();
  const { database, challenge, accept } = alice;
  const day = 24 * 60 * 60 * 1000;
  const attempts = () =>
    database.read((connection) =>
      connection.prepare("SELECT attempt FROM challenges ORDER BY attempt")
        .all().map(({ attempt }) => attempt)
    );
  await challenge(0, "a");
  await assert.rejects(
    () => challenge(1, "a"),
    (error) => error instanceof Failure && error.code === "challenge_exists",
  );
  await accept("a", 1);
  await challenge(0, "b");
  await challenge(999, "c");
  assert.deepEqual(await attempts(), ["a", "b", "c"]);
  // An open challenge is removed when it expires; an accepted one must still ignore second answers.
  await challenge(1000, "d");
  assert.deepEqual(await attempts(), ["a", "c", "d"]);
  await challenge(day + 999, "e");
  assert.deepEqual(await attempts(), ["a", "e"]);
  await challenge(day + 1000, "f");
  assert.deepEqual(await attempts(), ["e", "f"]);
});

Deno.test("nobody else can write within a login's transaction", async () => {
  await using alice = await makeStores();
  using other = new DatabaseSync(alice.path);
  await alice.store.transaction(() => {
    assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked/);
    return Promise.resolve();
  });
  other.exec("BEGIN IMMEDIATE; ROLLBACK");
});

Deno.test("a login's transaction whose commit or work fails leaves nothing", async () => {
  await using alice = await makeStores();
  const { store, path, challenge, accept } = alice;
  await challenge(0, "a");
  {
    using reader = new DatabaseSync(path);
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM challenges").get();
    await assert.rejects(
      accept("a", 1),
      (error) => error instanceof Failure && error.code === "database_locked",
    );
    reader.exec("ROLLBACK");
  }
  await assert.rejects(
    store.transaction(async (records) => {
      await records.answerChallenge("a", "accepted");
      throw new Error("on fire");
    }),
    /on fire/,
  );
  const pending = await store.transaction((records) => records.findPending("a"));
  assert.equal(pending!.challenge.answer, null);
  assert.equal(pending!.enrolment.lastTimeStep, null);
});

Deno.test("a login removes at most a hundred challenges of others", async () => {
  await using alice = await makeStores();
  const { challenge, count } = alice;
  for (let i = 0; i < 150; i++) await challenge(0, `old ${i}`);
  await challenge(5000, "new");
  assert.equal(await count("challenges"), 51);
});

Deno.test("a login removes at most a hundred places of others", async () => {
  await using alice = await makeStores();
  const { store, count } = alice;
  const gone = { level: 1, lastAt: 0, goneAt: 1000 };
  const known = { username: "alice", lastLoginAt: 0, failures: NO_FAILURES };
  await store.transaction(async (records) => {
    for (let i = 0; i < 150; i++) {
      await records.savePlaceFailures(`${i}`, gone);
      await records.saveKnownPlace(`${i}`, known);
      await records.openAttempt({ id: `${i}`, places: ["net"], expiresAt: 0 }, 0);
    }
    // A hundred of them go with a failure, and a hundred with a password.
    for (let i = 0; i < 250; i++) await records.isNewPassword(`${i}`, "mark", 0, 1000);
  });
  const later = KNOWN_FOR_MS;
  await store.transaction(async (records) => {
    await records.savePlaceFailures("new", { level: 1, lastAt: later, goneAt: later + 1 });
    await records.saveKnownPlace("new", { ...known, lastLoginAt: later });
    await records.isNewPassword("new", "mark", later, later + 1);
    await records.openAttempt({ id: "new", places: ["net"], expiresAt: later }, later);
  });
  for (const table of ["place_failures", "known_places", "wrong_passwords", "open_attempts"]) {
    assert.equal(await count(table), 51, table);
  }
});

Deno.test("many sessions without a code take up no more than fifty rows of a user", async () => {
  await using alice = await makeStores();
  const { store, count } = alice;
  await store.transaction(async (records) => {
    for (let i = 0; i < 200; i++) {
      await records.recordUncodedSession({ username: "alice", since: i, until: i });
      if (i < 60) await records.recordUncodedSession({ username: "bob", since: i, until: i });
    }
  });
  assert.equal(await count("uncoded_sessions"), 100);
});

Deno.test("the audit trail is bounded by number and age, a few rows at a time", async () => {
  await using alice = await makeStores();
  const { store, enrolments, count } = alice;
  const record = (at: number, rule = RULE) =>
    store.transaction((records) => records.recordDecision(decisionOf(at), rule));
  const times = async () =>
    (await Array.fromAsync(enrolments.decisions({}))).flat()
      .map(({ at }) => at);
  for (let at = 0; at < 110; at++) await record(at);
  await record(110, { ...RULE, maxRows: 100 });
  assert.deepEqual([await count("decisions"), (await times())[0]], [100, 11]);
  await record(111, { ...RULE, maxRows: 10 });
  assert.equal(await count("decisions"), 81);

  const day = 24 * 60 * 60 * 1000;
  await record(day + 40, { ...RULE, maxDays: 1 });
  assert.equal((await times())[0], 40);
});

Deno.test("the audit trail bounds what clients send", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  const long = decisionOf(1, { loginName: "x".repeat(100_000), detail: "y".repeat(100_000) });
  await store.transaction((records) => records.recordDecision(long, RULE));
  const [found] = (await Array.fromAsync(enrolments.decisions({}))).flat();
  assert.equal(found!.loginName, "x".repeat(256));
  assert.equal(found!.detail, "y".repeat(512));
});

/** A database in which alice is enrolled, with both stores on it, which do not wait for locks. */
async function makeStores() {
  const directory = await makeTestDirectory();
  const path = directory.db;
  const database = await openDatabase(path, { create: true, busyTimeoutMs: 0 });
  const enrolments = new SqliteEnrolmentStore(database);
  await enrolments.enrol(
    [await sealedEnrolment("alice", new Uint8Array(20))],
    { mayReplace: () => false, ...ANY_KEYS },
  );
  const store = new SqliteLoginStore(database);
  return {
    path,
    database,
    enrolments,
    store,
    challenge: (createdAt: number, id: string) =>
      store.transaction((records) => records.recordChallenge(challengeOf(id, createdAt))),
    accept: (id: string, at: number) =>
      store.transaction(async (records) => {
        const { challenge } = (await records.findPending(id))!;
        await records.answerChallenge(id, "accepted");
        const { username, loginName } = challenge;
        await records.recordLogin({ username, loginName, timeStep: at, at });
      }),
    count: (table: string) =>
      database.read((connection) =>
        connection.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n
      ),
    async [Symbol.asyncDispose]() {
      database.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}
