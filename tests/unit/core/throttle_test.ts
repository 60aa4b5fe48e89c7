import assert from "node:assert/strict";
import {
  afterFailure,
  levelAt,
  type PlaceFailures,
  placesOf,
  scopeOf,
  takenBack,
  type ThrottleScope,
  waitSeconds,
} from "../../../src/core/throttle.ts";

const RULE = { freeFailures: 3, maxWaitSeconds: 300 };
const { pair, networks: [ADDRESS] } = placesOf("alice", "192.0.2.1", RULE);

/** Several failures at one moment. */
function failuresOf(level: number, lastAt = 0): PlaceFailures {
  return { level, lastAt, goneAt: lastAt + level * 300_000 };
}

/** The level after one failure at each of these seconds. */
function levelAfter(scope: ThrottleScope, seconds: readonly number[]): number {
  let failures: PlaceFailures | null = null;
  for (const second of seconds) failures = afterFailure(failures, scope, second * 1000);
  return failures?.level ?? 0;
}

Deno.test("waits grow by this table", () => {
  const { networks: [v6, v6Wider, v6Widest] } = placesOf("alice", "2001:db8::1", RULE);
  const { networks: [, v4Wider] } = placesOf("alice", "192.0.2.1", RULE);
  // Columns: failures in a row; then the seconds to wait for the user, an address or a /64, a /24 or
  // a /56, a /48.
  const table: [number, number, number, number, number][] = [
    [0, 0, 0, 0, 0],
    [2, 0, 0, 0, 0],
    [3, 1, 0, 0, 0],
    [4, 2, 0, 0, 0],
    [7, 16, 0, 0, 0],
    [11, 256, 0, 0, 0],
    [12, 300, 0, 0, 0],
    [14, 300, 0, 0, 0],
    [15, 300, 1, 0, 0],
    [20, 300, 32, 0, 0],
    [59, 300, 300, 0, 0],
    [60, 300, 300, 1, 0],
    [239, 300, 300, 300, 0],
    [240, 300, 300, 300, 1],
    [1000, 300, 300, 300, 300],
  ];
  for (const [level, ofPair, ofNarrow, ofWider, ofWidest] of table) {
    const failures = level === 0 ? null : failuresOf(level, 1000);
    const wait = (scope: ThrottleScope | undefined) => waitSeconds(failures, scope!, 1000);
    assert.equal(wait(pair), ofPair, `${level}`);
    assert.deepEqual([wait(ADDRESS), wait(v6)], [ofNarrow, ofNarrow], `${level}`);
    assert.deepEqual([wait(v4Wider), wait(v6Wider)], [ofWider, ofWider], `${level}`);
    assert.equal(wait(v6Widest), ofWidest, `${level}`);
  }
});

Deno.test("a wait ends on the second, and a clock set back does not end it", () => {
  const failures = failuresOf(7, 100_000);
  const wait = (nowMs: number) => waitSeconds(failures, pair, nowMs);
  assert.equal(wait(115_999), 1);
  assert.equal(wait(116_000), 0);
  assert.equal(wait(99_000), 16);
  assert.equal(wait(0), 16);
});

Deno.test("the free failures are free and no more, though some time passes between them", () => {
  const waitAfter = (seconds: readonly number[]) => {
    let failures: PlaceFailures | null = null;
    for (const second of seconds) failures = afterFailure(failures, pair, second * 1000);
    return waitSeconds(failures, pair, seconds.at(-1)! * 1000);
  };
  assert.equal(waitAfter([0, 20]), 0);
  assert.equal(waitAfter([0, 20, 40]), 1);
  assert.equal(waitAfter([0, 20, 40, 60]), 2);
  assert.equal(waitAfter([0, 298, 299]), 1);
  // By then, quiet time has taken the first one back.
  assert.equal(waitAfter([0, 300, 300]), 0);
});

Deno.test("the time of a wait does not shorten the wait, though it takes failures back", () => {
  const failures = failuresOf(20);
  assert.equal(waitSeconds(failures, pair, 299_999), 1);
  assert.equal(waitSeconds(failures, pair, 300_000), 0);
  assert.equal(levelAt(failures, pair, 300_000), 19);
});

