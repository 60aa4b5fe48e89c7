import assert from "node:assert/strict";
import fc from "fast-check";
import { readExportFile } from "../../../src/migration/export_file.ts";
import { holds } from "../../lab/fuzz.ts";
import { assertReadOrRefused, assertRefused, bytes, obstaclesIn, SECRET } from "./readings.ts";

const USER = {
  username: "alice",
  issuer: "VPN",
  secret: SECRET,
  algorithm: "SHA256",
  digits: 8,
  periodSeconds: 60,
  enrolledAt: "2026-01-31T12:00:00Z",
  disabledAt: "2026-01-31T12:00:00Z",
  recoveryCodesLeft: 3,
};

const FILE = { format: "openvpn-totp export", version: 1, users: [USER] };

const read = (value: unknown) => readExportFile(bytes(JSON.stringify(value)));

Deno.test("readExportFile reads a user, and reports recovery codes", () => {
  const { users: [user], notes, obstacles } = read(FILE);
  assert.deepEqual(obstacles, []);
  assert.equal(user!.username, "alice");
  assert.equal(user!.issuer, "VPN");
  assert.equal(user!.disabledAt, Date.UTC(2026, 0, 31, 12));
  const { algorithm, digits, periodSeconds } = user!.parameters;
  assert.deepEqual([algorithm, digits, periodSeconds], ["SHA256", 8, 60]);
  assert.equal(notes.length, 1);
  const none = { ...USER, recoveryCodesLeft: 0, disabledAt: null };
  assert.equal(read({ ...FILE, users: [none] }).notes.length, 0);
});

Deno.test("readExportFile refuses other files and versions, and reveals no secret", () => {
  const refused = (text: string, reason: RegExp) =>
    assertRefused(() => readExportFile(bytes(text)), reason);
  refused(`{"secret": "${SECRET}`, /not JSON/);
  refused(`["${SECRET}"]`, /not an export/);
  refused("null", /not an export/);
  refused("[".repeat(100_000), /not JSON/);
  refused(JSON.stringify({ ...FILE, version: 2 }), /version is not 1/);
  refused(JSON.stringify({ ...FILE, users: {} }), /version is not/);
});

Deno.test("readExportFile accepts no user with something missing", () => {
  for (const name of Object.keys(USER)) {
    if (name === "enrolledAt" || name === "recoveryCodesLeft") continue;
    const { [name as "username"]: _, ...rest } = USER;
    for (const user of [rest, { ...rest, [name]: [] }]) {
      const [line] = obstaclesIn(read({ ...FILE, users: [user] }));
      assert.match(line ?? "", /^user 1: unreadable .*missing/, name);
    }
  }
  assert.match(
    obstaclesIn(read({ ...FILE, users: [null, { ...USER, digits: 5 }] }))
      .join(),
    /user 1: .* not a JSON object,user 2: uncarried alice/,
  );
});

Deno.test("readExportFile reads any JSON or refuses it", () => {
  holds(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom(...Object.keys(USER)),
      (value, name) => {
        assertReadOrRefused(() => read(value));
        assertReadOrRefused(() => read({ ...FILE, users: value }));
        const user = { ...USER, [name]: value };
        assertReadOrRefused(() => read({ ...FILE, users: [user, value] }));
      },
    ),
    1000,
  );
});
