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
import { holds } from "../../lab/fuzz.ts";

const RULE = { maxFailures: 3, lockoutSeconds: 60 };

const wrong = (mark: string, at: number) => ({
  mark,
  at,
  staysWrongMs: 90_000,
});

Deno.test("the same wrong code counts again once it could have become right", () => {
  // Columns: second; then wrong codes in a row.
  const table = [[0, 1], [30, 1], [89.999, 1], [90, 2], [100, 2]] as const;
  let failures = NO_FAILURES;
  for (const [second, count] of table) {
    failures = afterWrongCode(failures, wrong("a", second * 1000), RULE);
    assert.equal(failures.count, count, `second ${second}`);
  }
  // After the clock was set back, the code counts again, rather than never.
  failures = afterWrongCode(NO_FAILURES, wrong("a", 100_000), RULE);
  assert.equal(afterWrongCode(failures, wrong("a", 0), RULE).count, 2);
});

Deno.test("a lowered limit locks at the next wrong code, repeated or not", () => {
  const failures = { ...NO_FAILURES, count: 4, lastWrong: "a", lastWrongAt: 0 };
  assert.equal(afterWrongCode(failures, wrong("a", 1), RULE).locks, 1);
});

Deno.test("wrong codes lock by this table", () => {
  // Columns: second, wrong code; then wrong codes in a row, locks in a row, seconds locked.
  const table: [number, string, number, number, number][] = [
    [0, "a", 1, 0, 0],
    [1, "a", 1, 0, 0],
    [2, "b", 2, 0, 0],
    [3, "c", 0, 1, 60],
    [63, "c", 0, 1, 0],
    [64, "d", 1, 1, 0],
    [65, "e", 2, 1, 0],
    [66, "d", 0, 2, 120],
    [300, "e", 1, 2, 0],
    [301, "f", 2, 2, 0],
    [302, "g", 0, 3, 240],
  ];
  let failures = NO_FAILURES;
  for (const [second, code, count, locks, lockedFor] of table) {
    const now = second * 1000;
    failures = afterWrongCode(failures, wrong(code, now), RULE);
    assert.equal(failures.count, count, `second ${second}`);
    assert.equal(failures.locks, locks, `second ${second}`);
    assert.equal(
      lockedForSeconds(failures, now),
      lockedFor,
      `second ${second}`,
    );
  }
});

Deno.test("a lock ends on the second, and grows up to an hour", () => {
  const lengths: number[] = [];
  let failures = NO_FAILURES;
  for (let n = 0; n < 3 * 20; n++) {
    failures = afterWrongCode(failures, wrong(`code ${n}`, 0), RULE);
    if (failures.count === 0) lengths.push(lockedForSeconds(failures, 0));
  }
  assert.deepEqual(lengths.slice(0, 8), [
    ...[60, 120, 240, 480, 960, 1920, 3600, 3600],
  ]);
  assert.equal(Math.max(...lengths), LONGEST_LOCK_SECONDS);
  assert.equal(lockedForSeconds(failures, 3_599_999), 1);
  assert.equal(lockedForSeconds(failures, 3_600_000), 0);
});

Deno.test("a clock set back leaves a lock, of an hour at the most", () => {
  const failures: CodeFailures = {
    count: 0,
    lastWrong: "x",
    lastWrongAt: 0,
    locks: 1,
    lockedUntil: 100_000_000,
  };
  assert.equal(withinLongestLock(failures, 99_999_000), failures);
  const shortened = withinLongestLock(failures, 0);
  assert.equal(lockedForSeconds(shortened, 0), LONGEST_LOCK_SECONDS);
});

Deno.test("no order of wrong codes lets more through between locks than allowed", () => {
  holds(fc.property(
    fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 50 }),
    (codes) => {
      let failures = NO_FAILURES;
      let judged = 0;
      for (const code of codes) {
        const after = afterWrongCode(failures, wrong(code, 0), RULE);
        if (after !== failures) judged++;
        if (after.locks > failures.locks) {
          assert.equal(judged, RULE.maxFailures);
          judged = 0;
        }
        failures = after;
      }
      assert(judged < RULE.maxFailures);
    },
  ));
});
