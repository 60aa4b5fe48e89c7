import assert from "node:assert/strict";
import type { Store } from "../../src/store/store.ts";
import { type Engine, enrol, enrolmentOf, inLogin, withAlice } from "./stores.ts";

/** What is kept about session tokens: which sessions had no code, and from when tokens count. */
export function testSessions(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("a session may be without a code from its login until it has begun", async (store) => {
    await recordUncoded(store, "alice", 1000, 2000);
    const table = [[999, false], [1000, true], [1500, true], [2000, true], [2001, false]] as const;
    for (const [began, expected] of table) {
      assert.equal(await mayBeUncoded(store, "alice", began), expected, `${began}`);
      assert.equal(await mayBeUncoded(store, "bob", began), false);
    }
    assert.equal((await store.enrolments.find("alice"))!.uncodedLoginAt, 1000);
  });

  test("sessions without a code are kept apart, so that those between had one", async (store) => {
    const starts = Array.from({ length: 50 }, (_, i) => i * 1000);
    for (const start of starts) await recordUncoded(store, "alice", start, start + 100);
    for (const start of starts) {
      assert.equal(await mayBeUncoded(store, "alice", start + 50), true);
      assert.equal(await mayBeUncoded(store, "alice", start + 500), false);
    }
  });

  test("of many sessions without a code, the oldest become one, and none is forgotten", async (store) => {
    const starts = Array.from({ length: 300 }, (_, i) => i * 1000);
    for (const start of starts) await recordUncoded(store, "alice", start, start + 100);
    for (const start of starts) {
      assert.equal(await mayBeUncoded(store, "alice", start), true);
      assert.equal(await mayBeUncoded(store, "alice", start + 100), true);
    }
    // The newest are still apart; where nobody knows, the answer is yes.
    assert.equal(await mayBeUncoded(store, "alice", 299_500), false);
    assert.equal(await mayBeUncoded(store, "alice", 260_500), false);
    assert.equal(await mayBeUncoded(store, "alice", 1500), true);
    assert.equal(await mayBeUncoded(store, "alice", -1), false);
  });

  test("sessions are joined whatever their order and length", async (store) => {
    await recordUncoded(store, "alice", 0, 90_000);
    for (let i = 60; i > 0; i--) await recordUncoded(store, "alice", i * 1000, i * 1000 + 1);
    for (const began of [0, 45_500, 90_000]) {
      assert.equal(await mayBeUncoded(store, "alice", began), true, `${began}`);
    }
    assert.equal(await mayBeUncoded(store, "alice", 90_001), false);
  });

  test("who was let in without a code stays known when they are enrolled, not when they are deleted", async (store) => {
    const { enrolments } = store;
    await recordUncoded(store, "bob", 10, 20);
    await enrol(store, ["bob"]);
    assert.equal(await mayBeUncoded(store, "bob", 15), true);
    await enrol(store, [enrolmentOf("bob", 2)], { mayReplace: () => true });
    assert.equal(await mayBeUncoded(store, "bob", 15), true);
    await recordUncoded(store, "alice", 10, 20);
    await enrolments.delete("bob", 30);
    assert.equal(await mayBeUncoded(store, "bob", 15), false);
    assert.equal(await mayBeUncoded(store, "alice", 15), true);
  });

  test("tokens count from the enrolment on, and from each disabling for good", async (store) => {
    const { enrolments } = store;
    const validFrom = async () => (await enrolments.find("bob"))!.tokensValidFrom;
    await enrol(store, [{ ...enrolmentOf("bob"), enrolledAt: 1000 }]);
    assert.equal(await validFrom(), 1000);
    await enrolments.setDisabled("bob", 3000);
    assert.equal(await validFrom(), 3000);
    await enrolments.setDisabled("bob", null);
    assert.equal(await validFrom(), 3000);
    // The clock was set back: what was void stays void.
    await enrolments.setDisabled("bob", 2000);
    assert.equal(await validFrom(), 3000);
    const anew = { ...enrolmentOf("bob", 2), enrolledAt: 9000 };
    await enrol(store, [anew], { mayReplace: () => true });
    assert.equal(await validFrom(), 9000);
    assert.equal((await enrolments.find("alice"))!.tokensValidFrom, 0);
  });
}

function recordUncoded(store: Store, username: string, since: number, until: number) {
  return inLogin(store, (records) => records.recordUncodedSession({ username, since, until }));
}

function mayBeUncoded(store: Store, username: string, began: number): Promise<boolean> {
  return inLogin(store, (records) => records.mayBeUncoded(username, began));
}
