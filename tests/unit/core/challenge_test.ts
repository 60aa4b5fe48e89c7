import assert from "node:assert/strict";
import {
  type Attempt,
  type Challenge,
  objectionTo,
} from "../../../src/core/challenge.ts";

const CHALLENGE: Challenge = {
  id: "/tmp/openvpn_acf_1.tmp",
  loginName: "Alice",
  username: "alice",
  commonName: "laptop",
  address: "192.0.2.1",
  createdAt: 1_000_000,
  expiresAt: 1_300_000,
  answer: null,
};
const SAME: Attempt = {
  id: CHALLENGE.id,
  loginName: "Alice",
  commonName: "laptop",
  address: "192.0.2.1",
};

Deno.test("objectionTo has none to a first answer from the same attempt in time", () => {
  assert.equal(objectionTo(CHALLENGE, SAME, 1_000_000), null);
  assert.equal(objectionTo(CHALLENGE, SAME, 1_299_999), null);
});

Deno.test("objectionTo wants the same attempt, name, common name and address", () => {
  const others: Partial<Attempt>[] = [
    { id: "/tmp/openvpn_acf_2.tmp" },
    { loginName: "alice" },
    { loginName: "bob" },
    { commonName: "other" },
    { commonName: null },
    { commonName: "alice" },
    { address: "192.0.2.2" },
    { address: null },
  ];
  for (const other of others) {
    assert.equal(
      objectionTo(CHALLENGE, { ...SAME, ...other }, 1_100_000),
      "challenge_mismatch",
      JSON.stringify(other),
    );
  }
});

Deno.test("objectionTo lets the login name stand for the common name", () => {
  const from = { ...SAME, commonName: "Alice" };
  assert.equal(objectionTo(CHALLENGE, from, 1_100_000), null);
  const without = { ...CHALLENGE, commonName: null };
  assert.equal(objectionTo(without, from, 1_100_000), null);
});

Deno.test("objectionTo refuses from the expiry on, and before the beginning", () => {
  for (const now of [1_300_000, 2 ** 45, 999_999, 0]) {
    assert.equal(objectionTo(CHALLENGE, SAME, now), "challenge_expired");
  }
});

Deno.test("objectionTo names a second answer, whatever the first was", () => {
  for (const answer of ["accepted", "refused"] as const) {
    assert.equal(
      objectionTo({ ...CHALLENGE, answer }, SAME, 1_100_000),
      "challenge_answered",
    );
  }
});