Deno.test("quiet time takes failures back at a steady rate, the faster the wider the network", () => {
  const { networks: [, wider, widest] } = placesOf("alice", "2001:db8::1", RULE);
  // Columns: seconds; then what is left of nine failures.
  const table: [number, number, number, number][] = [
    [0, 9, 9, 9],
    [30, 8.9, 8.6, 8.2],
    [75, 8.75, 8, 7],
    [300, 8, 5, 1],
    [450, 7.5, 3, 0],
    [2699.97, 0.0001, 0, 0],
    [2700, 0, 0, 0],
    [9e9, 0, 0, 0],
  ];
  for (const [second, ...expected] of table) {
    const left = [pair, wider!, widest!].map((scope) =>
      levelAt(failuresOf(9), scope, second * 1000)
    );
    left.forEach((level, i) => assert(Math.abs(level - expected[i]!) < 1e-9, `${second}: ${left}`));
  }
  assert.equal(levelAt(null, pair, 0), 0);
  // Setting the clock back takes no failure back.
  assert.equal(levelAt(failuresOf(9, 1000), pair, 0), 9);
});

Deno.test("one client that fails now and then never makes its place wait", () => {
  const everyFiveMinutes = Array.from({ length: 1000 }, (_, i) => i * 300);
  assert.equal(levelAfter(pair, everyFiveMinutes), 1);
  assert.equal(levelAfter(pair, [0, 150, 300]), 2);
  // A failure a minute adds up, but in a /24, where four clients of this kind are usual, not.
  const everyMinute = Array.from({ length: 100 }, (_, i) => i * 60);
  assert(levelAfter(pair, everyMinute) > 50);
  const { networks: [, wider] } = placesOf("alice", "192.0.2.1", RULE);
  assert(levelAfter(wider!, everyMinute.flatMap((second) => [second, second, second])) > 60);
  assert.equal(levelAfter(wider!, Array.from({ length: 100 }, (_, i) => i * 75)), 1);
});

Deno.test("goneAt is the moment when quiet time has taken all back", () => {
  assert.equal(afterFailure(null, pair, 7000).goneAt, 307_000);
  assert.equal(afterFailure(failuresOf(1), pair, 150_000).goneAt, 600_000);
  const { networks: [, wider] } = placesOf("alice", "192.0.2.1", RULE);
  assert.equal(afterFailure(failuresOf(1), wider!, 0).goneAt, 150_000);
});

Deno.test("an attempt that is taken back leaves what was there, and others' failures as they are", () => {
  const earlier = failuresOf(2, 5000);
  const counted = afterFailure(earlier, pair, 6000);
  const own = { earlier, counted };
  assert.deepEqual(takenBack(counted, own, pair), earlier);
  assert.equal(takenBack(null, own, pair), null);
  const later = afterFailure(counted, pair, 6000);
  assert.equal(takenBack(later, own, pair)!.level, counted.level);
  // The attempt took 150 seconds: half of it was taken back already, and the other one counts whole.
  const slow = { earlier: null, counted: afterFailure(null, pair, 0) };
  const other = afterFailure(slow.counted, pair, 150_000);
  assert.deepEqual(takenBack(other, slow, pair), afterFailure(null, pair, 150_000));
});

Deno.test("a failure counts for user and networks, never for the user everywhere", () => {
  const keys = (name: string, address: string | null) => {
    const { pair, networks } = placesOf(name, address, RULE);
    return [pair.key, ...networks.map(({ key }) => key)];
  };
  const alice = keys("alice", "192.0.2.1");
  const elsewhere = keys("alice", "192.0.2.2");
  assert.equal(alice.length, 3);
  assert.notEqual(alice[0], elsewhere[0]);
  assert.notEqual(alice[1], elsewhere[1]);
  assert.equal(alice[2], elsewhere[2]);
  assert.notEqual(alice[0], keys("bob", "192.0.2.1")[0]);
  assert.deepEqual(alice.slice(1), keys("bob", "192.0.2.1").slice(1));
  assert.equal(keys("alice", null).length, 1);
});

Deno.test("a stored key alone says how failures are counted there", () => {
  for (const address of ["192.0.2.1", "2001:db8::1", null]) {
    // Names end like networks that have larger budgets.
    for (const name of ["alice", "x/24", "network 2001:db8:0::/48", "a/56"]) {
      const { pair, networks } = placesOf(name, address, RULE);
      assert.equal(pair.freeFailures, 3);
      for (const scope of [pair, ...networks]) assert.deepEqual(scopeOf(scope.key, RULE), scope);
    }
  }
});

Deno.test("all spellings of a name that PAM may take for one share a count", () => {
  const keyOf = (name: string) => placesOf(name, "192.0.2.1", RULE).spelling.key;
  for (const name of ["ALICE", "alice ", " Alice", "\uff41lice", "ali\u200bce"]) {
    assert.equal(keyOf(name), keyOf("alice"), name);
  }
  assert.notEqual(keyOf("alice"), keyOf("alicia"));
});
