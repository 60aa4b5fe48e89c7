import assert from "node:assert/strict";
import type { DecisionRecord } from "../../src/core/decision.ts";
import type { Store } from "../../src/store/store.ts";
import { decisionOf, type Engine, inLogin, rowOf, RULE, trailOf, withAlice } from "./stores.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** The audit trail: what is kept of decisions, and how much. */
export function testAudit(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("the audit trail gives what is asked for", async (store) => {
    const first = decisionOf(1);
    const second = decisionOf(2, { outcome: "refused", username: null, loginName: "it's \t%" });
    const third = decisionOf(3, { loginName: null, address: null, commonName: null, by: null });
    for (const decision of [first, second, third]) await record(store, decision);
    const rows = (...decisions: DecisionRecord[]) => decisions.map(rowOf);
    assert.deepEqual(await trailOf(store), rows(first, second, third));
    assert.deepEqual(await trailOf(store, { username: "alice" }), rows(first, third));
    assert.deepEqual(await trailOf(store, { username: "ALICE" }), rows(first));
    assert.deepEqual(await trailOf(store, { username: "it's \t%" }), rows(second));
    assert.deepEqual(await trailOf(store, { outcome: "refused" }), rows(second));
    assert.deepEqual(await trailOf(store, { since: 2 }), rows(second, third));
    assert.deepEqual(await trailOf(store, { since: 2, username: "alice" }), rows(third));
    assert.deepEqual(await trailOf(store, { username: "%" }), []);
  });

  test("the audit trail bounds what clients can make long", async (store) => {
    const long = "\u{1f600}".repeat(50_000);
    await record(store, decisionOf(1, { loginName: `x${long}`, detail: `x${long}` }));
    const { loginName, detail } = (await trailOf(store))[0]!;
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

  test("age removes rows of all outcomes, those that others last counted in too", async (store) => {
    await record(store, decisionOf(0, { outcome: "challenged" }));
    await record(store, refusalOf(0));
    await record(store, refusalOf(HOUR_MS / 2));
    await record(store, decisionOf(1));
    const rule = { ...RULE, maxDays: 1 };
    const kept = async (at: number) => {
      await record(store, decisionOf(at, { loginName: "x" }), rule);
      return (await trailOf(store)).map(({ outcome }) => outcome);
    };
    assert.deepEqual(await kept(DAY_MS + 1), ["refused", "accepted", "accepted"]);
    assert.deepEqual((await kept(DAY_MS + HOUR_MS / 2)).slice(0, 2), ["refused", "accepted"]);
    assert.deepEqual(await kept(DAY_MS + HOUR_MS / 2 + 1), ["accepted", "accepted", "accepted"]);
  });

  test("each outcome has a bound of its own: a flood of refusals removes no login", async (store) => {
    const rule = { ...RULE, maxRows: 10 };
    for (let at = 0; at < 5; at++) await record(store, decisionOf(at), rule);
    await record(store, decisionOf(5, { outcome: "challenged", by: "crtext" }), rule);
    await inLogin(store, async (records) => {
      for (let at = 10; at < 500; at++) {
        await records.recordDecision(refusalOf(at, { loginName: `guest${at}` }), rule);
      }
    });
    const refused = await trailOf(store, { outcome: "refused" });
    assert.deepEqual(refused.map(({ at }) => at), Array.from({ length: 10 }, (_, i) => 490 + i));
    const accepted = await trailOf(store, { outcome: "accepted" });
    assert.deepEqual(accepted.map(({ at }) => at), [0, 1, 2, 3, 4]);
    assert.equal((await trailOf(store, { outcome: "challenged" })).length, 1);
  });

  test("the bounds hold after age has removed rows", async (store) => {
    const rule = { maxRows: 3, maxDays: 1 };
    for (const at of [0, 1, 2, 3, 2 * DAY_MS, 2 * DAY_MS + 1]) {
      await record(store, decisionOf(at), rule);
    }
    assert.deepEqual((await trailOf(store)).map(({ at }) => at), [2 * DAY_MS, 2 * DAY_MS + 1]);
    for (let i = 2; i < 9; i++) await record(store, decisionOf(2 * DAY_MS + i), rule);
    const left = (await trailOf(store)).map(({ at }) => at - 2 * DAY_MS);
    assert.deepEqual(left, [6, 7, 8]);
  });

  test("like refusals become one row for an hour, with a count and the last moment", async (store) => {
    await record(store, refusalOf(1000, { detail: "2 attempts left" }));
    await record(store, refusalOf(2000, { detail: "1 attempt left" }));
    await record(store, refusalOf(3000, { loginName: "other" }));
    await record(store, refusalOf(1000 + HOUR_MS - 1, { detail: "0 attempts left" }));
    const first = { ...refusalOf(1000), count: 3, lastAt: 1000 + HOUR_MS - 1 };
    assert.deepEqual(await trailOf(store), [
      { ...first, detail: "0 attempts left" },
      rowOf(refusalOf(3000, { loginName: "other" })),
    ]);
    // An hour after its beginning, however often it was counted in, a new row begins.
    await record(store, refusalOf(1000 + HOUR_MS));
    await record(store, refusalOf(1001 + HOUR_MS));
    assert.deepEqual((await trailOf(store)).map(({ count }) => count), [3, 1, 2]);
  });

  test("logins and challenges have a row each, however alike", async (store) => {
    for (const outcome of ["accepted", "challenged", "unchanged"] as const) {
      for (const at of [1, 2]) await record(store, decisionOf(at, { outcome }));
    }
    assert.deepEqual((await trailOf(store)).map(({ count }) => count), [1, 1, 1, 1, 1, 1]);
  });

  test("a refusal with the clock set back has a row of its own", async (store) => {
    await record(store, refusalOf(5000));
    await record(store, refusalOf(4999));
    await record(store, refusalOf(5001));
    const rows = (await trailOf(store)).map(({ at, lastAt, count }) => [at, lastAt, count]);
    assert.deepEqual(rows, [[5000, 5000, 1], [4999, 5001, 2]]);
  });

  test("refusals with long texts that are alike once cut become one row", async (store) => {
    const loginName = "x".repeat(50_000);
    for (const at of [1, 2, 3]) await record(store, refusalOf(at, { loginName: loginName + at }));
    assert.deepEqual((await trailOf(store)).map(({ count }) => count), [3]);
  });

  test("since finds rows by their last moment", async (store) => {
    await record(store, refusalOf(1000));
    await record(store, decisionOf(2000));
    await record(store, refusalOf(3000));
    const since = async (at: number) =>
      (await trailOf(store, { since: at })).map((row) => [row.at, row.lastAt]);
    assert.deepEqual(await since(3001), []);
    assert.deepEqual(await since(3000), [[1000, 3000]]);
    assert.deepEqual(await since(2000), [[1000, 3000], [2000, 2000]]);
  });
}

/** A refusal; two with the same names are alike. */
function refusalOf(at: number, rest: Partial<DecisionRecord> = {}): DecisionRecord {
  return decisionOf(at, { outcome: "refused", by: null, reason: "wrong_code", ...rest });
}

function record(store: Store, decision: DecisionRecord, rule = RULE): Promise<void> {
  return inLogin(store, (records) => records.recordDecision(decision, rule));
}

const FAILURES = { count: 1, lastWrong: "m", lastWrongAt: 1, locks: 0, lockedUntil: null };
