import assert from "node:assert/strict";
import { NO_FAILURES } from "../../src/core/lockout.ts";
import { type Store, UnknownKeys } from "../../src/store/store.ts";
import { fails } from "../lab/failures.ts";
import { TEST_KEY } from "../lab/secrets.ts";
import { challenge, challengeOf, type Engine, enrol, enrolmentOf, withAlice } from "./stores.ts";

const FAILURES = { count: 3, lastWrong: "mark", lastWrongAt: 4, locks: 2, lockedUntil: 2 ** 42 };

const REPLACE = { mayReplace: () => true };

/** Enrolments: all or none, and what a new one makes of an earlier one. */
export function testEnrolments(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("an enrolment comes back as it was made", async (store) => {
    const { recoveryMarks: _, replacesOther: __, ...made } = {
      ...enrolmentOf("bob"),
      parameters: { algorithm: "SHA512", digits: 8, periodSeconds: 60 } as const,
      issuer: "Example: VPN \u{1f600}",
      enrolledAt: Date.UTC(2100, 0),
      disabledAt: 5,
    };
    await enrol(store, [{ ...made, recoveryMarks: ["m1", "m2"], replacesOther: null }]);
    assert.deepEqual(await store.enrolments.find("bob"), {
      ...made,
      lastLoginAt: null,
      lastTimeStep: null,
      failures: NO_FAILURES,
      uncodedLoginAt: null,
      tokensValidFrom: made.enrolledAt,
      recoveryCodes: 2,
    });
    assert.equal(await store.enrolments.find("carol"), null);
    assert.deepEqual(await namesOf(store), ["alice", "bob"]);
  });

  test("enrol enrols all, or none where one is already enrolled", async (store) => {
    const both = ["bob", enrolmentOf("alice", 2)];
    const only = (name: string) => ({ mayReplace: (username: string) => username === name });
    await fails(() => enrol(store, both, only("bob")), "already_enrolled");
    assert.deepEqual(await namesOf(store), ["alice"]);
    assert.equal(await secretOf(store), 1);
    await enrol(store, both, only("alice"));
    assert.deepEqual(await namesOf(store), ["alice", "bob"]);
    assert.equal(await secretOf(store), 2);
  });

  test("of first enrolments with two keys, one is refused", async (store) => {
    await store.enrolments.delete("alice", 0);
    const own = (keyId: string) => {
      const enrolment = enrolmentOf(keyId);
      return { ...enrolment, secret: { ...enrolment.secret, keyId } };
    };
    const results = await Promise.allSettled(
      ["one", "other"].map((keyId) => enrol(store, [own(keyId)], { knownKeys: [keyId] })),
    );
    const refused = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason] : []
    );
    assert.equal(refused.length, 1);
    assert(refused[0] instanceof UnknownKeys, String(refused[0]));
    assert.deepEqual(refused[0].keyIds, await store.enrolments.keyIds());
    assert.deepEqual(await namesOf(store), [...refused[0].keyIds]);
    await enrol(store, ["bob"], { knownKeys: ["one", "other"] });
    assert.equal((await store.enrolments.keyIds()).length, 2);
  });

  test("a new enrolment begins anew, but a disabled user stays so", async (store) => {
    await spend(store, 7);
    await store.enrolments.setDisabled("alice", 9);
    const replacesOther = (await store.enrolments.find("alice"))!.secret;
    await enrol(store, [{ ...enrolmentOf("alice", 2), replacesOther }], REPLACE);
    const { secret, disabledAt, ...rest } = (await store.enrolments.find("alice"))!;
    assert.deepEqual([secret.bytes[0], disabledAt], [2, 9]);
    assert.equal(rest.tokensValidFrom, 0);
    assert.deepEqual(
      [rest.lastTimeStep, rest.lastLoginAt, rest.uncodedLoginAt, rest.failures, rest.recoveryCodes],
      [null, null, null, NO_FAILURES, 0],
    );
    assert.equal(await store.logins.findEnrolment("A", "A"), null);
  });

  test("used codes stay used, unless the new secret is known to make others", async (store) => {
    const { secret } = enrolmentOf("alice", 1);
    const cases = [[null, 7], [secret, null], [enrolmentOf("alice", 9).secret, 7]] as const;
    for (const [replacesOther, expected] of cases) {
      await enrol(store, [enrolmentOf("alice", 1)], REPLACE);
      await spend(store, 7);
      await enrol(store, [{ ...enrolmentOf("alice", 2), replacesOther }], REPLACE);
      assert.equal((await store.enrolments.find("alice"))!.lastTimeStep, expected);
      await store.enrolments.delete("alice", 0);
    }
  });

  test("replaceSecrets changes only what is still as it was", async (store) => {
    await enrol(store, ["bob"]);
    const resealed = (await store.enrolments.list()).map((enrolment) => ({
      enrolment,
      sealed: { keyId: "new", bytes: new Uint8Array(48).fill(5) },
    }));
    await enrol(store, [enrolmentOf("alice", 2)], REPLACE);
    await store.enrolments.replaceSecrets(resealed);
    assert.equal(await secretOf(store, "alice"), 2);
    assert.equal(await secretOf(store, "bob"), 5);
    assert.deepEqual((await store.enrolments.keyIds()).toSorted(), [TEST_KEY.id, "new"]);
  });

  test("delete tells what it removed", async (store) => {
    const { enrolments } = store;
    assert.equal(await enrolments.delete("bob", 0), null);
    await enrolments.exempt({ username: "bob", since: 0, until: null, from: null });
    const nothing = { wasEnrolled: false, wasExempt: false, pendingChallenges: 0 };
    assert.deepEqual(await enrolments.delete("bob", 0), { ...nothing, wasExempt: true });
    assert.deepEqual(await enrolments.exemptions(), []);
    for (const [id, createdAt] of [["over", 0], ["open", 1], ["too", 2]] as const) {
      await challenge(store, challengeOf(id, createdAt));
    }
    assert.deepEqual(
      await enrolments.delete("alice", 1000),
      { ...nothing, wasEnrolled: true, pendingChallenges: 2 },
    );
    assert.deepEqual(await namesOf(store), []);
  });
}

async function namesOf({ enrolments }: Store): Promise<string[]> {
  return (await enrolments.list()).map(({ username }) => username);
}

async function secretOf({ enrolments }: Store, username = "alice"): Promise<number | undefined> {
  return (await enrolments.find(username))!.secret.bytes[0];
}

/** Leaves traces of all kinds with alice. */
async function spend({ logins, enrolments }: Store, step: number): Promise<void> {
  await logins.transaction(async (records) => {
    await records.recordLogin({ username: "alice", loginName: "A", timeStep: step, at: 1 });
    await records.recordUncodedSession({ username: "alice", since: 2, until: 3 });
    await records.saveFailures("alice", FAILURES);
  });
  await enrolments.replaceRecoveryCodes((await enrolments.find("alice"))!, ["m"]);
}
