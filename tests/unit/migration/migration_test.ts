import assert from "node:assert/strict";
import fc from "fast-check";
import { readMigration } from "../../../src/migration/migration.ts";
import { readUris } from "../../../src/migration/uris.ts";
import { holds } from "../../lab/fuzz.ts";
import {
  assertReadOrRefused,
  assertRefused,
  bytes,
  obstaclesIn,
  SECRET,
  SECRET_BYTES,
  secretsIn,
} from "./readings.ts";

/** Encodes a number as Protocol Buffers do. */
function varint(number: number): number[] {
  return number < 0x80 ? [number] : [number % 0x80 | 0x80, ...varint(Math.floor(number / 0x80))];
}

function field(number: number, value: number | Uint8Array): number[] {
  return typeof value === "number"
    ? [...varint(number * 8), ...varint(value)]
    : [...varint(number * 8 + 2), ...varint(value.length), ...value];
}

interface Account {
  name: string;
  issuer?: string;
  algorithm?: number;
  digits?: number;
  type?: number;
}

function account(
  { name, issuer = "", algorithm = 1, digits = 1, type = 2 }: Account,
): number[] {
  return field(
    1,
    Uint8Array.from([
      ...field(1, SECRET_BYTES),
      ...field(2, bytes(name)),
      ...field(3, bytes(issuer)),
      ...field(4, algorithm),
      ...field(5, digits),
      ...field(6, type),
    ]),
  );
}

function linkTo(payload: readonly number[]): string {
  const data = Uint8Array.from(payload).toBase64();
  return `otpauth-migration://offline?data=${encodeURIComponent(data)}`;
}

function link(accounts: readonly Account[], size = 1, index = 0): string {
  return linkTo([
    ...accounts.flatMap(account),
    ...[...field(2, 1), ...field(3, size), ...field(4, index)],
    ...field(5, 0x7fffffff),
  ]);
}

const read = (...lines: string[]) => readMigration(bytes(lines.join("\n")));

Deno.test("readMigration reads the app's link that is often shown as an example", () => {
  const reading = read(
    "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC",
  );
  assert.deepEqual(secretsIn(reading), {
    "alice@google.com": "48656c6c6f21deadbeef",
  });
  assert.equal(reading.users[0]!.issuer, "Example");
  assert.deepEqual(
    reading.notes.map(({ username, text }) => [username, text]),
    [[
      "alice@google.com",
      "the link does not say how many QR codes the export has: make sure that no user is missing",
    ]],
  );
  assert.deepEqual(read(link([{ name: "alice" }])).notes, []);
});

Deno.test("readMigration reads hashes, digits, issuers, and several parts", () => {
  const reading = read(
    link([
      { name: "VPN:alice", issuer: "VPN" },
      { name: "bob", algorithm: 2, digits: 2 },
      { name: "Label: carol", algorithm: 3, digits: 0 },
      { name: "dave", algorithm: 4 },
      { name: "erin", digits: 3 },
      { name: "frank", type: 1 },
      { name: "grace", type: 0 },
      { name: "" },
    ], 2),
    "",
    link([{ name: "heidi", algorithm: 0 }], 2, 1),
  );
  assert.deepEqual(
    reading.users.map(({ place, username, issuer, parameters }) =>
      `${place}: ${username} ${issuer} ${parameters.algorithm} ${parameters.digits}`
    ),
    [
      "line 1, account 1: alice VPN SHA1 6",
      "line 1, account 2: bob null SHA256 8",
      "line 1, account 3: carol Label SHA512 6",
      "line 3, account 1: heidi null SHA1 6",
    ],
  );
  assert.deepEqual(
    obstaclesIn(reading).map((line) => line.replace(/^line 1, /, "").replace(/:[^:]*$/, "")),
    [
      "account 4: uncarried dave: the codes have unsupported parameters",
      "account 5: uncarried erin: the codes have unsupported parameters",
      "account 6: uncarried frank",
      "account 7: uncarried grace",
      "account 8: unreadable : that cannot be a username",
    ],
  );
});

Deno.test("readMigration misses no part of an export", () => {
  const first = link([{ name: "alice" }], 3, 0);
  const second = link([{ name: "bob" }], 3, 1);
  assertRefused(() => read(first), /has only 1 of the 3 QR codes/);
  assertRefused(() => read(first, second), /has only 2 of the 3 QR codes/);
  assertRefused(() => read(first, second, second), /has only 2 of the 3/);
});

Deno.test("links and provisioning URIs may be mixed in one file, in any case of the scheme", () => {
  const uri = `OtpAuth://TOTP/VPN:bob?secret=${SECRET}&issuer=VPN`;
  const upper = link([{ name: "alice" }]).replace("otpauth-migration", "OTPAUTH-MIGRATION");
  for (const read of [readMigration, readUris]) {
    const reading = read(bytes([uri, upper, "", uri.replace("bob", "carol")].join("\n")));
    assert.deepEqual(obstaclesIn(reading), []);
    assert.deepEqual(
      reading.users.map(({ place, username }) => `${place}: ${username}`),
      ["line 1: bob", "line 2, account 1: alice", "line 4: carol"],
    );
    const half = [uri, link([{ name: "alice" }], 2)].join("\n");
    assertRefused(() => read(bytes(half)), /has only 1 of the 2 QR codes/);
    assertRefused(
      () => read(bytes(`${uri}\notpauth-migration://offline?data=A`)),
      /line 2 is cut short/,
    );
  }
});

Deno.test("readMigration finds the account behind an issuer that holds a colon", () => {
  const reading = read(link([
    { name: "https://vpn.example.com:alice", issuer: "https://vpn.example.com" },
    { name: "https://vpn.example.com:bob" },
  ]));
  assert.deepEqual(reading.users.map(({ username }) => username), ["alice"]);
  assert.match(obstaclesIn(reading)[0]!, /account 2: unreadable .*several colons/);
});

Deno.test("readMigration refuses what is not a message", () => {
  const refused = (line: string, reason: RegExp) => assertRefused(() => read(line), reason);
  refused("otpauth-migration://offline?data=", /line 1 is not an export link/);
  refused("otpauth-migration://offline?data=%ff", /line 1 is not an export link/);
  refused("otpauth-migration://offline?data=A", /line 1 is cut short/);
  refused("http://totp/a?secret=x", /line 1 is not an export link/);
  refused(linkTo([0x0a, 0x7f, 0x00]), /broken/);
  refused(linkTo([0x0b]), /broken/);
  refused(linkTo(Array(20).fill(0xff)), /broken/);
  refused(linkTo(field(1, 5)), /found a number/);
  refused(linkTo(field(3, Uint8Array.of(1))), /expected a number/);
  refused(linkTo([0x0a, 0x04, 0x12, 0x02, 0xff, 0xff]), /UTF-8/);
});

Deno.test("readMigration reads any message or refuses it", () => {
  const whole = [...account({ name: "alice" }), ...field(3, 1)];
  holds(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => [...bytes]),
        fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
          .map(([at, byte]) => whole.with(at, byte)),
        fc.nat(whole.length).map((length) => whole.slice(0, length)),
      ),
      (payload) => assertReadOrRefused(() => read(linkTo(payload))),
    ),
    2000,
  );
});
