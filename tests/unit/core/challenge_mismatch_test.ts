import assert from "node:assert/strict";
import type { Challenge } from "../../../src/core/challenge.ts";
import { refusedMismatch } from "../../../src/core/challenge_mismatch.ts";

const CHALLENGE: Challenge = {
  id: "a",
  loginName: "Alice",
  username: "alice",
  commonName: "laptop",
  address: "2001:db8::1",
  createdAt: 0,
  expiresAt: 1,
  answer: null,
};

const BIND_ADDRESS = "; if clients change between IPv4 and IPv6, or between networks, " +
  "during a login, set totpBindAddress no";

Deno.test("refusedMismatch says what differs, and what to set where only the address does", () => {
  const detailOf = (other: Partial<Challenge>, bindsAddress = true) => {
    const { reason, detail, told } = refusedMismatch(
      CHALLENGE,
      { ...CHALLENGE, ...other },
      bindsAddress,
    );
    assert.equal(reason, "challenge_mismatch");
    assert.equal(told, undefined);
    return detail!.replace(/^the answer came with /, "");
  };
  const address = 'address "192.0.2.1" instead of "2001:db8::1"';
  const commonName = 'common name "phone" instead of "laptop"';
  assert.equal(detailOf({ address: "192.0.2.1" }), address + BIND_ADDRESS);
  assert.equal(detailOf({ address: null }), `no address instead of "2001:db8::1"${BIND_ADDRESS}`);
  assert.equal(detailOf({ commonName: "phone" }), commonName);
  assert.equal(
    detailOf({ commonName: "phone", address: "192.0.2.1" }),
    `${address} and ${commonName}`,
  );
  assert.equal(detailOf({ commonName: "phone", address: "192.0.2.1" }, false), commonName);
  assert.equal(detailOf({ loginName: "b\n" }), 'login name "b\\u{a}" instead of "Alice"');
  // OpenVPN puts the login name in the common name's place, but not on a new connection.
  assert.equal(detailOf({ commonName: "Alice", address: "192.0.2.1" }), address + BIND_ADDRESS);
  assert.equal(detailOf({ commonName: "Alice" }), 'common name "Alice" instead of "laptop"');
  assert.equal(detailOf({ commonName: null }), 'no common name instead of "laptop"');
});
