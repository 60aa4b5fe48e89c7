import assert from "node:assert/strict";
import { chanceOfGuessing, guessesPerDay } from "../../../src/core/guesses_per_day.ts";
import {
  afterWrongCode,
  lockedForSeconds,
  type LockoutRule,
  LONGEST_LOCK_SECONDS,
  NO_FAILURES,
} from "../../../src/core/lockout.ts";

/** Wrong codes that are not refused because of a lock, of one every second for a day. */
function triedEachSecond(rule: LockoutRule, longestSeconds: number): number {
  let tried = 0;
  let failures = NO_FAILURES;
  for (let second = 0; second < 86_400; second++) {
    const now = second * 1000;
    if (lockedForSeconds(failures, now) > 0) continue;
    tried++;
    const wrong = { mark: `${second}`, at: now, staysWrongMs: 0 };
    failures = afterWrongCode(failures, wrong, rule, longestSeconds);
  }
  return tried;
}

Deno.test("guessesPerDay is what an impatient guesser gets under the lockout's rule", () => {
  const rules = [[5, 60], [1, 3600], [1, 1], [10, 60], [3, 600]] as const;
  for (const [maxFailures, lockoutSeconds] of rules) {
    const rule = { maxFailures, lockoutSeconds };
    for (const longestSeconds of Object.values(LONGEST_LOCK_SECONDS)) {
      const tried = triedEachSecond(rule, longestSeconds);
      const guesses = guessesPerDay(rule, longestSeconds);
      // A guesser who needs a second for each guess loses a few of them.
      assert(guesses >= tried, `${guesses} for ${tried}`);
      assert(guesses <= tried * 1.02 + 2 * maxFailures, `${guesses} for ${tried}`);
    }
  }
});

Deno.test("guesses from elsewhere are fewer than from a user's own network", () => {
  const rule = { maxFailures: 5, lockoutSeconds: 60 };
  const { known, unknown } = LONGEST_LOCK_SECONDS;
  assert(guessesPerDay(rule, unknown) < guessesPerDay(rule, known) / 2);
});

Deno.test("more failures or shorter locks never mean fewer guesses", () => {
  const counts = [1, 2, 5, 20, 100].map((maxFailures) =>
    guessesPerDay({ maxFailures, lockoutSeconds: 60 }, LONGEST_LOCK_SECONDS.known)
  );
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b));
  const shorter = [3600, 600, 60, 1].map((lockoutSeconds) =>
    guessesPerDay({ maxFailures: 5, lockoutSeconds }, LONGEST_LOCK_SECONDS.known)
  );
  assert.deepEqual(shorter, [...shorter].sort((a, b) => a - b));
});

Deno.test("chanceOfGuessing agrees with the odds that are worked out by hand", () => {
  assert.equal(chanceOfGuessing(0, 6, 1), 0);
  const rows = [[1, 6, 0, 2e-6], [1, 6, 1, 6e-6], [1000, 6, 10, 0.0411], [1, 8, 2, 1e-7]] as const;
  for (const [guesses, digits, driftSteps, chance] of rows) {
    const found = chanceOfGuessing(guesses, digits, driftSteps);
    assert(Math.abs(found / chance - 1) < 0.01, `${found} for ${chance}`);
  }
});

Deno.test("a guess that is sent again while it counts once covers two drift windows", () => {
  const [period, driftSteps] = [30, 1];
  const window = (2 * driftSteps + 1) * period;
  const rule = { maxFailures: 5, lockoutSeconds: 60 };
  const covered = new Set<number>();
  let failures = NO_FAILURES;
  for (let second = 0; second < window; second++) {
    const wrong = { mark: "same", at: second * 1000, staysWrongMs: window * 1000 };
    failures = afterWrongCode(failures, wrong, rule, LONGEST_LOCK_SECONDS.known);
    const step = Math.floor((second + period - 1) / period);
    for (let drift = -driftSteps; drift <= driftSteps; drift++) covered.add(step + drift);
  }
  assert.equal(failures.count, 1);
  const one = chanceOfGuessing(1, 6, driftSteps);
  assert(Math.abs(one * 10 ** 6 - covered.size) < 0.01, `${covered.size} steps`);
});
