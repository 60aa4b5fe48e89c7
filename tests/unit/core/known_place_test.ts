import assert from "node:assert/strict";
import { isKnown, isToBeRecorded, KNOWN_FOR_MS } from "../../../src/core/known_place.ts";
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

Deno.test("a login is recorded with a place once a day, and where the place is not the user's", () => {
  const day = 24 * 60 * 60 * 1000;
  const place = { username: "alice", lastLoginAt: 5 * day, failures: NO_FAILURES };
  const isAlice = (at: number) => isToBeRecorded(place, { username: "alice", at });
  assert.equal(isAlice(5 * day), false);
  assert.equal(isAlice(6 * day - 1), false);
  assert.equal(isAlice(6 * day), true);
  assert.equal(isAlice(5 * day + KNOWN_FOR_MS), true);
  // The clock was set back.
  assert.equal(isAlice(4 * day + 1), false);
  assert.equal(isAlice(4 * day), true);
  assert.equal(isToBeRecorded(place, { username: "bob", at: 5 * day }), true);
  assert.equal(isToBeRecorded(null, { username: "alice", at: 0 }), true);
});
