import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterRightCode,
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
  lockoutSeconds: fc.integer({ min: 1, max: LONGEST_LOCK_SECONDS.known }),
});
/** The longest lock, in seconds. */
const longest = fc.constantFrom(...Object.values(LONGEST_LOCK_SECONDS));
const DAY_MS = 86_400_000;
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
  fc.record({
    mark,
    pauseMs: fc.oneof(
      fc.integer({ min: -100_000, max: 800_000 }),
      fc.constantFrom(3_600_000, DAY_MS, 2 * DAY_MS),
    ),
  }),
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

Deno.test("a clock set back ends no lock, and leaves none longer than the longest", () => {
  const nearby = longest.chain((seconds) =>
    fc.tuple(fc.constant(seconds), fc.integer({ min: -2000, max: 2000 }))
  ).map(([seconds, off]) => seconds * 1000 + off);
  const before = fc.oneof(time, nearby);
  holds(fc.property(kept, time, before, longest, (some, then, ms, longest) => {
    const now = then - ms;
    const failures = { ...some, lockedUntil: then };
    const cut = withinLongestLock(failures, now, longest);
    const seconds = lockedForSeconds(cut, now);
    assert(seconds <= longest);
    assert.equal(seconds > 0, ms > 0);
    const lockedUntil = Math.min(then, now + longest * 1000);
    assert.deepEqual(cut, { ...failures, lockedUntil });
  }));
});

Deno.test("whatever is stored, a wrong code locks no longer than the longest lock, and counts at most once", () => {
  const stored = fc.record({ failures: kept, mark, at: time, staysWrongMs, rule, longest });
  holds(
    fc.property(stored, ({ failures, mark, at, staysWrongMs, rule, longest }) => {
      const after = afterWrongCode(failures, { mark, at, staysWrongMs }, rule, longest);
      assert(0 <= after.count && after.count < rule.maxFailures);
      const isLock = after.count === 0;
      if (!isLock) {
        assert(after.count - failures.count <= 1);
        assert(after.count >= failures.count);
        assert.equal(after.locks, failures.locks);
        assert.equal(after.lockedUntil, failures.lockedUntil);
        return;
      }
      const { locks, lockedUntil } = failures;
      const countsStill = lockedUntil !== null && at < lockedUntil + DAY_MS;
      assert.equal(after.locks, (countsStill ? locks : 0) + 1);
      const seconds = lockedForSeconds(after, at);
      assert(rule.lockoutSeconds <= seconds);
      assert(seconds <= longest);
    }),
    500,
  );
});

Deno.test("a right code leaves nothing but the locks of the last day, and ends no lock", () => {
  const near = fc.integer({ min: -2, max: 2 }).map((ms) => DAY_MS + ms);
  holds(fc.property(kept, fc.oneof(time, near), (some, later) => {
    const now = (some.lockedUntil ?? 0) + later;
    const after = afterRightCode(some, now);
    assert.deepEqual([after.count, after.lastWrong, after.lastWrongAt], [0, null, null]);
    const isOfDay = some.lockedUntil !== null && later < DAY_MS && some.locks > 0;
    assert.deepEqual(
      [after.locks, after.lockedUntil],
      isOfDay ? [some.locks, some.lockedUntil] : [0, null],
    );
  }));
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
          afterWrongCode(from, { mark, at, staysWrongMs }, rule, LONGEST_LOCK_SECONDS.unknown);
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

Deno.test("guesses lock after each maxFailures codes, each lock of a day twice as long, whatever the pauses", () => {
  holds(fc.property(tries, rule, staysWrongMs, longest, (tries, rule, staysWrongMs, longest) => {
    let failures = NO_FAILURES;
    let now = 1e12;
    let judged = 0;
    let length = rule.lockoutSeconds;
    for (const [i, { mark, pauseMs }] of tries.entries()) {
      now += pauseMs;
      failures = withinLongestLock(failures, now, longest);
      if (lockedForSeconds(failures, now) > 0) continue;
      const { lockedUntil } = failures;
      const isNewDay = lockedUntil !== null && now >= lockedUntil + DAY_MS;
      // No code equals the previous one, so each counts.
      const wrong = { mark: `${mark}${i}`, at: now, staysWrongMs };
      failures = afterWrongCode(failures, wrong, rule, longest);
      judged++;
      assert.equal(failures.count, judged % rule.maxFailures);
      const isLock = judged % rule.maxFailures === 0;
      assert.equal(lockedForSeconds(failures, now) > 0, isLock);
      if (!isLock) continue;
      if (isNewDay) length = rule.lockoutSeconds;
      assert.equal(lockedForSeconds(failures, now), length);
      length = Math.min(2 * length, longest);
    }
  }));
});

Deno.test("over a year, nobody who only guesses gets more codes than locks of a day allow", () => {
  const [hour, year] = [3_600_000, 365 * DAY_MS];
  const [rule, unknown] = [{ maxFailures: 5, lockoutSeconds: 60 }, LONGEST_LOCK_SECONDS.unknown];
  // Guesses as soon as allowed; or so rarely that each lock is the first of its day.
  const guesses = (pauseMs: number) => {
    let [failures, tries] = [NO_FAILURES, 0];
    for (let now = 0; now < year; now += 1000) {
      now = Math.max(now, failures.lockedUntil === null ? 0 : failures.lockedUntil + pauseMs);
      const wrong = { mark: `${tries++}`, at: now, staysWrongMs: 90_000 };
      failures = afterWrongCode(failures, wrong, rule, unknown);
    }
    return tries;
  };
  assert(guesses(0) < 365 * 5 + 12 * 5);
  assert(guesses(hour) < 365 * 5 + 12 * 5);
  assert(guesses(DAY_MS) <= 365 * 5 + 5);
});

function isDeepEqual(one: CodeFailures, other: CodeFailures): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
