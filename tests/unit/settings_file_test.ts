import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/core/failure.ts";
import { SETTINGS } from "../../src/settings.ts";
import { parseSettingsFile, settingsFileLine } from "../../src/settings_file.ts";

const PATH = "/etc/openvpn-totp/serve.conf";

Deno.test("parseSettingsFile reads names and values", () => {
  const text = [
    "\ufeff# the service's settings",
    "",
    "totpDriftSteps 2",
    "  totpIssuerName\tExample  VPN #1; really \r",
    '  # totpDriftSteps "3"',
    'totpChallengeText "say \\"code\\", not \\\\code "',
    'totpPamService "login"',
    'totpLog /var/log/a "b"',
    'totpKeyFile ""',
  ].join("\n");
  assert.deepEqual([...parseSettingsFile(text, PATH)], [
    ["totpDriftSteps", "2"],
    ["totpIssuerName", "Example  VPN #1; really"],
    ["totpChallengeText", 'say "code", not \\code '],
    ["totpPamService", "login"],
    ["totpLog", '/var/log/a "b"'],
    ["totpKeyFile", ""],
  ]);
  assert.equal(parseSettingsFile("", PATH).size, 0);
});

const BAD: [text: string, message: RegExp][] = [
  ["\ntotpDrift 2", /^\/etc\/openvpn-totp\/serve\.conf:2 sets "totpDrift", and there is no such/],
  ["totpdriftsteps 2", /serve\.conf:1 sets "totpdriftsteps"/],
  ["totpDriftSteps=2", /:1 sets "totpDriftSteps=2", and there is no such setting/],
  ["toString 1", /:1 sets "toString"/],
  ["; totpDriftSteps 2", /:1 sets ";"/],
  ["tot\u0007p 1", /:1 sets "tot\\u\{7\}p", and there/],
  ["totpDriftSteps", /:1 names totpDriftSteps without a value: expected `totpDriftSteps VALUE`$/],
  ["totpDriftSteps \r\n", /:1 names totpDriftSteps without a value/],
  ["setenv totpDriftSteps 2", /:1 begins with `setenv`.*: remove the word$/],
  ["totpDriftSteps 2\n\ntotpDriftSteps 2", /:3 sets totpDriftSteps again, after line 1: remove/],
  ['totpIssuerName "a', /:1 has a value of totpIssuerName whose quotes are not closed at the end/],
  ['totpIssuerName "a" # b', /whose quotes are not closed at the end of the line/],
  ['totpIssuerName "a\\"', /whose quotes are not closed/],
  ['totpIssuerName "a\\n"', /whose quotes are not closed/],
  ['totpIssuerName "', /whose quotes are not closed/],
];

for (const [text, message] of BAD) {
  Deno.test(`parseSettingsFile refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseSettingsFile(text, PATH), (error) => {
      assert(error instanceof Failure);
      assert.equal(error.code, "bad_setting");
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("settingsFileLine writes what parseSettingsFile reads", () => {
  const name = SETTINGS.challengeText.name;
  const values = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."\"\\ #;a'\t\u00a0é") }),
    fc.string({ unit: "binary" }).filter((text) => !text.includes("\n")),
  );
  fc.assert(fc.property(values, (value) => {
    assert.equal(parseSettingsFile(settingsFileLine(name, value), PATH).get(name), value);
  }));
  assert.equal(settingsFileLine(name, "Code?"), "totpChallengeText Code?");
});
