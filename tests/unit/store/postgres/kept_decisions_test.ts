import assert from "node:assert/strict";
import type { AuditRule, DecisionRecord } from "../../../../src/core/decision.ts";
import type { Store } from "../../../../src/store/store.ts";
import { decisionOf, inLogin, RULE, trailOf } from "../../../contract/stores.ts";
import { holdDecision } from "../../../lab/held_decision.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import { type SlowRig, stepsBesideSlow } from "../../../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

const NOW = 100 * 60 * 60 * 1000;

/** How many rows stay, where numbers have gaps and rows are committed in another order. */
const TESTS: Record<string, (rig: SlowRig) => Promise<void>> = {
  "pruning finds the row that was committed late": async ({ slow, store }) => {
    const rule = { ...RULE, maxRows: 3 };
    await using late = await holdDecision(slow, decisionOf(NOW));
    for (let i = 1; i < 9; i++) await recordBy(rule, store, decisionOf(NOW + i));
    await late.commit();
    await recordBy(rule, store, decisionOf(NOW + 9));
    const left = (await trailOf(store)).map(({ at }) => at - NOW);
    assert.deepEqual(left, [7, 8, 9]);
  },

  "no login waits for a row that is to be pruned": async ({ slow, store }) => {
    await recordBy(RULE, store, refusalOf(NOW));
    await using late = await holdDecision(slow, refusalOf(NOW + 1));
    const day = 24 * 60 * 60 * 1000;
    await inTime(async () => {
      // What the first leaves for afterwards, the second would wait for.
      for (const i of [1, 2]) {
        await recordBy({ maxDays: 1, maxRows: 1 }, store, refusalOf(NOW + 2 * day, `user${i}`));
      }
    });
    await late.commit();
  },

  "numbers that were given up leave no more rows than the rule keeps": async ({ store }) => {
    const rule = { ...RULE, maxRows: 4 };
    for (let i = 0; i < 12; i++) {
      await assert.rejects(inLogin(store, async (records) => {
        await records.recordDecision(decisionOf(NOW), rule);
        throw new Error("on fire");
      }));
      await recordBy(rule, store, decisionOf(NOW + i));
    }
    const left = (await trailOf(store)).map(({ at }) => at - NOW);
    assert(left.length <= 4 && left.at(-1) === 11, `${left}`);
  },

  "refusals become one row, however long and odd their names are": async ({ store }) => {
    let dice = 1;
    const character = (_: unknown, i: number) => {
      dice = dice * 16807 % 2147483647;
      return String.fromCharCode(i % 2 === 0 ? 14 + dice % 18 : 0x4e00 + dice % 0x5000);
    };
    const odd = Array.from({ length: 3 }, () => Array.from({ length: 256 }, character).join(""));
    const [loginName, username, commonName] = odd as [string, string, string];
    for (let i = 0; i < 2; i++) {
      await recordBy(RULE, store, { ...refusalOf(NOW + i), loginName, username, commonName });
    }
    assert.deepEqual((await trailOf(store)).map(({ count }) => count), [2]);
  },
};

testWith(
  POSTGRES_LAB,
  "the bounds of the audit trail on PostgreSQL",
  (t) => stepsBesideSlow(t, TESTS),
);

function refusalOf(at: number, loginName = "ALICE"): DecisionRecord {
  return decisionOf(at, { outcome: "refused", by: null, reason: "wrong_code", loginName });
}

function recordBy(rule: AuditRule, store: Store, decision: DecisionRecord): Promise<void> {
  return inLogin(store, (records) => records.recordDecision(decision, rule));
}

/** @throws Error if the work never ends */
async function inTime(work: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nothing happens")), PATIENCE_MS);
  try {
    await Promise.race([work(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
