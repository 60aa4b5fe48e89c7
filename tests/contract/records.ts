import assert from "node:assert/strict";
import type { Store } from "../../src/store/store.ts";
import type { PlaceFailures } from "../../src/core/throttle.ts";
import { decisionOf, type Engine, RULE, trailOf, withAlice } from "./stores.ts";

const HOUR_MS = 60 * 60 * 1000;

/** What is kept beside users: the audit trail, places' failures, notices. */
export function testRecords(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    Deno.test(`${engine.name}: ${name}`, () => withAlice(engine, work));

  test("the audit trail gives what is asked for", async (store) => {
    const first = decisionOf(1);
    const second = decisionOf(2, { outcome: "refused", username: null, loginName: "it's \t%" });
    const third = decisionOf(3, { loginName: null, address: null, commonName: null, by: null });
    for (const decision of [first, second, third]) await record(store, decision);
    assert.deepEqual(await trailOf(store), [first, second, third]);
    assert.deepEqual(await trailOf(store, { username: "alice" }), [first, third]);
    assert.deepEqual(await trailOf(store, { username: "ALICE" }), [first]);
    assert.deepEqual(await trailOf(store, { username: "it's \t%" }), [second]);
    assert.deepEqual(await trailOf(store, { outcome: "refused" }), [second]);
    assert.deepEqual(await trailOf(store, { since: 2 }), [second, third]);
    assert.deepEqual(await trailOf(store, { since: 2, username: "alice" }), [third]);
    assert.deepEqual(await trailOf(store, { username: "%" }), []);
  });

  test("the audit trail bounds what clients can make long", async (store) => {
    const long = "\u{1f600}".repeat(50_000);
    await record(store, decisionOf(1, { loginName: `x${long}`, detail: `x${long}` }));
    const [{ loginName, detail }] = await trailOf(store) as [ReturnType<typeof decisionOf>];
    assert(loginName!.startsWith("x\u{1f600}") && loginName!.length <= 1000);
    assert(loginName!.isWellFormed() && detail!.isWellFormed() && detail!.length <= 1000);
  });

  test("the audit trail is read in pages, each row once and in order", async (store) => {
    const times = Array.from({ length: 2500 }, (_, i) => i);
    await store.logins.transaction(async (records) => {
      for (const at of times) await records.recordDecision(decisionOf(at), RULE);
    });
    // A transaction that is given up may leave a gap between the rows' numbers.
    await assert.rejects(store.logins.transaction(async (records) => {
      await records.recordDecision(decisionOf(0), RULE);
      throw new Error("on fire");
    }));
    await record(store, decisionOf(2500));
    const pages = await Array.fromAsync(store.enrolments.decisions({}));
    assert(pages.length > 1);
    assert.deepEqual(pages.flat().map(({ at }) => at), [...times, 2500]);
  });

  test("logins go on while the audit trail is read", async (store) => {
    const { logins, enrolments } = store;
    await logins.transaction(async (records) => {
      for (let at = 0; at < 1500; at++) await records.recordDecision(decisionOf(at), RULE);
    });
    const seen: number[] = [];
    for await (const page of enrolments.decisions({})) {
      seen.push(...page.map(({ at }) => at));
      await logins.transaction((records) => records.saveFailures("alice", FAILURES));
    }
    assert.deepEqual(seen, Array.from({ length: 1500 }, (_, i) => i));
  });

  test("the audit trail is bounded by number, a few rows at a time", async (store) => {
    await store.logins.transaction(async (records) => {
      for (let at = 0; at < 200; at++) await records.recordDecision(decisionOf(at), RULE);
    });
    const rule = { ...RULE, maxRows: 10 };
    await record(store, decisionOf(200), rule);
    const after = (await trailOf(store)).length;
    assert(100 <= after && after <= 200, `${after} rows`);
    for (let at = 201; at < 230; at++) await record(store, decisionOf(at), rule);
    const left = (await trailOf(store)).map(({ at }) => at);
    assert(left.length <= 10, `${left.length} rows`);
    assert.deepEqual(left, Array.from(left, (_, i) => 230 - left.length + i));
  });

  test("the audit trail is bounded by age", async (store) => {
    for (let at = 0; at < 5; at++) await record(store, decisionOf(at));
    await record(store, decisionOf(24 * HOUR_MS + 2), { ...RULE, maxDays: 1 });
    assert.deepEqual((await trailOf(store)).map(({ at }) => at), [2, 3, 4, 24 * HOUR_MS + 2]);
  });

  test("failures are kept by place, and forgotten in time", async ({ logins }) => {
    const save = (key: string, failures: PlaceFailures | null) =>
      logins.transaction((records) => records.savePlaceFailures(key, failures));
    const find = (key: string) => logins.transaction((records) => records.findPlaceFailures(key));
    await save("x' ü", { count: 1, lastAt: 1000 });
    await save("x' ü", { count: 2, lastAt: 2000 });
    await save("y", { count: 1, lastAt: 1000 });
    assert.deepEqual(await find("x' ü"), { count: 2, lastAt: 2000 });
    await save("x' ü", null);
    assert.equal(await find("x' ü"), null);
    await save("z", { count: 2 ** 31, lastAt: 1000 + HOUR_MS });
    assert.equal(await find("y"), null);
    assert.deepEqual(await find("z"), { count: 2 ** 31, lastAt: 1000 + HOUR_MS });
  });

  test("a notice is due once, until its time has passed", async ({ logins }) => {
    const isDue = (now: number, since: number, notice = "n") =>
      logins.transaction((records) => records.isNoticeDue(notice, now, since));
    assert.equal(await isDue(1000, 0), true);
    assert.equal(await isDue(1001, 999), false);
    assert.equal(await isDue(1001, 999, "other"), true);
    assert.equal(await isDue(2000, 1000), true);
    assert.equal(await isDue(2001, 1001), false);
    // The clock was set back: it must not be silent until then.
    assert.equal(await isDue(500, 0), true);
    assert.deepEqual((await Promise.all([isDue(9000, 8000), isDue(9000, 8000)])).toSorted(), [
      false,
      true,
    ]);
  });
}

const FAILURES = { count: 1, lastWrong: "m", lastWrongAt: 1, locks: 0, lockedUntil: null };

function record(
  { logins }: Store,
  decision: ReturnType<typeof decisionOf>,
  rule = RULE,
): Promise<void> {
  return logins.transaction((records) => records.recordDecision(decision, rule));
}
