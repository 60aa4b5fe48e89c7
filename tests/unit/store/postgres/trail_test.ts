import assert from "node:assert/strict";
import type { DecisionRecord } from "../../../../src/core/decision.ts";
import { SCHEMA_VERSION } from "../../../../src/store/postgres/migrations.ts";
import { inTransaction, schemaSql } from "../../../../src/store/postgres/schema_sql.ts";
import type { DecisionFollower, Store } from "../../../../src/store/store.ts";
import { decisionOf, inLogin, RULE, trailOf } from "../../../contract/stores.ts";
import { holdDecision } from "../../../lab/held_decision.ts";
import { type SlowRig, stepsBesideSlow } from "../../../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

const NOW = 100 * 60 * 60 * 1000;

/** What PostgreSQL alone has: rows become visible in another order than that of their numbers. */
const TESTS: Record<string, (rig: SlowRig) => Promise<void>> = {
  "a follower skips no decision that is committed late": async ({ slow, store }) => {
    const follower = store.enrolments.follow({});
    assert.deepEqual(await all(follower), []);
    await using late = await holdDecision(slow, decisionOf(NOW));
    await record(store, decisionOf(NOW + 1));
    const before = await all(follower);
    await late.commit();
    await record(store, decisionOf(NOW + 2));
    const after = await all(follower);
    assert.deepEqual(sorted([...before, ...after]), [[NOW, 1], [NOW + 1, 1], [NOW + 2, 1]]);
    assert.deepEqual(await all(follower), []);
  },

  "a follower that begins beside a transaction gets what it commits": async ({ slow, store }) => {
    await record(store, decisionOf(NOW));
    await using late = await holdDecision(slow, decisionOf(NOW + 1));
    await record(store, decisionOf(NOW + 2));
    const follower = store.enrolments.follow({});
    const before = await all(follower);
    assert.deepEqual(before.slice(0, 1), [[NOW, 1]]);
    await late.commit();
    const after = await all(follower);
    assert.deepEqual(sorted([...before, ...after]), [[NOW, 1], [NOW + 1, 1], [NOW + 2, 1]]);
  },

  "a follower waits for nothing that is given up": async ({ slow, store }) => {
    const follower = store.enrolments.follow({});
    await using late = await holdDecision(slow, decisionOf(NOW));
    await record(store, decisionOf(NOW + 1));
    const before = await all(follower);
    await late.giveUp();
    assert.deepEqual([...before, ...await all(follower)], [[NOW + 1, 1]]);
  },

  "a follower sees a row grow once, however late that is committed": async ({ slow, store }) => {
    await record(store, refusalOf(NOW));
    const first = store.enrolments.follow({});
    assert.deepEqual(await all(first), [[NOW, 1]]);
    await using late = await holdDecision(slow, refusalOf(NOW + 1));
    const second = store.enrolments.follow({});
    await record(store, decisionOf(NOW + 2));
    const before = { first: await all(first), second: await all(second) };
    await late.commit();
    await record(store, decisionOf(NOW + 3));
    const grown = [[NOW, 2], [NOW + 2, 1], [NOW + 3, 1]];
    assert.deepEqual(sorted([...before.first, ...await all(first)]), grown);
    assert.deepEqual(sorted([...before.second, ...await all(second)]), [[NOW, 1], ...grown]);
  },

  "a follower sees rows again when a dump of another server was put right": async (
    { store, database },
  ) => {
    await record(store, decisionOf(NOW));
    await database.psql("UPDATE openvpn_totp.decisions SET xid = '8000000000000'");
    await record(store, decisionOf(NOW + 1));
    await database.psql(inTransaction(schemaSql(SCHEMA_VERSION)));
    assert.deepEqual(sorted(await all(store.enrolments.follow({}))), [[NOW, 1], [NOW + 1, 1]]);
  },

  "pages of the trail have each row once, whatever is committed meanwhile": async (
    { slow, store },
  ) => {
    await using late = await holdDecision(slow, decisionOf(NOW));
    const times = Array.from({ length: 1500 }, (_, i) => NOW + 1 + i);
    await record(store, ...times.map((at) => decisionOf(at)));
    const seen: number[] = [];
    for await (const page of store.enrolments.decisions({})) {
      seen.push(...page.map(({ at }) => at));
      await late.commit();
    }
    assert.deepEqual(seen, times);
    assert.deepEqual((await trailOf(store)).map(({ at }) => at), [NOW, ...times]);
  },
};

testWith(POSTGRES_LAB, "the audit trail on PostgreSQL", (t) => stepsBesideSlow(t, TESTS));

/** All that is new: when each row began, and for how many decisions it stands. */
async function all(follower: DecisionFollower): Promise<number[][]> {
  const rows: number[][] = [];
  for (let page; (page = await follower.next(NOW)).length > 0;) {
    rows.push(...page.map(({ at, count }) => [at, count]));
    assert(rows.length < 100, "the follower ends");
  }
  return rows;
}

function sorted(rows: readonly number[][]): number[][] {
  return rows.toSorted(([a, n], [b, m]) => a! - b! || n! - m!);
}

function refusalOf(at: number): DecisionRecord {
  return decisionOf(at, { outcome: "refused", by: null, reason: "wrong_code" });
}

function record(store: Store, ...decisions: DecisionRecord[]): Promise<void> {
  return inLogin(store, async (records) => {
    for (const decision of decisions) await records.recordDecision(decision, RULE);
  });
}
