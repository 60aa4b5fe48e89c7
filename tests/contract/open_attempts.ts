import assert from "node:assert/strict";
import type { OpenAttempt, Store } from "../../src/store/store.ts";
import { type Engine, inLogin, withAlice } from "./stores.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Attempts whose password another factor decides about. */
export function testOpenAttempts(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("open attempts count at each of their places, until they are closed", async (store) => {
    await open(store, { id: "a", places: ["user a", "net"], expiresAt: 500 });
    await open(store, { id: "b", places: ["user b", "net"], expiresAt: 300 });
    assert.deepEqual(await openAt(store, "net"), { count: 2, firstExpiresAt: 300 });
    assert.deepEqual(await openAt(store, "user a"), { count: 1, firstExpiresAt: 500 });
    assert.deepEqual(await openAt(store, "elsewhere"), { count: 0, firstExpiresAt: null });
    // The same attempt again is one.
    await open(store, { id: "b", places: ["user b", "net"], expiresAt: 400 });
    assert.deepEqual(await openAt(store, "net"), { count: 2, firstExpiresAt: 400 });
    await inLogin(store, (records) => records.closeAttempt("b"));
    await inLogin(store, (records) => records.closeAttempt("never opened"));
    assert.deepEqual(await openAt(store, "net"), { count: 1, firstExpiresAt: 500 });
    assert.deepEqual(await openAt(store, "user b"), { count: 0, firstExpiresAt: null });
  });

  test("closing a user's attempts closes them in the networks, and no others", async (store) => {
    await open(store, { id: "a", places: ["user a", "net", "wide"], expiresAt: 500 });
    await open(store, { id: "a2", places: ["user a"], expiresAt: 600 });
    await open(store, { id: "b", places: ["user b", "net", "wide"], expiresAt: 700 });
    await inLogin(store, (records) => records.closeAttemptsAt("user a"));
    assert.equal((await openAt(store, "user a")).count, 0);
    for (const place of ["user b", "net", "wide"]) {
      assert.deepEqual(await openAt(store, place), { count: 1, firstExpiresAt: 700 });
    }
  });

  test("expired attempts of a place are given whole, the oldest first", async (store) => {
    const attempts = [
      { id: "later", places: ["user x", "net"], expiresAt: 200 },
      { id: "first", places: ["z", "net", "a"], expiresAt: 100 },
      { id: "open", places: ["user x", "net"], expiresAt: 201 },
      { id: "elsewhere", places: ["user x"], expiresAt: 1 },
    ];
    for (const attempt of attempts) await open(store, attempt);
    const expired = (now: number) =>
      inLogin(store, (records) => records.expiredAttemptsAt("net", now, Infinity));
    assert.deepEqual(await expired(99), []);
    assert.deepEqual(await expired(100), [attempts[1]]);
    assert.deepEqual(await expired(200), [attempts[1], attempts[0]]);
    // Until they are closed, they stay, and count as open.
    assert.deepEqual(await openAt(store, "net"), { count: 3, firstExpiresAt: 100 });
  });

  test("after a flood, expired attempts are given some at a time, until all have been", async (store) => {
    await inLogin(store, async (records) => {
      for (let i = 0; i < 250; i++) {
        await records.openAttempt({ id: `${i}`, places: ["net"], expiresAt: 1000 - i }, 0);
      }
    });
    const seen: number[] = [];
    for (let turns = 0; turns < 250; turns++) {
      const some = await inLogin(store, async (records) => {
        const expired = await records.expiredAttemptsAt("net", 1000, Infinity);
        for (const { id } of expired) await records.closeAttempt(id);
        return expired;
      });
      if (some.length === 0) break;
      seen.push(...some.map(({ expiresAt }) => expiresAt));
    }
    assert.deepEqual(seen, Array.from({ length: 250 }, (_, i) => 751 + i));
  });

  test("attempts that nobody asked about for a day are forgotten", async (store) => {
    await open(store, { id: "old", places: ["user a", "net"], expiresAt: 100 });
    await open(store, { id: "new", places: ["x"], expiresAt: 2 * DAY_MS }, DAY_MS + 99);
    assert.equal((await openAt(store, "net")).count, 1);
    await open(store, { id: "new", places: ["x"], expiresAt: 2 * DAY_MS }, DAY_MS + 100);
    assert.equal((await openAt(store, "net")).count, 0);
    assert.equal((await openAt(store, "x")).count, 1);
  });
}

function open(store: Store, attempt: OpenAttempt, now = 0): Promise<void> {
  return inLogin(store, (records) => records.openAttempt(attempt, now));
}

function openAt(store: Store, place: string) {
  return inLogin(store, (records) => records.openAttemptsAt(place));
}
