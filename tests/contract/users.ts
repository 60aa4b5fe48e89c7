import assert from "node:assert/strict";
import { NO_FAILURES } from "../../src/core/lockout.ts";
import type { Store } from "../../src/store/store.ts";
import { type Engine, enrol, enrolmentOf, withAlice } from "./stores.ts";

/** Names that another program could take for something else; each is a user of its own. */
const HOSTILE = [
  "' OR 1=1 --",
  '"; DROP TABLE enrolments; --',
  "%",
  "_lice",
  "ALICE",
  "alice ",
  " alice",
  "\\alice",
  "é",
  "e\u0301",
  "\u{1f600}",
  "\uffee",
  "null",
  "0x61",
  "x".repeat(4096),
];

/** What is kept of one user: logins, failures, codes that are used up, exemptions. */
export function testUsers(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("a login leaves other users as they are", async (store) => {
    await enrol(store, ["bob"]);
    await logIn(store, "alice", "alice", 7);
    const { lastTimeStep, lastLoginAt } = (await store.enrolments.find("alice"))!;
    assert.deepEqual([lastTimeStep, lastLoginAt], [7, 7]);
    const bob = (await store.enrolments.find("bob"))!;
    assert.deepEqual([bob.lastTimeStep, bob.lastLoginAt], [null, null]);
  });

  test("a login with a recovery code keeps the last step", async (store) => {
    await logIn(store, "alice", "alice", 7);
    await store.logins.transaction((records) =>
      records.recordLogin({ username: "alice", loginName: "alice", timeStep: null, at: 9 })
    );
    const { lastTimeStep, lastLoginAt } = (await store.enrolments.find("alice"))!;
    assert.deepEqual([lastTimeStep, lastLoginAt], [7, 9]);
  });

  test("users are found by similar names, enrolled or exempt, each once", async (store) => {
    const { enrolments, logins } = store;
    const similar = async (...names: string[]) =>
      (await logins.transaction((records) => records.similarUsernames(names))).sort();
    const exempt = (username: string, until: number | null) =>
      enrolments.exempt({ username, since: 0, until, from: "192.0.2.1" });
    assert.deepEqual(await similar("ALICE@example.org"), ["alice"]);
    await enrol(store, [...HOSTILE, "s\u00f8ren", "Soren@example.org"]);
    for (const name of HOSTILE) assert((await similar(name)).includes(name), name);
    assert.deepEqual(await similar("soren"), ["Soren@example.org", "s\u00f8ren"]);
    assert.deepEqual(await similar("S\u00d8REN", "soren", "'"), [
      "Soren@example.org",
      "s\u00f8ren",
    ]);
    assert.deepEqual(await similar(), []);
    await exempt("alice", null);
    await exempt("Alice", null);
    await exempt("ended", 1);
    await enrolments.setDisabled("alice", 1);
    const all = ["alice", "Alice", "ALICE", "alice ", " alice", "\\alice"].sort();
    assert.deepEqual(await similar("alice"), all);
    assert.deepEqual(await similar("Ended"), ["ended"]);
  });

  test("users are found by similar names until they are neither enrolled nor exempt", async (store) => {
    const { enrolments, logins } = store;
    const similar = () => logins.transaction((records) => records.similarUsernames(["Bob"]));
    const exemption = { username: "bob", since: 0, until: null, from: null };
    await enrol(store, ["bob"]);
    await enrolments.exempt(exemption);
    await enrol(store, [enrolmentOf("bob", 2)], { mayReplace: () => true });
    await enrolments.endExemption("bob");
    assert.deepEqual(await similar(), ["bob"]);
    await enrolments.delete("bob", 0);
    assert.deepEqual(await similar(), []);
    await enrolments.exempt(exemption);
    assert.deepEqual(await similar(), ["bob"]);
    await enrolments.endExemption("bob");
    assert.deepEqual(await similar(), []);
  });

  test("a user is found by the name of the last login, too", async (store) => {
    const find = async (username: string, loginName?: string) => {
      const outside = await store.logins.findEnrolment(username, loginName);
      const inside = await store.logins.transaction((records) =>
        records.findEnrolment(username, loginName)
      );
      assert.deepEqual(inside, outside);
      return outside?.username ?? null;
    };
    assert.equal(await find("alice", "x"), "alice");
    assert.equal(await find("A", "A"), null);
    await logIn(store, "alice", "A", 1);
    assert.equal(await find("A", "A"), "alice");
    assert.equal(await find("A"), null);
    await enrol(store, ["bob", "A"]);
    assert.equal(await find("A", "A"), "A");
    await store.enrolments.delete("A", 0);
    await logIn(store, "bob", "A", 1);
    assert.equal(await find("A", "A"), "bob");
    await store.enrolments.delete("bob", 0);
    assert.equal(await find("A", "A"), null);
  });

  test("failures are kept, and unlock forgets them", async (store) => {
    const { logins, enrolments } = store;
    const failures = { count: 3, lastWrong: "m", lastWrongAt: 4, locks: 2, lockedUntil: 2 ** 42 };
    await logins.transaction((records) => records.saveFailures("alice", failures));
    assert.deepEqual((await enrolments.find("alice"))!.failures, failures);
    assert.equal(await enrolments.unlock("alice"), true);
    assert.deepEqual((await enrolments.find("alice"))!.failures, NO_FAILURES);
    assert.equal(await enrolments.unlock("bob"), false);
  });

  test("setDisabled forbids and allows a user's logins", async ({ enrolments }) => {
    const disabledAt = async () => (await enrolments.find("alice"))!.disabledAt;
    assert.equal(await enrolments.setDisabled("alice", 5), true);
    assert.equal(await disabledAt(), 5);
    assert.equal(await enrolments.setDisabled("alice", null), true);
    assert.equal(await disabledAt(), null);
    assert.equal(await enrolments.setDisabled("bob", 5), false);
  });

  test("a step is used up once, with those before", async (store) => {
    const { enrolments } = store;
    const alice = (await enrolments.find("alice"))!;
    const isUsed = (step: number) => enrolments.useTimeStep(alice, step);
    assert.deepEqual(await Promise.all([isUsed(5), isUsed(5)]), [true, false]);
    assert.deepEqual([await isUsed(4), await isUsed(6)], [false, true]);
    assert.equal((await enrolments.find("alice"))!.lastTimeStep, 6);
    await enrol(store, [{ ...enrolmentOf("alice"), enrolledAt: 1 }], { mayReplace: () => true });
    assert.equal(await isUsed(9), false);
  });

  test("a recovery code is used up once", async (store) => {
    const { enrolments, logins } = store;
    const alice = (await enrolments.find("alice"))!;
    assert.equal(await enrolments.replaceRecoveryCodes(alice, ["a", "b", "c"]), true);
    const use = () => logins.transaction((records) => records.useRecoveryCode("alice", "a"));
    assert.deepEqual((await Promise.all([use(), use()])).toSorted(), [false, true]);
    assert.equal(await enrolments.hasRecoveryCode("alice", "a"), false);
    assert.equal(await enrolments.hasRecoveryCode("alice", "b"), true);
    assert.equal(await enrolments.hasRecoveryCode("bob", "b"), false);
    assert.equal(await enrolments.useRecoveryCode("bob", "b"), false);
    assert.equal(await enrolments.useRecoveryCode("alice", "b"), true);
    assert.equal(await enrolments.useRecoveryCode("alice", "b"), false);
    assert.equal((await enrolments.find("alice"))!.recoveryCodes, 1);
  });

  test("recovery codes are replaced only for the secret that they were made with", async (store) => {
    const { enrolments } = store;
    const alice = (await enrolments.find("alice"))!;
    await enrolments.replaceRecoveryCodes(alice, ["a"]);
    await enrolments.replaceRecoveryCodes(alice, ["b", "c"]);
    assert.equal(await enrolments.hasRecoveryCode("alice", "a"), false);
    await enrol(store, [enrolmentOf("alice", 2)], { mayReplace: () => true });
    assert.equal(await enrolments.replaceRecoveryCodes(alice, ["d"]), false);
    assert.equal((await enrolments.find("alice"))!.recoveryCodes, 0);
    const nobody = { ...alice, username: "bob" };
    assert.equal(await enrolments.replaceRecoveryCodes(nobody, ["d"]), false);
  });

  test("an exemption is added, replaced and ended", async ({ enrolments, logins }) => {
    const find = (name: string) => logins.transaction((records) => records.findExemption(name));
    const first = { username: "link", since: 1, until: null, from: "192.0.2.0/24" };
    const second = { username: "link", since: 2, until: 2 ** 42, from: null };
    assert.equal(await find("link"), null);
    await enrolments.exempt(first);
    assert.deepEqual(await find("link"), first);
    await enrolments.exempt(second);
    assert.deepEqual(await enrolments.exemptions(), [second]);
    assert.equal(await enrolments.endExemption("link"), true);
    assert.equal(await enrolments.endExemption("link"), false);
    assert.equal(await find("link"), null);
  });

  test("users whose names look odd are users like others", async (store) => {
    const { enrolments } = store;
    await enrol(store, HOSTILE);
    const names = [...HOSTILE, "alice"].toSorted(byBytes);
    for (const [step, username] of names.entries()) {
      await logIn(store, username, `login ${username}`, step);
      await enrolments.exempt({ username, since: step, until: null, from: null });
    }
    const listed = await enrolments.list();
    assert.deepEqual(listed.map(({ username }) => username), names);
    assert.deepEqual(listed.map(({ lastTimeStep }) => lastTimeStep), [...names.keys()]);
    const exempt = await enrolments.exemptions();
    assert.deepEqual(exempt.map(({ username }) => username), names);
    for (const username of HOSTILE) {
      const found = await store.logins.findEnrolment("nobody", `login ${username}`);
      assert.equal(found?.username, username);
      assert(await enrolments.delete(username, 0));
    }
    assert.deepEqual((await enrolments.list()).map(({ username }) => username), ["alice"]);
  });

  test("all users are read some at a time, in both orders", async (store) => {
    const { enrolments } = store;
    const many = Array.from({ length: 2500 }, (_, n) => `user ${n}`);
    await enrol(store, [...many, ...HOSTILE]);
    for (const username of ["alice", "Zoe", "user 7", "\u{1f601}"]) {
      await enrolments.exempt({ username, since: 1, until: 2, from: null });
    }
    const names = [...many, ...HOSTILE, "alice", "Zoe", "\u{1f601}"].toSorted(byBytes);
    const pages = await Array.fromAsync(enrolments.users());
    assert(pages.length > 1);
    assert.deepEqual(pages.flat().map(({ username }) => username), names);
    const backwards = (await Array.fromAsync(enrolments.users("descending"))).flat();
    assert.deepEqual(backwards, pages.flat().toReversed());
    const found = new Map(backwards.map((user) => [user.username, user]));
    assert.deepEqual(found.get("alice")!.enrolment, await enrolments.find("alice"));
    assert.deepEqual(found.get("alice")!.exemption!.since, 1);
    assert.equal(found.get("user 8")!.exemption, null);
    assert.equal(found.get("Zoe")!.enrolment, null);
    const asked = ["Zoe", "nobody", "alice", ...HOSTILE.toReversed()];
    assert.deepEqual(
      await enrolments.usersNamed(asked),
      asked.filter((name) => name !== "nobody").map((name) => found.get(name)),
    );
  });

  test("large values come back whole", async (store) => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const step = Number.MAX_SAFE_INTEGER;
    const enrolment = { ...enrolmentOf("bob"), enrolledAt: step, issuer: "ü".repeat(10_000) };
    await enrol(store, [{ ...enrolment, secret: { ...enrolment.secret, bytes } }]);
    await logIn(store, "bob", "bob", step);
    const bob = (await store.enrolments.find("bob"))!;
    assert.deepEqual(bob.secret.bytes, bytes);
    assert.deepEqual([bob.lastTimeStep, bob.enrolledAt, bob.issuer], [
      step,
      step,
      enrolment.issuer,
    ]);
  });
}

/** As UTF-8; `<` compares UTF-16, which puts characters beyond it elsewhere. */
function byBytes(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => new TextEncoder().encode(text).toHex());
  return left! < right! ? -1 : 1;
}

function logIn(
  { logins }: Store,
  username: string,
  loginName: string,
  step: number,
): Promise<void> {
  return logins.transaction((records) =>
    records.recordLogin({ username, loginName, timeStep: step, at: step })
  );
}
