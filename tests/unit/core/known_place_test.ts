import assert from "node:assert/strict";
import { isKnown, KNOWN_FOR_MS } from "../../../src/core/known_place.ts";
import { NO_FAILURES } from "../../../src/core/lockout.ts";

Deno.test("a place is known for four weeks after the last login there", () => {
  const place = { username: "alice", lastLoginAt: 1000, failures: NO_FAILURES };
  const fourWeeks = 28 * 24 * 60 * 60 * 1000;
  assert.equal(KNOWN_FOR_MS, fourWeeks);
  assert.equal(isKnown(place, 1000), true);
  assert.equal(isKnown(place, 1000 + fourWeeks - 1), true);
  assert.equal(isKnown(place, 1000 + fourWeeks), false);
  // With the clock set back, the login was in the last weeks all the same.
  assert.equal(isKnown(place, 0), true);
  assert.equal(isKnown(null, 0), false);
});

Deno.test("a place is known whatever wrong codes came from there", () => {
  const failures = { count: 2, lastWrong: "x", lastWrongAt: 1, locks: 9, lockedUntil: 9e12 };
  assert.equal(isKnown({ username: "alice", lastLoginAt: 0, failures }, 1), true);
});
