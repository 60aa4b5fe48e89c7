import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../src/core/failure.ts";
import { Redacted } from "../../../src/core/redacted.ts";
import {
  type Database,
  openDatabase,
} from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { makeTestDirectory } from "../../lab/program.ts";

/** A challenge for alice; an `answer` has no place in a new one. */
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

const accept = (at: number) => () =>
  Promise.resolve({
    verdict: null,
    settlement: { answer: "accepted" as const, step: at, at },
  });

Deno.test("recordChallenge takes an attempt once, and forgets what is over", async () => {
  await using alice = await makeStores();
  const { store, database } = alice;
  const day = 24 * 60 * 60 * 1000;
  const attempts = () =>
    database.read((connection) =>
      connection.prepare("SELECT attempt FROM challenges ORDER BY attempt")
        .all().map(({ attempt }) => attempt)
    );
  assert.equal(await store.recordChallenge(challengeAt(0, "a")), true);
  await assert.rejects(
    () => store.recordChallenge(challengeAt(1, "a")),
    (error) => error instanceof Failure && error.code === "challenge_exists",
  );
  await store.settleChallenge("a", accept(1));
  await store.recordChallenge(challengeAt(0, "b"));
  await store.recordChallenge(challengeAt(999, "c"));
  assert.deepEqual(attempts(), ["a", "b", "c"]);
  // An open challenge goes with its expiry; an accepted one must still ignore second answers.
  await store.recordChallenge(challengeAt(1000, "d"));
  assert.deepEqual(attempts(), ["a", "c", "d"]);
  await store.recordChallenge(challengeAt(day + 999, "e"));
  assert.deepEqual(attempts(), ["a", "e"]);
  await store.recordChallenge(challengeAt(day + 1000, "f"));
  assert.deepEqual(attempts(), ["e", "f"]);
});

Deno.test("findEnrolment finds a user by the name of their last login", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  const find = async (username: string, loginName: string) =>
    (await store.findEnrolment(username, loginName))?.username ?? null;
  assert.equal(await find("alice", "x"), "alice");
  assert.equal(await find("ALICE", "ALICE"), null);
  await store.recordChallenge(challengeAt(0, "a", "ALICE"));
  assert.equal(await find("ALICE", "ALICE"), null);
  await store.settleChallenge("a", accept(1));
  assert.equal(await find("ALICE", "ALICE"), "alice");
  await enrolments.delete("alice");
  assert.equal(await find("ALICE", "ALICE"), null);
});

Deno.test("an answer without an open challenge doesn't wait for another's transaction", async () => {
  await using alice = await makeStores();
  const { store, path } = alice;
  await store.recordChallenge(challengeAt(0, "a"));
  await store.settleChallenge("a", accept(1));
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  // With a busy timeout of 0, waiting would be a failure.
  const seen: (string | null | undefined)[] = [];
  for (const id of ["a", "none"]) {
    await store.settleChallenge(id, (pending) => {
      seen.push(pending && pending.challenge.answer);
      return accept(2)();
    });
  }
  assert.deepEqual(seen, ["accepted", null]);
});

Deno.test("nobody else can write while an answer is decided", async () => {
  await using alice = await makeStores();
  const { store, path } = alice;
  await store.recordChallenge(challengeAt(0, "a"));
  using other = new DatabaseSync(path);
  await store.settleChallenge("a", () => {
    assert.throws(() => other.exec("BEGIN IMMEDIATE"), /locked/);
    return accept(1)();
  });
  other.exec("BEGIN IMMEDIATE; ROLLBACK");
});

Deno.test("no verdict comes of an answer whose commit fails", async () => {
  await using alice = await makeStores();
  const { store, path } = alice;
  await store.recordChallenge(challengeAt(0, "a"));
  using reader = new DatabaseSync(path);
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM challenges").get();
  await assert.rejects(
    store.settleChallenge("a", accept(1)),
    (error) => error instanceof Failure && error.code === "database_locked",
  );
  reader.exec("ROLLBACK");
  let seen: unknown;
  await store.settleChallenge("a", (pending) => {
    seen = pending?.challenge.answer;
    return accept(1)();
  });
  assert.equal(seen, null);
});

