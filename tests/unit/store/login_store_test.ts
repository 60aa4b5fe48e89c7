import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../src/core/failure.ts";
import type { PlaceFailures } from "../../../src/core/throttle.ts";
import type { DecisionRecord } from "../../../src/core/decision.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { ANY_KEYS, sealedEnrolment } from "../../lab/secrets.ts";

/** A challenge for alice; its `answer` is null, as it must be for a new one. */
function challengeAt(createdAt: number, id: string, loginName = "alice") {
  return {
    id,
    loginName,
    username: "alice",
    commonName: null,
    address: null,
    createdAt,
    expiresAt: createdAt + 1000,
    answer: null,
  };
}

const RULE = { maxDays: 90, maxRows: 1000 };

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

Deno.test("findEnrolment finds a user by the name of their last login", async () => {
  await using alice = await makeStores();
  const { find, challenge, accept, enrolments } = alice;
  assert.equal(await find("alice", "x"), "alice");
  assert.equal(await find("ALICE", "ALICE"), null);
  await challenge(0, "a", "ALICE");
  assert.equal(await find("ALICE", "ALICE"), null);
  await accept("a", 1);
  assert.equal(await find("ALICE", "ALICE"), "alice");
  await enrolments.delete("alice", 0);
  assert.equal(await find("ALICE", "ALICE"), null);
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
  assert.equal(pending!.enrolment.lastStep, null);
});

Deno.test("a challenge keeps its first answer", async () => {
  await using alice = await makeStores();
  const { store, challenge } = alice;
  await challenge(0, "a");
  await store.transaction(async (records) => {
    await records.answerChallenge("a", "refused");
    await records.answerChallenge("a", "accepted");
  });
  const pending = await store.findPending("a");
  assert.equal(pending!.challenge.answer, "refused");
});

Deno.test("a login of one user leaves the others as they are", async () => {
  await using alice = await makeStores();
  const { enrolments, challenge, accept } = alice;
  await enrol(enrolments, "bob");
  await challenge(0, "a");
  await accept("a", 7);
  assert.equal((await enrolments.find("alice"))!.lastStep, 7);
  const bob = (await enrolments.find("bob"))!;
  assert.equal(bob.lastStep, null);
  assert.equal(bob.lastLoginAt, null);
});

Deno.test("a new enrolment starts from scratch", async () => {
  await using alice = await makeStores();
  const { find, enrolments, challenge, accept } = alice;
  await challenge(0, "a", "ALICE");
  await accept("a", 7);
  await enrol(enrolments, "alice", true);
  const { lastStep, lastLoginAt } = (await enrolments.find("alice"))!;
  assert.deepEqual([lastStep, lastLoginAt], [null, null]);
  assert.equal(await find("ALICE", "ALICE"), null);
});

Deno.test("findEnrolment prefers the user with exactly that name", async () => {
  await using alice = await makeStores();
  const { find, enrolments, challenge, accept } = alice;
  await challenge(0, "a", "ALICE");
  await accept("a", 7);
  await enrol(enrolments, "ALICE");
  assert.equal(await find("ALICE", "ALICE"), "ALICE");
});

Deno.test("a login removes at most a hundred challenges of others", async () => {
  await using alice = await makeStores();
  const { challenge, count } = alice;
  for (let i = 0; i < 150; i++) await challenge(0, `old ${i}`);
  await challenge(5000, "new");
  assert.equal(await count("challenges"), 51);
});

Deno.test("openChallenges returns those that still wait", async () => {
  await using alice = await makeStores();
  const { enrolments, challenge, accept } = alice;
  for (const id of ["open", "settled"]) await challenge(0, id);
  await accept("settled", 1);
  const ids = async (nowMs: number) => (await enrolments.openChallenges(nowMs)).map(({ id }) => id);
  assert.deepEqual(await ids(999), ["open"]);
  assert.deepEqual(await ids(1000), []);
  assert.deepEqual(await enrolments.openChallenges(999, "bob"), []);
});

