import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterFailure,
  type Counted,
  lessened,
  levelAt,
  type PlaceFailures,
  placesOf,
  takenBack,
  type ThrottleScope,
  waitSeconds,
} from "../../../src/core/throttle.ts";
import { holds, moment } from "../../lab/fuzz.ts";

/** Rounding errors are smaller. */
const TINY = 1e-6;

/** Any scope that an administrator may set, for a user or a network. */
const scope: fc.Arbitrary<ThrottleScope> = fc.record({
  freeFailures: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8000 })),
  maxWaitSeconds: fc.integer({ min: 1, max: 3600 }),
  pace: fc.constantFrom(1, 4, 8),
}).map(({ pace, ...rest }) => ({
  key: "x",
  ...rest,
  takenBackAfterMs: rest.maxWaitSeconds * 1000 / pace,
}));
/** Whole numbers are those that several failures at one moment make. */
const level = fc.oneof(
  fc.integer({ min: 1, max: 30 }),
  fc.double({ min: 0.01, max: 30, noNaN: true }),
  fc.integer({ min: 1, max: 5000 }),
);
/** Any failures that may be stored of a scope. */
const scopeAndFailures = fc.tuple(scope, level, moment).map(([scope, level, lastAt]) => {
  const goneAt = lastAt + Math.ceil(level * scope.takenBackAfterMs);
  return { scope, failures: { level, lastAt, goneAt } };
});

/** Milliseconds, often close to a second, a wait or an hour. */
const pause = fc.oneof(
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: 400_000 }),
  fc.integer({ min: 0, max: 4_000_000 }),
);

/** What failures at these moments come to, as a queue that is served at a steady rate. */
function levelOf(times: readonly number[], { takenBackAfterMs }: ThrottleScope, at: number) {
  const sorted = times.toSorted((a, b) => a - b);
  const sinceEach = sorted.map((time, i) => sorted.length - i - (at - time) / takenBackAfterMs);
  return Math.max(0, ...sinceEach);
}

Deno.test("a wait is in whole seconds, never negative or above the longest, wherever the clock is", () => {
  holds(
    fc.property(scopeAndFailures, moment, ({ scope, failures }, now) => {
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
  holds(fc.property(scopeAndFailures, level, pause, ({ scope, failures }, more, ms) => {
    const now = failures.lastAt + ms;
    const others = { ...failures, level: failures.level + more };
    assert(waitSeconds(others, scope, now) >= waitSeconds(failures, scope, now));
    // What is left of a failure counts as one.
    const isFree = Math.ceil(failures.level) < scope.freeFailures;
    assert.equal(waitSeconds(failures, scope, failures.lastAt) === 0, isFree);
  }));
});

Deno.test("a wait ends when it was said to end, not earlier, and does not return", () => {
  holds(
    fc.property(scopeAndFailures, pause, pause, ({ scope, failures }, ms, later) => {
      const wait = (atMs: number) => waitSeconds(failures, scope, atMs);
      const now = failures.lastAt + ms;
      const seconds = wait(now);
      if (seconds > 0) assert.equal(wait(now + (seconds - 1) * 1000), 1);
      assert.equal(wait(now + seconds * 1000), 0);
      assert(wait(now + later) <= seconds);
      const whole = wait(failures.lastAt);
      if (whole > 0) assert.equal(wait(failures.lastAt + whole * 1000 - 1), 1);
      assert.equal(wait(now + seconds * 1000 + later), 0);
    }),
    500,
  );
});

Deno.test("a clock set back ends no wait and takes no failure back", () => {
  holds(fc.property(scopeAndFailures, moment, ({ scope, failures }, back) => {
    const now = failures.lastAt - back;
    const whole = waitSeconds(failures, scope, failures.lastAt);
    assert.equal(waitSeconds(failures, scope, now), whole);
    assert.equal(levelAt(failures, scope, now), failures.level);
    const { level, lastAt } = afterFailure(failures, scope, now);
    assert.deepEqual([level, lastAt], [failures.level + 1, now]);
  }));
});

Deno.test("failures are taken back at a steady rate, whatever their pattern and that of the reads", () => {
  const pauses = fc.array(fc.tuple(pause, fc.boolean()), { maxLength: 60 });
  holds(fc.property(scope, pauses, pause, (scope, pauses, later) => {
    let now = 0;
    let failures: PlaceFailures | null = null;
    const times: number[] = [];
    for (const [ms, isFailure] of pauses) {
      now += ms;
      const expected = levelOf(times, scope, now);
      assert(Math.abs(levelAt(failures, scope, now) - expected) < TINY);
      if (!isFailure) continue;
      failures = afterFailure(failures, scope, now);
      times.push(now);
      assert.equal(failures.lastAt, now);
    }
    if (failures === null) return;
    const expected = levelOf(times, scope, now + later);
    assert(Math.abs(levelAt(failures, scope, now + later) - expected) < TINY);
    const { goneAt } = failures;
    assert(levelAt(failures, scope, goneAt) < TINY);
    assert(levelAt(failures, scope, goneAt - 2) > 0);
  }));
});

Deno.test("another failure counts once, and never makes a wait end earlier", () => {
  holds(fc.property(scopeAndFailures, pause, ({ scope, failures }, ms) => {
    const wait = waitSeconds(failures, scope, failures.lastAt);
    // Somebody who waits until they may try again gets no shorter wait for it.
    const now = failures.lastAt + wait * 1000 + ms;
    const left = levelAt(failures, scope, now);
    const after = afterFailure(failures, scope, now);
    assert.equal(after.level, left + 1);
    const soon = afterFailure(failures, scope, failures.lastAt);
    assert(waitSeconds(soon, scope, failures.lastAt) >= wait);
    const end = (some: PlaceFailures) => some.lastAt + 1000 * waitSeconds(some, scope, some.lastAt);
    assert(end(after) >= end(failures));
    assert.equal(waitSeconds(null, scope, now), 0);
    assert.deepEqual(
      [afterFailure(null, scope, now).level, afterFailure(null, scope, now).lastAt],
      [1, now],
    );
  }));
});

/** Attempts at one place: when each is counted, when its result comes, and whether it was right. */
const attempts = fc.array(
  fc.record({
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400_000 })),
    takes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30_000 }), pause),
    isRight: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

