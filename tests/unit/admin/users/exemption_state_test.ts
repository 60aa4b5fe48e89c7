import assert from "node:assert/strict";
import { exemptionState } from "../../../../src/admin/users/exemption_state.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const HOUR = 3_600_000;

Deno.test("exemptionState says whether an exemption holds by the clock of now", () => {
  const exemption = { username: "link", since: NOW, until: NOW + HOUR, from: "192.0.2.0/24" };
  const at = (now: number) => exemptionState(exemption, now).text;
  assert.equal(at(NOW), "exempt from 192.0.2.0/24 until 2026-01-31T13:00:00Z");
  assert.equal(at(NOW + HOUR), "exemption ended 2026-01-31T13:00:00Z");
  // A clock that was set back, by more than a time server corrects: logins need a code.
  assert.equal(at(NOW - 11_000), "exemption begins 2026-01-31T12:00:00Z");
  const endless = { ...exemption, until: null, from: null };
  assert.equal(exemptionState(endless, NOW).text, "exempt from anywhere");
});
