import assert from "node:assert/strict";
import { URI } from "otpauth";
import fc from "fast-check";
import { provisioningUri } from "../../../../src/admin/enrolment/provisioning_uri.ts";
import { instant, json, pairs, table } from "../../../../src/admin/terminal/text.ts";
import { holds } from "../../../lab/fuzz.ts";

Deno.test("provisioningUri makes exactly the guide's URI", () => {
  assert.equal(
    provisioningUri("OpenVPN Server", "exampleuser", "SECRET"),
    "otpauth://totp/OpenVPN%20Server:exampleuser?secret=SECRET&issuer=OpenVPN%20Server",
  );
});

Deno.test("provisioningUri encodes everything but RFC 3986's unreserved characters", () => {
  assert.equal(
    provisioningUri("A/B & C", "o'hara (it)!*@x/y+é~", "S"),
    "otpauth://totp/A/B%20%26%20C:o%27hara%20%28it%29%21%2A%40x/y%2B%C3%A9~" +
      "?secret=S&issuer=A%2FB%20%26%20C",
  );
});

Deno.test("provisioningUri is read back by otpauth, whatever the names", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((text) => !text.includes(":") && text.trim() === text);
  holds(fc.property(name, name, (issuer, username) => {
    const otp = URI.parse(
      provisioningUri(issuer, username, "JBSWY3DPEHPK3PXP"),
    );
    assert.equal(otp.issuer, issuer);
    assert.equal(otp.label, username);
    assert.equal(otp.secret.base32, "JBSWY3DPEHPK3PXP");
  }));
});

Deno.test("table and pairs line up, and escape what affects a terminal", () => {
  assert.equal(
    table(["USER", "N"], [["a\x1b[2J", "1"], ["b", "22"]]),
    "USER        N\na\\u{1b}[2J  1\nb           22\n",
  );
  assert.equal(
    pairs([["A", "x"], ["Long", "y\n"]]),
    "A:     x\nLong:  y\\u{a}\n",
  );
});

Deno.test("json escapes what affects a terminal, and stays JSON", () => {
  const value = { name: "a\u202e\x9b\u2028\u{e0001}é\n" };
  const text = json(value);
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{C}\p{Zl}]/u);
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("instant is RFC 3339 to the second", () => {
  assert.equal(instant(0), "1970-01-01T00:00:00Z");
  assert.equal(instant(1_700_000_000_999), "2023-11-14T22:13:20Z");
});
