import assert from "node:assert/strict";
import fc from "fast-check";
import { type Attempt, type Challenge, objectionToAnswer } from "../../../src/core/challenge.ts";
import { anyText, holds, moment } from "../../lab/fuzz.ts";

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

Deno.test("objectionToAnswer allows a first answer from the same attempt in time", () => {
  assert.equal(objectionToAnswer(CHALLENGE, SAME, 1_000_000, true), null);
  assert.equal(objectionToAnswer(CHALLENGE, SAME, 1_299_999, true), null);
});

Deno.test("objectionToAnswer requires the same attempt, name, common name and address", () => {
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
      objectionToAnswer(CHALLENGE, { ...SAME, ...other }, 1_100_000, true),
      "challenge_mismatch",
      JSON.stringify(other),
    );
  }
});

Deno.test("objectionToAnswer accepts the login name in place of the common name", () => {
  const from = { ...SAME, commonName: "Alice" };
  assert.equal(objectionToAnswer(CHALLENGE, from, 1_100_000, true), null);
  const without = { ...CHALLENGE, commonName: null };
  assert.equal(objectionToAnswer(without, from, 1_100_000, true), null);
});

Deno.test("objectionToAnswer refuses at and after the expiry, and before the beginning", () => {
  for (const now of [1_300_000, 2 ** 45, 989_999, 0]) {
    assert.equal(objectionToAnswer(CHALLENGE, SAME, now, true), "challenge_expired");
  }
  // A time server corrects the clock by some seconds now and then.
  assert.equal(objectionToAnswer(CHALLENGE, SAME, 990_000, true), null);
});

Deno.test("objectionToAnswer reports a second answer, whatever the first was", () => {
  for (const answer of ["accepted", "refused"] as const) {
    assert.equal(
      objectionToAnswer({ ...CHALLENGE, answer }, SAME, 1_100_000, true),
      "challenge_answered",
    );
  }
});

// There are only a few texts, so that they are often equal by chance.
const name = fc.constantFrom("a", "A", "a ", "b", "");
const attempt: fc.Arbitrary<Attempt> = fc.record({
  id: name,
  loginName: name,
  commonName: fc.option(name),
  address: fc.option(name),
});
const answer = fc.constantFrom(null, "accepted" as const, "refused" as const);

Deno.test("objectionToAnswer allows only answers to an open challenge, in time, from its own attempt", () => {
  holds(
    fc.property(
      attempt,
      attempt,
      fc.boolean(),
      answer,
      name,
      fc.nat(30_000),
      fc.nat(30_000),
      fc.nat(60_000),
      (own, other, isOwn, answer, username, createdAt, seconds, now) => {
        const from = isOwn ? own : other;
        const expiresAt = createdAt + seconds;
        const challenge = { ...own, username, answer, createdAt, expiresAt };
        const attempts = [own, { ...own, commonName: own.loginName }]
          .map((one) => JSON.stringify(one));
        const expected = !attempts.includes(JSON.stringify(from))
          ? "challenge_mismatch"
          : answer !== null
          ? "challenge_answered"
          : createdAt <= now + 10_000 && now < expiresAt
          ? null
          : "challenge_expired";
        assert.equal(objectionToAnswer(challenge, from, now, true), expected);
      },
    ),
    500,
  );
});

Deno.test("objectionToAnswer finds any single difference, whatever the time and the answer are", () => {
  const field = fc.constantFrom(
    "id" as const,
    "loginName" as const,
    "commonName" as const,
    "address" as const,
  );
  const value = fc.oneof(anyText, fc.constant(null));
  holds(fc.property(
    attempt,
    field,
    value,
    answer,
    moment,
    moment,
    (own, field, value, answer, createdAt, now) => {
      fc.pre(own[field] !== value);
      fc.pre(field !== "commonName" || value !== own.loginName);
      const challenge: Challenge = {
        ...own,
        username: own.loginName,
        answer,
        createdAt,
        expiresAt: createdAt + 300_000,
      };
      const from = { ...own, [field]: value };
      assert.equal(objectionToAnswer(challenge, from, now, true), "challenge_mismatch");
    },
  ));
});
