import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterFailure,
  FORGOTTEN_AFTER_MS,
  networkOf,
  type PasswordFailures,
  throttleScopes,
  waitSeconds,
} from "../../../src/core/throttle.ts";

const RULE = { freeFailures: 3, maxWaitSeconds: 300 };
const SCOPES = throttleScopes("alice", "192.0.2.1", RULE);

Deno.test("waits grow by this table", () => {
  // Failures in a row; then: wait of the user's, wait of the network's, in seconds.
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
    [1000, 300, 300],
  ];
  for (const [count, user, network] of table) {
    const failures = count === 0 ? null : { count, lastAt: 1000 };
    assert.equal(waitSeconds(failures, SCOPES.user, RULE, 1000), user);
    assert.equal(waitSeconds(failures, SCOPES.network, RULE, 1000), network);
  }
});

Deno.test("a wait ends to the second, and a clock set back doesn't end it", () => {
  const failures = { count: 7, lastAt: 100_000 };
  const wait = (nowMs: number) =>
    waitSeconds(failures, SCOPES.user, RULE, nowMs);
  assert.equal(wait(115_999), 1);
  assert.equal(wait(116_000), 0);
  assert.equal(wait(99_000), 16);
  assert.equal(wait(0), 16);
});

Deno.test("failures are forgotten an hour after the last", () => {
  const first = afterFailure(null, 0);
  assert.deepEqual(first, { count: 1, lastAt: 0 });
  const second = afterFailure(first, FORGOTTEN_AFTER_MS - 1);
  assert.equal(second.count, 2);
  const later = afterFailure(second, second.lastAt + FORGOTTEN_AFTER_MS);
  assert.equal(later.count, 1);
  assert.equal(afterFailure(second, 0).count, 3);
});

Deno.test("guessing without pause gets through fewer times than the waits allow", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 200 }),
    (pauses) => {
      let now = 0;
      let failures: PasswordFailures | null = null;
      const tries: number[] = [];
      for (const pause of pauses) {
        now += pause;
        if (waitSeconds(failures, SCOPES.user, RULE, now) > 0) continue;
        failures = afterFailure(failures, now);
        tries.push(now);
      }
      // After the free ones, the n-th lies at least 2^n seconds behind the one before.
      for (let i = RULE.freeFailures; i < tries.length; i++) {
        const gap = (tries[i]! - tries[i - 1]!) / 1000;
        const least = Math.min(
          2 ** (i - RULE.freeFailures),
          RULE.maxWaitSeconds,
        );
        assert(gap >= least || gap >= FORGOTTEN_AFTER_MS / 1000);
      }
    },
  ));
});

Deno.test("networkOf takes IPv6 by its first 64 bits, IPv4 whole", () => {
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
  assert.equal(bob.network.key, SCOPES.network.key);
});
