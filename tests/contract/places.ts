import assert from "node:assert/strict";
import { KNOWN_FOR_MS, type KnownPlace } from "../../src/core/known_place.ts";
import { NO_FAILURES } from "../../src/core/lockout.ts";
import type { PlaceFailures } from "../../src/core/throttle.ts";
import type { Store } from "../../src/store/store.ts";
import { type Engine, enrol, enrolmentOf, inLogin, withAlice } from "./stores.ts";

const CODES = { count: 2, lastWrong: "m", lastWrongAt: 4, locks: 1, lockedUntil: 2 ** 42 };

/** What is kept by place: failed logins, known users, marks of passwords. */
export function testPlaces(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("failures are kept by place, and forgotten when they are gone", async (store) => {
    const save = (key: string, failures: PlaceFailures | null) =>
      inLogin(store, (records) => records.savePlaceFailures(key, failures));
    const find = (key: string) => findBoth(store, (reader) => reader.findPlaceFailures(key));
    await save("x' ü", { level: 1, lastAt: 1000, goneAt: 1500 });
    await save("x' ü", { level: 1.25, lastAt: 1400, goneAt: 2500 });
    await save("y", { level: 1 / 3, lastAt: 1000, goneAt: 2000 });
    assert.deepEqual(await find("x' ü"), { level: 1.25, lastAt: 1400, goneAt: 2500 });
    assert.deepEqual(await find("y"), { level: 1 / 3, lastAt: 1000, goneAt: 2000 });
    // Not every engine can keep these as they are.
    await save("\0 \ud800", { level: 3, lastAt: 1000, goneAt: 2000 });
    assert.deepEqual(await find("\0 \ud800"), { level: 3, lastAt: 1000, goneAt: 2000 });
    await save("x' ü", null);
    assert.equal(await find("x' ü"), null);
    await save("z", { level: 1, lastAt: 1999, goneAt: 9999 });
    assert((await find("y")) !== null);
    await save("z", { level: 2 ** 31, lastAt: 2000, goneAt: 2 ** 52 });
    assert.equal(await find("y"), null);
    assert.deepEqual(await find("z"), { level: 2 ** 31, lastAt: 2000, goneAt: 2 ** 52 });
  });

  test("a place is known by its last login, and forgotten weeks later", async (store) => {
    const find = (key: string) => findBoth(store, (reader) => reader.findKnownPlace(key));
    const place = { username: "alice", lastLoginAt: 1000, failures: CODES };
    assert.equal(await find("x"), null);
    await know(store, "x", { ...place, failures: NO_FAILURES });
    await know(store, "x", place);
    assert.deepEqual(await find("x"), place);
    await know(store, "y", { ...place, lastLoginAt: 999 + KNOWN_FOR_MS });
    assert.deepEqual(await find("x"), place);
    await know(store, "y", { ...place, lastLoginAt: 1000 + KNOWN_FOR_MS });
    assert.equal(await find("x"), null);
    assert((await find("y")) !== null);
  });

  test("wrong codes at known places are listed by user", async (store) => {
    await know(store, "1", { username: "alice", lastLoginAt: 1, failures: CODES });
    await know(store, "2", { username: "alice", lastLoginAt: 1, failures: NO_FAILURES });
    const counted = { ...NO_FAILURES, count: 1 };
    const locked = { ...NO_FAILURES, locks: 1, lockedUntil: 5 };
    await know(store, "3", { username: "bob", lastLoginAt: 1, failures: counted });
    await know(store, "4", { username: "alice", lastLoginAt: 1, failures: locked });
    const { enrolments } = store;
    const ofAlice = [CODES, locked].map((failures) => ({ username: "alice", failures }));
    assert.deepEqual(byLocks(await enrolments.placeCodes("alice")), byLocks(ofAlice));
    const all = [...ofAlice, { username: "bob", failures: counted }];
    assert.deepEqual(byLocks(await enrolments.placeCodes()), byLocks(all));
    assert.deepEqual(await enrolments.placeCodes("nobody"), []);
  });

  test("unlock and a new secret forget a user's wrong codes everywhere, but not where the user is known", async (store) => {
    const { enrolments } = store;
    await enrol(store, ["bob"]);
    const forgets = [
      () => enrolments.unlock("alice"),
      () => enrol(store, [enrolmentOf("alice", 2)], { mayReplace: () => true }),
    ];
    for (const forget of forgets) {
      await know(store, "1", { username: "alice", lastLoginAt: 5, failures: CODES });
      await know(store, "2", { username: "bob", lastLoginAt: 5, failures: CODES });
      await forget();
      const place = await inLogin(store, (records) => records.findKnownPlace("1"));
      assert.deepEqual(place, { username: "alice", lastLoginAt: 5, failures: NO_FAILURES });
      assert.deepEqual(await enrolments.placeCodes(), [{ username: "bob", failures: CODES }]);
    }
  });

  test("delete forgets where a user is known, even one who is only exempt", async (store) => {
    const { enrolments } = store;
    await enrolments.exempt({ username: "link", since: 0, until: null, from: null });
    const users = ["alice", "link", "bob"];
    for (const username of users) {
      await know(store, username, { username, lastLoginAt: 1, failures: CODES });
    }
    await enrolments.delete("alice", 1);
    await enrolments.delete("link", 1);
    const known = await inLogin(
      store,
      (records) => Promise.all(users.map((key) => records.findKnownPlace(key))),
    );
    assert.deepEqual(known.map((place) => place?.username), [undefined, undefined, "bob"]);
    assert.deepEqual(await enrolments.placeCodes("alice"), []);
  });

  test("a password is new once at each place, until its time is over", async (store) => {
    const isNew = (key: string, mark: string, now: number) =>
      inLogin(store, (records) => records.isNewPassword(key, mark, now, now + 1000));
    assert.equal(await isNew("x", "m", 0), true);
    assert.equal(await isNew("x", "m", 0), false);
    assert.equal(await isNew("x", "other", 0), true);
    assert.equal(await isNew("y", "m", 0), true);
    // Sent again and again, it is not remembered for longer.
    assert.equal(await isNew("x", "m", 999), false);
    assert.equal(await isNew("x", "m", 1000), true);
    assert.equal(await isNew("x", "m", 1999), false);
    const both = await Promise.all([isNew("x", "n", 5000), isNew("x", "n", 5000)]);
    assert.deepEqual(both.toSorted(), [false, true]);
  });

  test("with the clock set back, a password is not remembered for longer than its time", async (store) => {
    const isNew = (now: number) =>
      inLogin(store, (records) => records.isNewPassword("x", "m", now, now + 1000));
    assert.equal(await isNew(10_000), true);
    assert.equal(await isNew(5000), true);
    assert.equal(await isNew(5999), false);
    assert.equal(await isNew(6000), true);
  });
}

/** Reads in a transaction and outside of any; both must give the same. */
async function findBoth<T>(
  store: Store,
  find: (reader: Pick<Store["logins"], "findPlaceFailures" | "findKnownPlace">) => Promise<T>,
): Promise<T> {
  const outside = await find(store.logins);
  assert.deepEqual(await inLogin(store, find), outside);
  return outside;
}

function know(store: Store, key: string, place: KnownPlace): Promise<void> {
  return inLogin(store, (records) => records.saveKnownPlace(key, place));
}

/** In an order that does not depend on the engine. */
function byLocks(places: Awaited<ReturnType<Store["enrolments"]["placeCodes"]>>): string[] {
  return places.map((place) => JSON.stringify(place)).sort();
}
