import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterWrongCode,
  type CodeFailures,
  lockedForSeconds,
  LONGEST_LOCK_SECONDS,
  NO_FAILURES,
  withinLongestLock,
} from "../../../src/core/lockout.ts";
import { holds, moment } from "../../lab/fuzz.ts";

const rule = fc.record({
  maxFailures: fc.oneof(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 100 }),
  ),
  lockoutSeconds: fc.integer({ min: 1, max: LONGEST_LOCK_SECONDS }),
});
/** Moments within a few hours, so that locks and windows overlap, or in other years. */
const time = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 9_000_000 }), weight: 4 },
  moment,
);
const mark = fc.constantFrom("a", "b", "c");
const staysWrongMs = fc.constantFrom(30_000, 90_000, 630_000);
/** Any state that may be stored, under the present rule or an earlier one. */
const kept: fc.Arbitrary<CodeFailures> = fc.record({
  count: fc.nat(120),
  lastWrong: fc.option(mark),
  lastWrongAt: fc.option(time),
  locks: fc.nat(2000),
  lockedUntil: fc.option(time),
});
const tries = fc.array(
  fc.record({ mark, pauseMs: fc.integer({ min: -100_000, max: 800_000 }) }),
  { maxLength: 60 },
);

Deno.test("a lock of codes ends when it was said to end, and not earlier", () => {
  holds(fc.property(kept, time, (failures, now) => {
    const seconds = lockedForSeconds(failures, now);
    assert(Number.isInteger(seconds) && seconds >= 0);
    const after = (more: number) => lockedForSeconds(failures, now + more * 1000);
    assert.equal(after(seconds), 0);
    if (seconds > 0) assert.equal(after(seconds - 1), 1);
    assert.equal(seconds > 0, (failures.lockedUntil ?? 0) > now);
  }));
});

Deno.test("a clock set back ends no lock, and leaves none longer than an hour", () => {
  const hour = LONGEST_LOCK_SECONDS * 1000;
  const before = fc.oneof(
    ...[time, fc.integer({ min: hour - 2000, max: hour + 2000 })],
  );
  holds(fc.property(kept, time, before, (some, then, ms) => {
    const now = then - ms;
    const failures = { ...some, lockedUntil: then };
    const cut = withinLongestLock(failures, now);
    const seconds = lockedForSeconds(cut, now);
    assert(seconds <= LONGEST_LOCK_SECONDS);
    assert.equal(seconds > 0, ms > 0);
    const lockedUntil = Math.min(then, now + hour);
    assert.deepEqual(cut, { ...failures, lockedUntil });
  }));
});

Deno.test("whatever is stored, a wrong code locks for at most an hour, and counts at most once", () => {
  holds(
    fc.property(
      kept,
      mark,
      time,
      staysWrongMs,
      rule,
      (failures, mark, at, staysWrongMs, rule) => {
        const after = afterWrongCode(
          failures,
          { mark, at, staysWrongMs },
          rule,
        );
        assert(0 <= after.count && after.count < rule.maxFailures);
        if (after.locks === failures.locks) {
          assert(after.count - failures.count <= 1);
          assert(after.count >= failures.count);
          assert.equal(after.lockedUntil, failures.lockedUntil);
          return;
        }
        assert.equal(after.locks, failures.locks + 1);
        assert.equal(after.count, 0);
        const seconds = lockedForSeconds(after, at);
        assert(rule.lockoutSeconds <= seconds);
        assert(seconds <= LONGEST_LOCK_SECONDS);
      },
    ),
    500,
  );
});

Deno.test("the same wrong code counts once while it cannot become right, and another one always counts", () => {
  holds(
    fc.property(
      kept,
      time,
      staysWrongMs,
      fc.nat(700_000),
      rule,
      (failures, at, staysWrongMs, later, rule) => {
        const after = (from: CodeFailures, mark: string, at: number) =>
          afterWrongCode(from, { mark, at, staysWrongMs }, rule);
        const first = after(failures, "new", at);
        const again = after(first, "new", at + later);
        const other = after(first, "other", at + later);
        assert.equal(isDeepEqual(again, first), later < staysWrongMs);
        assert.equal(isDeepEqual(other, first), false);
        // Sending it again and again does not make it forgotten.
        assert.equal(
          isDeepEqual(after(again, "new", at + staysWrongMs), first),
          false,
        );
        assert.equal(isDeepEqual(after(first, "new", at - 1), first), false);
      },
    ),
  );
});

Deno.test("guesses in a row lock after each maxFailures codes, each lock twice as long, whatever the pauses", () => {
  holds(fc.property(tries, rule, staysWrongMs, (tries, rule, staysWrongMs) => {
    let failures = NO_FAILURES;
    let now = 1e12;
    let judged = 0;
    let length = rule.lockoutSeconds;
    for (const [i, { mark, pauseMs }] of tries.entries()) {
      now += pauseMs;
      failures = withinLongestLock(failures, now);
      if (lockedForSeconds(failures, now) > 0) continue;
      // No code equals the previous one, so each counts.
      const wrong = { mark: `${mark}${i}`, at: now, staysWrongMs };
      const { locks } = failures;
      failures = afterWrongCode(failures, wrong, rule);
      judged++;
      assert.equal(failures.count, judged % rule.maxFailures);
      assert.equal(failures.locks > locks, judged % rule.maxFailures === 0);
      if (failures.locks === locks) continue;
      assert.equal(lockedForSeconds(failures, now), length);
      length = Math.min(2 * length, 3600);
    }
  }));
});

function isDeepEqual(one: CodeFailures, other: CodeFailures): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