Deno.test("failures are kept by place, and forgotten in time", async () => {
  await using alice = await makeStores();
  const { store } = alice;
  const save = (key: string, failures: PlaceFailures | null) =>
    store.transaction((records) => records.savePlaceFailures(key, failures));
  const find = (key: string) => store.transaction((records) => records.findPlaceFailures(key));
  await save("x", { count: 1, lastAt: 1000 });
  await save("x", { count: 2, lastAt: 2000 });
  await save("y", { count: 1, lastAt: 1000 });
  assert.deepEqual(await find("x"), { count: 2, lastAt: 2000 });
  await save("x", null);
  assert.equal(await find("x"), null);
  await save("z", { count: 1, lastAt: 1000 + 60 * 60 * 1000 });
  assert.equal(await find("y"), null);
});

Deno.test("the audit trail is bounded by number and age, a few rows at a time", async () => {
  await using alice = await makeStores();
  const { store, enrolments, count } = alice;
  const record = (at: number, rule = RULE) =>
    store.transaction((records) => records.recordDecision({ ...DECISION, at }, rule));
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

Deno.test("the audit trail returns what is asked for, and bounds what clients send", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  await store.transaction(async (records) => {
    await records.recordDecision(DECISION, RULE);
    await records.recordDecision({
      ...DECISION,
      at: 2,
      outcome: "refused",
      username: null,
      loginName: "x".repeat(100_000),
    }, RULE);
  });
  const find = async (filter: Parameters<typeof enrolments.decisions>[0]) =>
    (await Array.fromAsync(enrolments.decisions(filter))).flat()
      .map(({ at }) => at);
  assert.deepEqual(
    await Array.fromAsync(enrolments.decisions({ username: "alice" })),
    [[DECISION]],
  );
  assert.deepEqual(await find({ username: "ALICE" }), [1]);
  assert.deepEqual(await find({ username: "x".repeat(256) }), [2]);
  assert.deepEqual(await find({ outcome: "refused" }), [2]);
  assert.deepEqual(await find({ since: 2 }), [2]);
  assert.deepEqual(await find({}), [1, 2]);
});

Deno.test("the audit trail is read in pages, each row once and in order", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  const times = Array.from({ length: 2500 }, (_, i) => i);
  await store.transaction(async (records) => {
    for (const at of times) {
      await records.recordDecision({ ...DECISION, at }, {
        ...RULE,
        maxRows: 10_000,
      });
    }
  });
  const pages = await Array.fromAsync(enrolments.decisions({}));
  assert(pages.length > 1);
  assert.deepEqual(pages.flat().map(({ at }) => at), times);
});

const DECISION: DecisionRecord = {
  at: 1,
  loginName: "ALICE",
  username: "alice",
  address: "2001:db8::7",
  commonName: "laptop",
  step: "code",
  outcome: "accepted",
  by: "code",
  reason: null,
  detail: null,
};

/** A database in which alice is enrolled, with both stores on it, which do not wait for locks. */
async function makeStores() {
  const directory = await makeTestDirectory();
  const path = directory.db;
  const database = await openDatabase(path, { create: true, busyTimeoutMs: 0 });
  const enrolments = new SqliteEnrolmentStore(database);
  await enrol(enrolments, "alice");
  const store = new SqliteLoginStore(database);
  return {
    path,
    database,
    enrolments,
    store,
    challenge: (createdAt: number, id: string, loginName?: string) =>
      store.transaction((records) =>
        records.recordChallenge(challengeAt(createdAt, id, loginName))
      ),
    accept: (id: string, at: number) =>
      store.transaction(async (records) => {
        const { challenge } = (await records.findPending(id))!;
        await records.answerChallenge(id, "accepted");
        const { username, loginName } = challenge;
        await records.recordLogin({ username, loginName, step: at, at });
      }),
    find: (username: string, loginName: string) =>
      store.transaction(async (records) => {
        const found = await records.findEnrolment(username, loginName);
        return found?.username ?? null;
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

async function enrol(
  store: SqliteEnrolmentStore,
  username: string,
  replace = false,
): Promise<void> {
  await store.enrol(
    [await sealedEnrolment(username, new Uint8Array(20))],
    { mayReplace: () => replace, ...ANY_KEYS },
  );
}
