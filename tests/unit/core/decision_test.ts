import assert from "node:assert/strict";
import fc from "fast-check";
import { bounded, type DecisionRecord, foldOf } from "../../../src/core/decision.ts";
import { REASONS } from "../../../src/core/verdict.ts";
import { anyText, holds } from "../../lab/fuzz.ts";

const REFUSAL: DecisionRecord = {
  at: 1000,
  loginName: "Alice",
  username: "alice",
  address: "192.0.2.1",
  commonName: "laptop",
  step: "password",
  outcome: "refused",
  by: null,
  reason: "wrong_password",
  detail: "once",
};

/** Says whether a refusal becomes one row with {@link REFUSAL}. */
function isLike(change: Partial<DecisionRecord>, other = REFUSAL): boolean {
  return foldOf({ ...other, ...change }) === foldOf(other);
}

Deno.test("only refusals become one row: a challenge and a login always have one of their own", () => {
  for (const outcome of ["accepted", "challenged", "unchanged"] as const) {
    assert.equal(foldOf({ ...REFUSAL, outcome }), null);
  }
  assert.equal(foldOf({ ...REFUSAL, reason: null }), null);
  assert.equal(typeof foldOf(REFUSAL), "string");
});

Deno.test("refusals whose step, reason, names and network are the same are alike", () => {
  assert(isLike({ at: 2000, detail: "again" }));
  assert(!isLike({ step: "code" }));
  assert(!isLike({ reason: "wrong_code" }));
  assert(!isLike({ loginName: "alice" }));
  assert(!isLike({ username: "bob" }));
  assert(!isLike({ username: null }));
  assert(!isLike({ commonName: "phone" }));
  assert(!isLike({ commonName: null }));
  assert(!isLike({ address: "192.0.2.2" }));
  assert(!isLike({ address: null }));
});

Deno.test("refusals from one /64 are alike: everybody with IPv6 has that many addresses", () => {
  const v6 = { ...REFUSAL, address: "2001:db8::1" };
  assert(isLike({ address: "2001:db8::ffff:1" }, v6));
  assert(!isLike({ address: "2001:db8:0:1::1" }, v6));
  assert(isLike({ address: "64:ff9b::c000:201" }));
});

Deno.test("refusals that no wait bounds are alike whatever the names, which a client can invent", () => {
  const free = [
    ...["bad_username", "bad_password", "common_name_mismatch", "token_refused", "failure"],
    ...["pam_error", "busy"],
  ];
  for (const reason of Object.keys(REASONS)) {
    const refusal = { ...REFUSAL, reason };
    const isFree = free.includes(reason);
    assert.equal(isLike({ loginName: "x1" }, refusal), isFree, reason);
    assert.equal(isLike({ username: "x1" }, refusal), isFree, reason);
    assert(!isLike({ address: "192.0.2.2" }, refusal), reason);
    assert(!isLike({ commonName: "phone" }, refusal), reason);
  }
});

Deno.test("no name can be written so that the refusals of two users become one", () => {
  const name = fc.oneof(anyText, fc.constantFrom("a", 'a","b', '"', "null", "]", "\\"));
  const names = fc.record({
    loginName: fc.option(name),
    username: fc.option(name),
    commonName: fc.option(name),
  });
  holds(fc.property(names, names, (one, other) => {
    const isSame = JSON.stringify(one) === JSON.stringify(other);
    assert.equal(isLike(one, { ...REFUSAL, ...other }), isSame);
  }));
});

Deno.test("what a client makes long is cut, at no half of a character", () => {
  const text = fc.oneof(
    anyText,
    fc.constantFrom("\u{1f600}".repeat(999), "x" + "\u{1f600}".repeat(999)),
  );
  holds(fc.property(text, (text) => {
    const row = bounded({
      ...REFUSAL,
      loginName: text,
      username: text,
      address: text,
      commonName: text,
      detail: text,
    });
    for (const key of ["loginName", "username", "address", "commonName"] as const) {
      assert(row[key]!.length <= 256 && row[key]!.isWellFormed());
      if (text.length <= 256 && text.isWellFormed()) assert.equal(row[key], text);
    }
    assert(row.detail!.length <= 512 && row.detail!.isWellFormed());
  }));
  assert.deepEqual(bounded(REFUSAL), REFUSAL);
});
