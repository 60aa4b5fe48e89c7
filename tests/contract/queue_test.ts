import assert from "node:assert/strict";
import type { LoginRecords } from "../../src/store/store.ts";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../src/store/sqlite/login_store.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { ANY_KEYS, sealedEnrolment } from "../lab/secrets.ts";

const challenge = (id: string, username: string) => ({
  id,
  username,
  loginName: username,
  commonName: null,
  address: null,
  createdAt: 0,
  expiresAt: 1000,
  answer: null,
});

const decision = (at: number, loginName: string) => ({
  at,
  loginName,
  username: loginName,
  address: null,
  commonName: null,
  step: "code" as const,
  outcome: "accepted" as const,
  by: "code",
  reason: null,
  detail: null,
});
const RULE = { maxDays: 90, maxRows: 1000 };

async function settle(records: LoginRecords, username: string, between: () => Promise<void>) {
  await records.answerChallenge(username, "accepted");
  await between();
  await records.recordLogin({ username, loginName: username, step: 7, at: 1 });
  await records.recordDecision(decision(1, username), RULE);
}

async function makeStores() {
  const directory = await makeTestDirectory();
  const database = await openDatabase(directory.db, { create: true, busyTimeoutMs: 0 });
  const enrolments = new SqliteEnrolmentStore(database);
  const store = new SqliteLoginStore(database);
  for (const name of ["alice", "bob"]) {
    await enrolments.enrol([await sealedEnrolment(name, new Uint8Array(20))], {
      mayReplace: () => false,
      ...ANY_KEYS,
    });
    await store.transaction((records) => records.recordChallenge(challenge(name, name)));
  }
  return {
    store,
    enrolments,
    async state(name: string) {
      const pending = await store.findPending(name);
      const trail = (await Array.fromAsync(enrolments.decisions({ username: name }))).flat();
      return [pending!.challenge.answer, pending!.enrolment.lastStep, trail.length];
    },
    async [Symbol.asyncDispose]() {
      database.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Waits for other work of this process, as a signature in another thread does. */
const elsewhere = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

Deno.test("two logins' transactions that interleave on one connection both hold", async () => {
  await using made = await makeStores();
  const { store, state } = made;
  const results = await Promise.allSettled(
    ["alice", "bob"].map((name) =>
      store.transaction((records) => settle(records, name, elsewhere))
    ),
  );
  assert.deepEqual(results.map((result) => result.status === "rejected" ? result.reason : "done"), [
    "done",
    "done",
  ]);
  assert.deepEqual(await state("alice"), ["accepted", 7, 1]);
  assert.deepEqual(await state("bob"), ["accepted", 7, 1]);
});

Deno.test("a transaction that fails leaves the one beside it whole", async () => {
  await using made = await makeStores();
  const { store, state } = made;
  const results = await Promise.allSettled([
    store.transaction((records) => settle(records, "alice", elsewhere)),
    store.transaction((records) =>
      settle(records, "bob", () => Promise.reject(new Error("on fire")))
    ),
  ]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected"]);
  assert.deepEqual(await state("alice"), ["accepted", 7, 1]);
  assert.deepEqual(await state("bob"), [null, null, 0]);
});
