import assert from "node:assert/strict";
import { exemptionHolds, isInForce, parseNetwork } from "../../../src/core/exemption.ts";

const NOW = 1_700_000_000_000;

Deno.test("an exemption holds by this table", () => {
  // Columns: since, until, from, address; then whether it holds.
  const table: [
    number,
    number | null,
    string | null,
    string | null,
    boolean,
  ][] = [
    [NOW, null, null, "192.0.2.1", true],
    [NOW, null, null, null, true],
    [NOW, NOW + 1, null, null, true],
    [NOW, NOW, null, null, false],
    // The clock was corrected, or set back to before the exemption began.
    [NOW + 10_000, null, null, null, true],
    [NOW + 10_001, null, null, null, false],
    [NOW, null, "192.0.2.0/24", "192.0.2.255", true],
    [NOW, null, "192.0.2.0/24", "192.0.3.0", false],
    [NOW, null, "192.0.2.0/24", null, false],
    [NOW, null, "192.0.2.7", "192.0.2.7", true],
    [NOW, null, "192.0.2.7", "192.0.2.8", false],
    [NOW, null, "192.0.2.0/24", "::ffff:192.0.2.7", true],
    [NOW, null, "2001:db8::/32", "2001:db8:1::7", true],
    [NOW, null, "2001:db8::/32", "2001:db9::7", false],
    [NOW, null, "2001:db8::/32", "192.0.2.7", false],
    [NOW, null, "0.0.0.0/0", "203.0.113.9", true],
    [NOW, null, "0.0.0.0/0", "2001:db8::1", false],
    [NOW, null, "192.0.2.0/24", "nonsense", false],
    [NOW, null, "nonsense", "192.0.2.7", false],
  ];
  for (const [since, until, from, address, holds] of table) {
    const exemption = { username: "alice", since, until, from };
    assert.equal(
      exemptionHolds(exemption, address, NOW),
      holds,
      JSON.stringify([since - NOW, until, from, address]),
    );
  }
  assert.equal(exemptionHolds(null, "192.0.2.1", NOW), false);
});

Deno.test("isInForce looks only at the beginning and the end", () => {
  const exemption = { username: "alice", since: NOW, until: NOW + 1000, from: "192.0.2.0/24" };
  assert.equal(isInForce(exemption, NOW - 10_001), false);
  assert.equal(isInForce(exemption, NOW - 10_000), true, "the clock was corrected");
  assert.equal(isInForce(exemption, NOW), true);
  assert.equal(isInForce(exemption, NOW + 999), true);
  assert.equal(isInForce(exemption, NOW + 1000), false);
  assert.equal(isInForce({ ...exemption, until: null }, NOW + 1000), true);
  assert.equal(isInForce(null, NOW), false);
});

Deno.test("parseNetwork accepts only addresses and networks", () => {
  for (
    const text of ["192.0.2.7", "192.0.2.0/24", "::/0", "2001:db8::1/128"]
  ) {
    assert.notEqual(parseNetwork(text), null, text);
  }
  for (
    const text of [
      ...["", "/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/024", "::/129"],
      ...["192.0.2", "192.0.2.0/24/8", "fe80::1%eth0", " 192.0.2.7", "0x7f.1"],
    ]
  ) {
    assert.equal(parseNetwork(text), null, text);
  }
});
