import assert from "node:assert/strict";
import { Failure } from "../../src/core/failure.ts";
import { NO_FAILURES } from "../../src/core/lockout.ts";
import type { LoginRecords, Store } from "../../src/store/store.ts";
import {
  challenge,
  challengeOf,
  decisionOf,
  type Engine,
  enrol,
  RULE,
  trailOf,
  withAlice,
} from "./stores.ts";

/** Transactions: all or nothing, and one after the other. */
export function testTransactions(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("transactions that interleave on one store all hold", async (store) => {
    await challengeBoth(store);
    await Promise.all(
      ["alice", "bob"].map((name) =>
        store.logins.transaction((records) => settle(records, name, elsewhere))
      ),
    );
    assert.deepEqual(await stateOf(store, "alice"), SETTLED);
    assert.deepEqual(await stateOf(store, "bob"), SETTLED);
  });

  test("a transaction that fails leaves those beside it whole", async (store) => {
    await challengeBoth(store);
    for (const [first, second] of [["alice", "bob"], ["bob", "alice"]] as const) {
      const results = await Promise.allSettled(
        [first, second].map((name) =>
          store.logins.transaction((records) =>
            settle(records, name, name === "bob" ? onFire : elsewhere)
          )
        ),
      );
      const rejected = results.filter(({ status }) => status === "rejected");
      assert.equal(rejected.length, 1);
      assert.deepEqual((await stateOf(store, "alice")).slice(0, 2), SETTLED.slice(0, 2));
      assert.deepEqual(await stateOf(store, "bob"), UNTOUCHED);
    }
  });

  test("nothing stays of a transaction that fails", async (store) => {
    await challengeBoth(store);
    const work = store.logins.transaction(async (records) => {
      await records.savePlaceFailures("x", { level: 1, lastAt: 1, goneAt: 9 });
      await records.saveKnownPlace("x", { username: "a", lastLoginAt: 1, failures: NO_FAILURES });
      await records.openAttempt({ id: "x", places: ["x"], expiresAt: 9 }, 1);
      await records.recordUncodedSession({ username: "alice", since: 1, until: 9 });
      assert.equal(await records.isNewPassword("x", "mark", 1, 9), true);
      assert.equal(await records.isNoticeDue("n", 1, 0), true);
      await records.recordChallenge(challengeOf("more"));
      await settle(records, "alice", onFire);
    });
    await assert.rejects(work, /on fire/);
    assert.deepEqual(await stateOf(store, "alice"), UNTOUCHED);
    assert.equal(await store.logins.findPending("more"), null);
    await store.logins.transaction(async (records) => {
      assert.equal(await records.findPlaceFailures("x"), null);
      assert.equal(await records.findKnownPlace("x"), null);
      assert.equal((await records.openAttemptsAt("x")).count, 0);
      assert.equal(await records.mayBeUncoded("alice", 5), false);
      assert.equal(await records.isNewPassword("x", "mark", 1, 9), true);
      assert.equal(await records.isNoticeDue("n", 1, 0), true);
    });
  });

  test("a read beside a transaction sees nothing that isn't committed", async (store) => {
    await challengeBoth(store);
    const inside = Promise.withResolvers<void>();
    const failing = store.logins.transaction((records) =>
      settle(records, "alice", async () => {
        inside.resolve();
        await elsewhere();
        await onFire();
      })
    );
    await inside.promise;
    const [state] = await Promise.all([
      stateOf(store, "alice"),
      assert.rejects(failing, /on fire/),
    ]);
    assert.deepEqual(state, UNTOUCHED);
  });

  test("counting up in many transactions of one store at once loses nothing", async (store) => {
    await Promise.all(Array.from({ length: 20 }, () => store.logins.transaction(countUp)));
    assert.equal(await countIn(store), 20);
  });

  test("counting up in many transactions of two stores loses nothing", async (store) => {
    await using another = await store.openAnother();
    const stores: Store[] = [store, another];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => stores[i % 2]!.logins.transaction(countUp)),
    );
    for (const result of results) {
      if (result.status === "rejected") requireLocked(result.reason);
    }
    const counted = results.filter(({ status }) => status === "fulfilled").length;
    assert(counted > 0);
    assert.equal(await countIn(store), counted);
  });

  test("transactions of two stores hold wholly, or are refused wholly", async (store) => {
    await using another = await store.openAnother();
    await challengeBoth(store);
    const results = await Promise.allSettled([
      store.logins.transaction((records) => settle(records, "alice", elsewhere)),
      another.logins.transaction((records) => settle(records, "bob", elsewhere)),
    ]);
    assert(results.some(({ status }) => status === "fulfilled"));
    for (const [i, name] of ["alice", "bob"].entries()) {
      const result = results[i]!;
      if (result.status === "rejected") requireLocked(result.reason);
      assert.deepEqual(
        await stateOf(store, name),
        result.status === "fulfilled" ? SETTLED : UNTOUCHED,
      );
    }
  });

  test("a store that is closed in good order has done all that it was asked", async (store) => {
    await challengeBoth(store);
    const another = await store.openAnother();
    const settled = another.logins.transaction((records) => settle(records, "alice", elsewhere));
    await another[Symbol.asyncDispose]();
    await settled;
    assert.deepEqual(await stateOf(store, "alice"), SETTLED);
  });
}

/** Answer, last step, and how many decisions. */
const SETTLED = ["accepted", 7, 1];
const UNTOUCHED = [null, null, 0];

async function challengeBoth(store: Store): Promise<void> {
  await enrol(store, ["bob"]);
  for (const username of ["alice", "bob"]) {
    await challenge(store, challengeOf(username, 0, { username }));
  }
}

async function settle(
  records: LoginRecords,
  username: string,
  between: () => Promise<void>,
): Promise<void> {
  await records.answerChallenge(username, "accepted");
  await records.recordDecision(decisionOf(1, { username }), RULE);
  await between();
  await records.recordLogin({ username, loginName: username, timeStep: 7, at: 1 });
}

async function stateOf(store: Store, username: string): Promise<unknown[]> {
  const { challenge, enrolment } = (await store.logins.findPending(username))!;
  return [challenge.answer, enrolment.lastTimeStep, (await trailOf(store, { username })).length];
}

/** Waits for something else in this process, long enough for others to come between. */
function elsewhere(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

async function onFire(): Promise<void> {
  await elsewhere();
  throw new Error("on fire");
}

async function countUp(records: LoginRecords): Promise<void> {
  const earlier = await records.findPlaceFailures("x");
  await Promise.resolve();
  const level = (earlier?.level ?? 0) + 1;
  await records.savePlaceFailures("x", { level, lastAt: 1, goneAt: 9 });
}

/** What {@link countUp} has come to. */
async function countIn({ logins }: Store): Promise<number> {
  return (await logins.transaction((records) => records.findPlaceFailures("x")))!.level;
}

function requireLocked(error: unknown): void {
  assert(error instanceof Failure, String(error));
  assert.equal(error.code, "database_locked", error.message);
}
