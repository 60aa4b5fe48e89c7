import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterFailure,
  networkOf,
  type PlaceFailures,
  throttleScopes,
  waitSeconds,
} from "../../../src/core/throttle.ts";
import { holds } from "../../lab/fuzz.ts";

const RULE = { freeFailures: 3, maxWaitSeconds: 300 };
const { user, network } = throttleScopes("alice", "192.0.2.1", RULE);
const SCOPES = { user, network: network! };

Deno.test("waits grow by this table", () => {
  // Columns: failures in a row; then the user's and the network's wait, in seconds.
  const table: [number, number, number][] = [
    [0, 0, 0],
    [2, 0, 0],
    [3, 1, 0],
    [4, 2, 0],
    [7, 16, 0],
    [11, 256, 0],
    [12, 300, 0],
    [14, 300, 0],
    [15, 300, 1],
    [20, 300, 32],
    [1000, 300, 60],
  ];
  for (const [count, user, network] of table) {
    const failures = count === 0 ? null : { count, lastAt: 1000 };
    assert.equal(waitSeconds(failures, SCOPES.user, 1000), user);
    assert.equal(waitSeconds(failures, SCOPES.network, 1000), network);
  }
});

Deno.test("a wait ends on the second, and a clock set back does not end it", () => {
  const failures = { count: 7, lastAt: 100_000 };
  const wait = (nowMs: number) => waitSeconds(failures, SCOPES.user, nowMs);
  assert.equal(wait(115_999), 1);
  assert.equal(wait(116_000), 0);
  assert.equal(wait(99_000), 16);
  assert.equal(wait(0), 16);
});

Deno.test("a wait of over ten minutes is not shortened by its own quiet period", () => {
  const scope = { ...SCOPES.user, maxWaitSeconds: 3600 };
  const failures = { count: 20, lastAt: 0 };
  assert.equal(waitSeconds(failures, scope, 0), 3600);
  assert.equal(waitSeconds({ ...failures, count: 13 }, scope, 600_000), 424);
  assert.equal(waitSeconds(failures, scope, 3_599_999), 1);
  assert.equal(waitSeconds(failures, scope, 3_600_000), 0);
});

Deno.test("quiet takes failures back, one in ten minutes, and all in an hour", () => {
  const minutes = (n: number) => n * 60_000;
  const failures = { count: 9, lastAt: 0 };
  const table = [[0, 10], [9, 10], [10, 9], [25, 8], [59, 5], [60, 1]] as const;
  for (const [minute, count] of table) {
    assert.deepEqual(afterFailure(failures, minutes(minute)), {
      count,
      lastAt: minutes(minute),
    });
  }
  assert.deepEqual(afterFailure(null, 7), { count: 1, lastAt: 7 });
  assert.equal(afterFailure({ count: 1, lastAt: 0 }, minutes(50)).count, 1);
  // Setting the clock back takes no failure back.
  assert.equal(afterFailure({ count: 9, lastAt: minutes(99) }, 0).count, 10);
});

Deno.test("nobody guesses faster than free failures, longest waits and quiet periods allow", () => {
  holds(fc.property(
    fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 200 }),
    (pauses) => {
      let now = 0;
      let failures: PlaceFailures | null = null;
      let tries = 0;
      for (const pause of pauses) {
        now += pause;
        if (waitSeconds(failures, SCOPES.user, now) > 0) continue;
        failures = afterFailure(failures, now);
        tries++;
      }
      // Nine tries lead to the longest wait; after that, there is at most one in five minutes.
      const most = RULE.freeFailures + 9 + now / 1000 / RULE.maxWaitSeconds;
      assert(tries <= most, `${tries} tries in ${now / 1000} s`);
    },
  ));
});

Deno.test("networkOf uses the first 64 bits of IPv6, and all of IPv4", () => {
  const cases: [string | null, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8::", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    [null, "unknown"],
  ];
  for (const [address, network] of cases) {
    assert.equal(networkOf(address), network, String(address));
  }
});

Deno.test("a failure counts for user and network, never for the user everywhere", () => {
  const other = throttleScopes("alice", "192.0.2.2", RULE);
  assert.notEqual(other.user.key, SCOPES.user.key);
  const bob = throttleScopes("bob", "192.0.2.1", RULE);
  assert.notEqual(bob.user.key, SCOPES.user.key);
  assert.equal(bob.network?.key, SCOPES.network.key);
  assert.equal(throttleScopes("alice", null, RULE).network, null);
});
