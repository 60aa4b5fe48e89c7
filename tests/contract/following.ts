import assert from "node:assert/strict";
import type { AuditRow, DecisionRecord } from "../../src/core/decision.ts";
import type { DecisionFollower, Store } from "../../src/store/store.ts";
import {
  type AliceStore,
  decisionOf,
  type Engine,
  inLogin,
  rowOf,
  RULE,
  withAlice,
} from "./stores.ts";

const HOUR_MS = 60 * 60 * 1000;
const NOW = 100 * HOUR_MS;

/** Following the audit trail. */
export function testFollowing(engine: Engine): void {
  const test = (name: string, work: (store: AliceStore, other: Store) => Promise<void>) =>
    engine.test(
      name,
      () => withAlice(engine, async (store) => await work(store, await store.openAnother())),
    );

  test("a follower gets the trail, then what comes to it, each decision once", async (store) => {
    await record(store, decisionOf(NOW), decisionOf(NOW + 1));
    const follower = store.enrolments.follow({});
    assert.deepEqual(await all(follower), [rowOf(decisionOf(NOW)), rowOf(decisionOf(NOW + 1))]);
    assert.deepEqual(await all(follower), []);
    await record(store, decisionOf(NOW + 2));
    assert.deepEqual(await all(follower), [rowOf(decisionOf(NOW + 2))]);
    assert.deepEqual(await all(follower), []);
  });

  test("a follower of an empty trail gets the first decision", async (store) => {
    const follower = store.enrolments.follow({});
    assert.deepEqual(await all(follower), []);
    await record(store, decisionOf(NOW));
    assert.equal((await all(follower)).length, 1);
  });

  test("a follower gets a long trail in pages", async (store) => {
    const times = Array.from({ length: 2500 }, (_, i) => NOW + i);
    await record(store, ...times.map((at) => decisionOf(at)));
    const follower = store.enrolments.follow({});
    assert((await follower.next(NOW)).length < 2500);
    const rest = await all(follower);
    assert.deepEqual(rest.map(({ at }) => at), times.slice(-rest.length));
  });

  test(
    "a follower sees what another connection commits, not what it gives up",
    async (store, other) => {
      const follower = store.enrolments.follow({});
      assert.deepEqual(await all(follower), []);
      await record(other, decisionOf(NOW));
      await assert.rejects(inLogin(other, async (records) => {
        await records.recordDecision(decisionOf(NOW + 1), RULE);
        throw new Error("on fire");
      }));
      assert.deepEqual((await all(follower)).map(({ at }) => at), [NOW]);
      await record(other, decisionOf(NOW + 2));
      assert.deepEqual((await all(follower)).map(({ at }) => at), [NOW + 2]);
    },
  );

  test("a follower sees refusals that were counted in a row of before", async (store, other) => {
    await record(store, refusalOf(NOW), refusalOf(NOW + 1));
    const follower = store.enrolments.follow({});
    assert.deepEqual(countsOf(await all(follower)), [[NOW, 2, NOW + 1]]);
    await record(other, refusalOf(NOW + 2), refusalOf(NOW + 3), decisionOf(NOW + 4));
    assert.deepEqual(countsOf(await all(follower)), [[NOW, 4, NOW + 3], [NOW + 4, 1, NOW + 4]]);
    await record(other, decisionOf(NOW + 5));
    assert.deepEqual(countsOf(await all(follower)), [[NOW + 5, 1, NOW + 5]]);
    const late = NOW + HOUR_MS - 1;
    await record(other, refusalOf(late));
    assert.deepEqual(countsOf(await all(follower, late)), [[NOW, 5, late]]);
  });

  test("a follower sees what is counted while it gets a long trail", async (store, other) => {
    const times = Array.from({ length: 1500 }, (_, i) => NOW + i);
    await record(store, refusalOf(NOW), ...times.map((at) => decisionOf(at)));
    const follower = store.enrolments.follow({});
    await follower.next(NOW);
    await record(other, refusalOf(NOW + 9));
    assert.deepEqual(countsOf(await all(follower)).slice(-1), [[NOW, 2, NOW + 9]]);
  });

  test("a follower remembers no more than what may still grow", async (store, other) => {
    await record(store, refusalOf(NOW));
    const follower = store.enrolments.follow({});
    assert.equal((await all(follower)).length, 1);
    for (let i = 1; i < 5; i++) {
      const at = NOW + i * 2 * HOUR_MS;
      await record(other, refusalOf(at), refusalOf(at + 1));
      assert.deepEqual(countsOf(await all(follower, at + 1)), [[at, 2, at + 1]]);
    }
  });

  test("a follower gets what its filter lets through", async (store, other) => {
    await record(store, decisionOf(NOW), refusalOf(NOW + 1), refusalOf(NOW, { loginName: "x" }));
    const follow = store.enrolments.follow.bind(store.enrolments);
    const refused = follow({ outcome: "refused", username: "ALICE" });
    // The refusal of before counts from when it matches.
    const later = follow({ since: NOW + 2 });
    assert.deepEqual(countsOf(await all(refused)), [[NOW + 1, 1, NOW + 1]]);
    assert.deepEqual(await all(later), []);
    await record(other, refusalOf(NOW + 2), refusalOf(NOW + 3, { loginName: "y" }));
    assert.deepEqual(countsOf(await all(refused)), [[NOW + 1, 2, NOW + 2]]);
    assert.deepEqual(countsOf(await all(later)), [[NOW + 1, 2, NOW + 2], [NOW + 3, 1, NOW + 3]]);
  });

  test("a follower goes on while old rows are removed", async (store, other) => {
    const rule = { ...RULE, maxRows: 3 };
    const follower = store.enrolments.follow({});
    for (let i = 0; i < 30; i++) {
      await inLogin(other, (records) => records.recordDecision(decisionOf(NOW + i), rule));
      assert.deepEqual((await all(follower)).map(({ at }) => at), [NOW + i]);
    }
  });
}

/** All that is new. */
async function all(follower: DecisionFollower, now = NOW): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (let page; (page = await follower.next(now)).length > 0;) rows.push(...page);
  return rows;
}

function countsOf(rows: readonly AuditRow[]): [at: number, count: number, lastAt: number][] {
  return rows.map(({ at, count, lastAt }) => [at, count, lastAt]);
}

function refusalOf(at: number, rest: Partial<DecisionRecord> = {}): DecisionRecord {
  return decisionOf(at, { outcome: "refused", by: null, reason: "wrong_code", ...rest });
}

function record(store: Store, ...decisions: DecisionRecord[]): Promise<void> {
  return inLogin(store, async (records) => {
    for (const decision of decisions) await records.recordDecision(decision, RULE);
  });
}