Deno.test("a login of one user leaves the others as they are", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  await enrol(enrolments, "bob");
  await store.recordChallenge(challengeAt(0, "a"));
  await store.settleChallenge("a", accept(7));
  assert.equal((await enrolments.find("alice"))!.lastStep, 7);
  const bob = (await enrolments.find("bob"))!;
  assert.equal(bob.lastStep, null);
  assert.equal(bob.lastLoginAt, null);
});

Deno.test("a new enrolment begins anew", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  await store.recordChallenge(challengeAt(0, "a", "ALICE"));
  await store.settleChallenge("a", accept(7));
  await enrol(enrolments, "alice", true);
  const { lastStep, lastLoginAt } = (await enrolments.find("alice"))!;
  assert.deepEqual([lastStep, lastLoginAt], [null, null]);
  assert.equal(await store.findEnrolment("ALICE", "ALICE"), null);
});

Deno.test("findEnrolment prefers the user of that very name", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  await store.recordChallenge(challengeAt(0, "a", "ALICE"));
  await store.settleChallenge("a", accept(7));
  await enrol(enrolments, "ALICE");
  const found = await store.findEnrolment("ALICE", "ALICE");
  assert.equal(found?.username, "ALICE");
});

Deno.test("a login pays for a hundred challenges of others at the most", async () => {
  await using alice = await makeStores();
  const { store, database } = alice;
  for (let i = 0; i < 150; i++) {
    await store.recordChallenge(challengeAt(0, `old ${i}`));
  }
  await store.recordChallenge(challengeAt(5000, "new"));
  const { n } = database.read((connection) =>
    connection.prepare("SELECT count(*) AS n FROM challenges").get()!
  );
  assert.equal(n, 51);
});

Deno.test("openChallenges gives those that still wait", async () => {
  await using alice = await makeStores();
  const { store, enrolments } = alice;
  for (const id of ["open", "settled"]) {
    await store.recordChallenge(challengeAt(0, id));
  }
  await store.settleChallenge("settled", accept(1));
  const ids = async (nowMs: number) =>
    (await enrolments.openChallenges(nowMs)).map(({ id }) => id);
  assert.deepEqual(await ids(999), ["open"]);
  assert.deepEqual(await ids(1000), []);
  assert.deepEqual(await enrolments.openChallenges(999, "bob"), []);
});

Deno.test("failed passwords are counted by place, and forgotten in time", async () => {
  await using alice = await makeStores();
  const { store } = alice;
  await store.addPasswordFailure(["x", "y"], 1000);
  await store.addPasswordFailure(["x"], 2000);
  assert.deepEqual(await store.findPasswordFailures("x"), {
    count: 2,
    lastAt: 2000,
  });
  await store.forgetPasswordFailures("x");
  assert.equal(await store.findPasswordFailures("x"), null);
  await store.addPasswordFailure(["z"], 1000 + 60 * 60 * 1000);
  assert.equal(await store.findPasswordFailures("y"), null);
});

/** A database with alice enrolled, both stores on it, and no patience with locks. */
async function makeStores(): Promise<
  AsyncDisposable & {
    path: string;
    database: Database;
    store: SqliteLoginStore;
    enrolments: SqliteEnrolmentStore;
  }
> {
  const directory = await makeTestDirectory();
  const path = directory.db;
  const database = await openDatabase(path, { create: true, busyTimeoutMs: 0 });
  const enrolments = new SqliteEnrolmentStore(database);
  await enrol(enrolments, "alice");
  return {
    path,
    database,
    enrolments,
    store: new SqliteLoginStore(database),
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
  await store.enrol({
    username,
    secret: new Redacted(new Uint8Array(20)),
    issuer: "VPN",
    enrolledAt: 0,
  }, { replace });
}
