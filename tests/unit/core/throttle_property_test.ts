import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterFailure,
  type PlaceFailures,
  takenBack,
  throttleScopes,
  waitSeconds,
} from "../../../src/core/throttle.ts";
import { holds, moment } from "../../lab/fuzz.ts";

/** Any scope that an administrator may set, for a user or a network. */
const scope = fc.record({
  key: fc.constant("x"),
  freeFailures: fc.oneof(
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 500 }),
  ),
  maxWaitSeconds: fc.integer({ min: 1, max: 3600 }),
});
const count = fc.oneof(
  fc.integer({ min: 1, max: 30 }),
  fc.integer({ min: 1, max: 5000 }),
);
const failures = fc.record({ count, lastAt: moment });

/** Milliseconds, often close to a second, a wait or an hour. */
const pause = fc.oneof(
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: 400_000 }),
  fc.integer({ min: 0, max: 4_000_000 }),
);

Deno.test("a wait is in whole seconds, never negative or above the longest, wherever the clock is", () => {
  holds(
    fc.property(failures, scope, moment, (failures, scope, now) => {
      for (const at of [now, failures.lastAt, failures.lastAt + now % 4e6]) {
        const wait = waitSeconds(failures, scope, at);
        assert(Number.isInteger(wait) && wait >= 0, `${wait}`);
        assert(wait <= scope.maxWaitSeconds, `${wait}`);
      }
    }),
    500,
  );
});

Deno.test("more failures never shorten a wait, and beyond the free ones there is one", () => {
  holds(fc.property(failures, scope, count, pause, (some, scope, more, ms) => {
    const now = some.lastAt + ms;
    const others = { ...some, count: some.count + more };
    assert(waitSeconds(others, scope, now) >= waitSeconds(some, scope, now));
    const isFree = some.count < scope.freeFailures;
    assert.equal(waitSeconds(some, scope, some.lastAt) === 0, isFree);
  }));
});

Deno.test("a wait ends when it was said to end, not earlier, and does not return", () => {
  holds(
    fc.property(failures, scope, pause, pause, (some, scope, ms, later) => {
      const wait = (atMs: number) => waitSeconds(some, scope, atMs);
      const now = some.lastAt + ms;
      const seconds = wait(now);
      if (seconds > 0) assert.equal(wait(now + (seconds - 1) * 1000), 1);
      assert.equal(wait(now + seconds * 1000), 0);
      assert(wait(now + later) <= seconds);
      const whole = wait(some.lastAt);
      if (whole > 0) assert.equal(wait(some.lastAt + whole * 1000 - 1), 1);
      assert.equal(wait(now + seconds * 1000 + later), 0);
    }),
    500,
  );
});

Deno.test("a clock set back ends no wait and takes no failure back", () => {
  holds(fc.property(failures, scope, moment, (some, scope, back) => {
    const now = some.lastAt - back;
    const whole = waitSeconds(some, scope, some.lastAt);
    assert.equal(waitSeconds(some, scope, now), whole);
    assert.deepEqual(afterFailure(some, now), {
      count: some.count + 1,
      lastAt: now,
    });
  }));
});

Deno.test("another failure counts at most once, and never makes a wait end earlier", () => {
  holds(fc.property(failures, scope, pause, (some, scope, ms) => {
    const wait = waitSeconds(some, scope, some.lastAt);
    const now = some.lastAt + wait * 1000 + ms;
    const after = afterFailure(some, now);
    assert.equal(after.lastAt, now);
    assert(1 <= after.count && after.count <= some.count + 1);
    assert(waitSeconds(after, scope, now) >= waitSeconds(some, scope, now));
    const soon = some.lastAt + ms % 600_000;
    assert.equal(afterFailure(some, soon).count, some.count + 1);
    assert.deepEqual(afterFailure(null, now), { count: 1, lastAt: now });
    assert.equal(waitSeconds(null, scope, now), 0);
  }));
});

Deno.test("taking an attempt back leaves what the other failures add up to", () => {
  const soon = fc.integer({ min: 0, max: 500_000 });
  const others = fc.array(soon, { maxLength: 5 });
  const before = fc.option(failures);
  holds(fc.property(before, soon, others, (before, ms, others) => {
    const now = (before?.lastAt ?? 0) + ms;
    const counted = afterFailure(before, now);
    let [current, without] = [counted as PlaceFailures | null, before];
    for (const [i, pause] of others.entries()) {
      // Everything happens within ten minutes, so that no quiet period takes a failure back.
      const at = now + 1 + i + pause % 100_000;
      current = afterFailure(current, at);
      without = afterFailure(without, at);
    }
    const left = takenBack(current, { earlier: before, counted });
    if (others.length === 0) assert.deepEqual(left, before);
    assert.equal(left?.count, without?.count);
    assert.equal(takenBack(null, { earlier: before, counted }), null);
  }));
});

Deno.test("whatever the rule and the pauses, guesses are bounded by the time they take", () => {
  const pauses = fc.array(fc.oneof(fc.constant("asap" as const), pause), {
    minLength: 20,
    maxLength: 80,
  });
  holds(fc.property(scope, pauses, (scope, pauses) => {
    let now = 0;
    let failures: PlaceFailures | null = null;
    let tries = 0;
    for (const pause of pauses) {
      const wait = waitSeconds(failures, scope, now);
      now += pause === "asap" ? wait * 1000 : pause;
      if (waitSeconds(failures, scope, now) > 0) continue;
      failures = afterFailure(failures, now);
      tries++;
    }
    // Each quiet hour resets the free failures and the growing waits; ten quiet minutes take one
    // failure back.
    const growing = Math.ceil(Math.log2(scope.maxWaitSeconds)) + 1;
    const series = 1 + now / 3_600_000;
    const steady = now / 1000 / Math.min(scope.maxWaitSeconds, 600);
    const most = (scope.freeFailures + growing) * series + steady;
    assert(tries <= most, `${tries} tries in ${now / 1000} s`);
  }));
});

Deno.test("failures add up exactly where user and network are the same", () => {
  const address = fc.constantFrom(
    ...[null, "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1"],
    ...["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"],
  );
  const network = (text: string | null) =>
    text?.replace("::ffff:", "").replace(/^(2001:db8)::.$/, "$1");
  const name = fc.constantFrom("a", "A", "a ", " a", "unknown a", "network a");
  const rule = { freeFailures: 3, maxWaitSeconds: 300 };
  const place = fc.record({ name, address });
  holds(fc.property(place, place, (one, other) => {
    const [a, b] = [one, other].map(({ name, address }) => throttleScopes(name, address, rule));
    const isSameNetwork = network(one.address) === network(other.address);
    assert.equal(
      a!.user.key === b!.user.key,
      isSameNetwork && one.name === other.name,
    );
    assert.equal(a!.network === null, one.address === null);
    assert.notEqual(a!.user.key, b!.network?.key);
    if (a!.network && b!.network) {
      assert.equal(a!.network.key === b!.network.key, isSameNetwork);
      assert.equal(a!.network.freeFailures, 15);
      assert.equal(a!.network.maxWaitSeconds, 60);
    }
  }));
});
