import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterRightCode,
  afterWrongCode as afterWrong,
  type CodeFailures,
  hasNoFailures,
  lockedForSeconds,
  lockEnd,
  LONGEST_LOCK_SECONDS,
  NO_FAILURES,
  withinLongestLock,
} from "../../../src/core/lockout.ts";
import { holds } from "../../lab/fuzz.ts";

const RULE = { maxFailures: 3, lockoutSeconds: 60 };
const DAY_SECONDS = 86_400;

/** Where the user is not known, unless a test says otherwise. */
function afterWrongCode(
  failures: CodeFailures,
  code: ReturnType<typeof wrong>,
  longest = LONGEST_LOCK_SECONDS.unknown,
): CodeFailures {
  return afterWrong(failures, code, RULE, longest);
}

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
    failures = afterWrongCode(failures, wrong("a", second * 1000));
    assert.equal(failures.count, count, `second ${second}`);
  }
  // After the clock was set back, the code counts again, rather than never.
  failures = afterWrongCode(NO_FAILURES, wrong("a", 100_000));
  assert.equal(afterWrongCode(failures, wrong("a", 0)).count, 2);
});

Deno.test("a lowered limit locks at the next wrong code, repeated or not", () => {
  const failures = { ...NO_FAILURES, count: 4, lastWrong: "a", lastWrongAt: 0 };
  assert.equal(afterWrongCode(failures, wrong("a", 1)).locks, 1);
});

Deno.test("wrong codes lock by this table", () => {
  // Columns: second, wrong code; then wrong codes in a row, locks of the day, seconds locked.
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
    failures = afterWrongCode(failures, wrong(code, now));
    assert.equal(failures.count, count, `second ${second}`);
    assert.equal(failures.locks, locks, `second ${second}`);
    assert.equal(
      lockedForSeconds(failures, now),
      lockedFor,
      `second ${second}`,
    );
  }
});

Deno.test("a lock ends on the second, and grows up to a day, or to an hour where the user is known", () => {
  const cases = [
    [LONGEST_LOCK_SECONDS.known, [60, 120, 240, 480, 960, 1920, 3600, 3600]],
    [
      LONGEST_LOCK_SECONDS.unknown,
      [60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 30_720, 61_440, 86_400, 86_400],
    ],
  ] as const;
  for (const [longest, expected] of cases) {
    const lengths: number[] = [];
    let failures = NO_FAILURES;
    for (let n = 0; n < 3 * 20; n++) {
      failures = afterWrongCode(failures, wrong(`code ${n}`, 0), longest);
      if (failures.count === 0) lengths.push(lockedForSeconds(failures, 0));
    }
    assert.deepEqual(lengths.slice(0, expected.length), expected);
    assert.equal(Math.max(...lengths), longest);
    assert.equal(lockedForSeconds(failures, longest * 1000 - 1), 1);
    assert.equal(lockEnd(failures, longest * 1000 - 1), longest * 1000);
    assert.equal(lockedForSeconds(failures, longest * 1000), 0);
    assert.equal(lockEnd(failures, longest * 1000), null);
  }
});

Deno.test("a lock counts for the next one until a day after its end, also after a right code", () => {
  const lockedUntil = 60_000;
  const once = { ...NO_FAILURES, locks: 1, lockedUntil };
  const lengthAt = (failures: CodeFailures, at: number) => {
    for (const code of ["a", "b", "c"]) failures = afterWrongCode(failures, wrong(code, at));
    return [failures.locks, lockedForSeconds(failures, at)];
  };
  const dayLater = lockedUntil + DAY_SECONDS * 1000;
  for (const before of [once, afterRightCode(once, dayLater - 1)]) {
    assert.deepEqual(lengthAt(before, dayLater - 1), [2, 120]);
    assert.deepEqual(lengthAt(before, dayLater), [1, 60]);
  }
  // With the clock set back, the lock counts.
  assert.deepEqual(lengthAt(once, 0), [2, 120]);
});

Deno.test("a right code forgets wrong codes, and locks only after their day", () => {
  const failures = { count: 2, lastWrong: "a", lastWrongAt: 5, locks: 3, lockedUntil: 60_000 };
  const dayLater = 60_000 + DAY_SECONDS * 1000;
  const locks = { ...NO_FAILURES, locks: 3, lockedUntil: 60_000 };
  assert.deepEqual(afterRightCode(failures, dayLater - 1), locks);
  assert.deepEqual(afterRightCode(failures, dayLater), NO_FAILURES);
  assert.deepEqual(afterRightCode({ ...failures, locks: 0, lockedUntil: null }, 9), NO_FAILURES);
});

Deno.test("a clock set back leaves a lock, of the longest at the most", () => {
  const failures: CodeFailures = {
    count: 0,
    lastWrong: "x",
    lastWrongAt: 0,
    locks: 1,
    lockedUntil: 100_000_000,
  };
  for (const longest of Object.values(LONGEST_LOCK_SECONDS)) {
    assert.equal(withinLongestLock(failures, 99_999_000, longest), failures);
    const shortened = withinLongestLock(failures, 0, longest);
    assert.equal(lockedForSeconds(shortened, 0), longest);
  }
});

Deno.test("no order of wrong codes lets more through between locks than allowed", () => {
  holds(fc.property(
    fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 50 }),
    (codes) => {
      let failures = NO_FAILURES;
      let judged = 0;
      for (const code of codes) {
        const after = afterWrongCode(failures, wrong(code, 0));
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

Deno.test("hasNoFailures looks at all that is held against a user", () => {
  assert.equal(hasNoFailures({ ...NO_FAILURES }), true);
  for (const [name, none] of Object.entries(NO_FAILURES)) {
    const other = { ...NO_FAILURES, [name]: name === "lastWrong" ? "m" : (none ?? 0) + 1 };
    assert.equal(hasNoFailures(other), false, name);
  }
});