Deno.test("taking attempts back in any order leaves at least what the others' failures left", () => {
  holds(
    fc.property(scope, attempts, pause, (scope, attempts, later) => {
      let start = 0;
      const starts = attempts.map(({ pause }) => start += pause);
      const events = attempts.flatMap(({ takes }, i) => [
        { at: starts[i]!, i, isEnd: false },
        { at: starts[i]! + takes, i, isEnd: true },
      ]).sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd) || a.i - b.i);
      let current: PlaceFailures | null = null;
      const own = new Map<number, Counted>();
      for (const { at, i, isEnd } of events) {
        if (!isEnd) {
          const counted = afterFailure(current, scope, at);
          own.set(i, { earlier: current, counted });
          current = counted;
        } else if (attempts[i]!.isRight) {
          current = takenBack(current, own.get(i)!, scope);
        }
      }
      const wrong = starts.filter((_, i) => !attempts[i]!.isRight);
      const now = events.at(-1)!.at + later;
      const left = levelAt(current, scope, now);
      assert(left >= levelOf(wrong, scope, now) - TINY, `${left}`);
      assert(left <= levelOf(starts, scope, now) + TINY, `${left}`);
    }),
    1000,
  );
});

Deno.test("taking some failures off leaves the rest, never fewer than none", () => {
  holds(fc.property(scopeAndFailures, level, ({ scope, failures }, by) => {
    const left = lessened(failures, by, scope);
    if (left === null) {
      assert(failures.level - by < TINY);
    } else {
      assert.deepEqual([left.level, left.lastAt], [failures.level - by, failures.lastAt]);
      assert(levelAt(left, scope, left.goneAt) < TINY);
    }
    assert.equal(lessened(null, by, scope), null);
  }));
});

Deno.test("whatever the rule and the pauses, guesses are bounded by the time they take", () => {
  const pauses = fc.array(fc.oneof(fc.constant("asap" as const), pause), {
    minLength: 20,
    maxLength: 80,
  });
  const small = scope.filter(({ freeFailures }) => freeFailures < 10);
  holds(fc.property(small, pauses, (scope, pauses) => {
    let now = 0;
    let failures: PlaceFailures | null = null;
    let tries = 0;
    for (const pause of pauses) {
      const wait = waitSeconds(failures, scope, now);
      now += pause === "asap" ? wait * 1000 : pause;
      if (waitSeconds(failures, scope, now) > 0) continue;
      failures = afterFailure(failures, scope, now);
      tries++;
    }
    // Waits double until they are as long as they can be; then, time alone gives further tries.
    const doubling = Math.ceil(Math.log2(scope.maxWaitSeconds)) + 1;
    const most = scope.freeFailures + doubling + now / scope.takenBackAfterMs;
    assert(tries <= most + TINY, `${tries} tries in ${now / 1000} s`);
  }));
});

Deno.test("failures add up exactly where user and network are the same", () => {
  const address = fc.constantFrom(
    ...[null, "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "64:ff9b::c000:201"],
    ...["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"],
  );
  const network = (text: string | null) =>
    text?.replace("::ffff:", "").replace("64:ff9b::c000:201", "192.0.2.1")
      .replace(/^(2001:db8)::.$/, "$1");
  const name = fc.constantFrom("a", "A", "a ", " a", "b", "unknown a", "network a");
  const rule = { freeFailures: 3, maxWaitSeconds: 300 };
  const place = fc.record({ name, address });
  holds(fc.property(place, place, (one, other) => {
    const [a, b] = [one, other].map(({ name, address }) => placesOf(name, address, rule));
    const isSameNetwork = network(one.address) === network(other.address);
    const isSameName = one.name.trim().toLowerCase() === other.name.trim().toLowerCase();
    assert.equal(a!.pair.key === b!.pair.key, isSameNetwork && one.name === other.name);
    assert.equal(a!.spelling.key === b!.spelling.key, isSameNetwork && isSameName);
    assert.equal(a!.networks.length === 0, one.address === null);
    const [narrow] = a!.networks;
    assert(b!.networks.every(({ key }) => key !== a!.pair.key));
    if (narrow === undefined || b!.networks[0] === undefined) return;
    assert.equal(narrow.key === b!.networks[0].key, isSameNetwork);
    assert.deepEqual([narrow.freeFailures, narrow.maxWaitSeconds], [15, 300]);
  }));
});
