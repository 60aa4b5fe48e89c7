import assert from "node:assert/strict";
import { readAegis } from "../../../src/migration/aegis.ts";
import { readAndotp } from "../../../src/migration/andotp.ts";
import { readTwofas } from "../../../src/migration/twofas.ts";
import type { EntryChoice } from "../../../src/migration/entry_choice.ts";
import type { Reading } from "../../../src/migration/reading.ts";
import { recogniseFormat } from "../../../src/migration/recognise_format.ts";
import { readUris } from "../../../src/migration/uris.ts";
import { assertRefused, bytes, obstaclesIn, SECRET, SECRET_BYTES, secretsIn } from "./readings.ts";

const HEX = SECRET_BYTES.toHex();

/** As Aegis 3 writes it: an entry of each kind, with notes, an icon and groups. */
const AEGIS = JSON.stringify(
  {
    version: 1,
    header: { slots: null, params: null },
    db: {
      version: 3,
      entries: [
        aegisEntry("totp", "alice", "My VPN", { algo: "SHA1", digits: 6, period: 30 }),
        aegisEntry("totp", "james", "Mail", { algo: "SHA256", digits: 7, period: 20 }),
        aegisEntry("hotp", "carol", "Bank", { algo: "SHA1", digits: 6, counter: 1 }),
        aegisEntry("steam", "dave", "Games", { algo: "SHA1", digits: 5, period: 30 }),
        aegisEntry("totp", "erin", "Old", { algo: "MD5", digits: 6, period: 30 }),
      ],
      groups: [{ uuid: "60f0a2e0-4b0d-4e8e-bb5b-0e2f8d5d7a60", name: "Work" }],
      icons_optimized: true,
    },
  },
  null,
  4,
).replaceAll("/", "\\/");

function aegisEntry(type: string, name: string, issuer: string, info: object) {
  return {
    type,
    uuid: "3ae6f1ad-2e65-4ed2-a953-1ec0dff2386d",
    name,
    issuer,
    note: "",
    favorite: false,
    icon: null,
    info: { secret: SECRET, ...info },
    groups: ["60f0a2e0-4b0d-4e8e-bb5b-0e2f8d5d7a60"],
  };
}

/** As 2FAS 5 for Android writes it. */
const TWOFAS = JSON.stringify({
  services: [
    {
      name: "My VPN",
      secret: SECRET,
      updatedAt: 1702934567518,
      otp: {
        link: `otpauth://totp/My%20VPN:alice?secret=${SECRET}&issuer=My+VPN`,
        label: "alice",
        account: "alice",
        issuer: "My VPN",
        digits: 6,
        period: 30,
        algorithm: "SHA1",
        tokenType: "TOTP",
        source: "Link",
      },
      order: { position: 0 },
      icon: { selected: "Label", label: { text: "MY", backgroundColor: "Yellow" } },
    },
    {
      name: "Bank",
      secret: SECRET,
      otp: { account: "carol", issuer: "Bank", counter: 1, tokenType: "HOTP", source: "Link" },
    },
    {
      name: "Games",
      secret: SECRET,
      otp: { account: "dave", issuer: "Games", digits: 5, tokenType: "STEAM", source: "Link" },
    },
  ],
  groups: [],
  updatedAt: 1702934732299,
  schemaVersion: 4,
  appVersionCode: 5000009,
  appVersionName: "5.1.0",
  appOrigin: "android",
});

/** As the first versions of 2FAS wrote it. */
const TWOFAS_OLD = JSON.stringify(
  {
    appOrigin: "android",
    schemaVersion: 1,
    services: [
      { name: "Mail", otp: { account: "james", issuer: "Mail" }, secret: SECRET, type: "Unknown" },
      { name: "My VPN", otp: { label: "My VPN:alice" }, secret: SECRET, type: "ManuallyAdded" },
    ],
  },
  null,
  2,
);

/** As andOTP 0.9 writes it; the last two entries as its first versions did. */
const ANDOTP = JSON.stringify([
  {
    secret: `${SECRET}======`,
    issuer: "My VPN",
    label: "alice",
    digits: 6,
    type: "TOTP",
    algorithm: "SHA1",
    thumbnail: "Default",
    last_used: 1608146844162,
    used_frequency: 0,
    period: 30,
    tags: [],
  },
  andotpEntry({ issuer: "Bank", label: "carol", type: "HOTP", counter: 1 }),
  andotpEntry({ issuer: "Games", label: "dave", type: "STEAM" }),
  andotpEntry({ label: "Mail - james", period: 60 }),
  andotpEntry({ label: "erin", period: 30 }),
]);

function andotpEntry(entry: object) {
  return { secret: SECRET, digits: 6, type: "TOTP", algorithm: "SHA1", tags: [], ...entry };
}

const told = ({ users }: Reading) =>
  users.map(({ place, username, issuer, parameters }) =>
    `${place}: ${username} ${issuer} ${Object.values(parameters)}`
  );

Deno.test("readAegis reads the app's export", () => {
  assert.equal(recogniseFormat(bytes(AEGIS)), "aegis");
  const reading = readAegis(bytes(AEGIS));
  assert.deepEqual(told(reading), [
    "entry 1: alice My VPN SHA1,6,30",
    "entry 2: james Mail SHA256,7,20",
  ]);
  assert.deepEqual(secretsIn(reading), { alice: HEX, james: HEX });
  assert.deepEqual(obstaclesIn(reading).map((line) => line.replace(/:[^:]*$/, "")), [
    "entry 3: uncarried carol",
    "entry 4: uncarried dave",
    "entry 5: uncarried erin: the codes have unsupported parameters",
  ]);
});

Deno.test("readTwofas reads backups of newer and of the first versions", () => {
  for (const file of [TWOFAS, TWOFAS_OLD]) assert.equal(recogniseFormat(bytes(file)), "2fas");
  const reading = readTwofas(bytes(TWOFAS));
  assert.deepEqual(told(reading), ["service 1: alice My VPN SHA1,6,30"]);
  assert.deepEqual(obstaclesIn(reading).map((line) => line.split(": ").slice(0, 2).join()), [
    "service 2,uncarried carol",
    "service 3,uncarried dave",
  ]);
  assert.deepEqual(told(readTwofas(bytes(TWOFAS_OLD))), [
    "service 1: james Mail SHA1,6,30",
    "service 2: alice My VPN SHA1,6,30",
  ]);
  const newer = TWOFAS.replace('"schemaVersion":4', '"schemaVersion":5');
  assertRefused(() => readTwofas(bytes(newer)), /schemaVersion/);
});

Deno.test("readAndotp reads the app's backup, with issuers in either place", () => {
  assert.equal(recogniseFormat(bytes(ANDOTP)), "andotp");
  const reading = readAndotp(bytes(ANDOTP));
  assert.deepEqual(told(reading), [
    "entry 1: alice My VPN SHA1,6,30",
    "entry 4: james Mail SHA1,6,60",
    "entry 5: erin null SHA1,6,30",
  ]);
  assert.equal(obstaclesIn(reading).length, 2);
});

Deno.test("an encrypted export is recognised, and its error says what to do in the app", () => {
  const aegis = JSON.stringify({
    version: 1,
    header: { slots: [{ type: 1, uuid: "a", key: "00", n: 32768 }], params: { nonce: "00" } },
    db: "RtGfUrZ01nzRnvHjPJGyWjfa6shQ7NYwa491CgAWNBM8OeGZVIHhnDAVlVWNlSoq",
  });
  const twofas = JSON.stringify({
    services: [],
    groups: [],
    schemaVersion: 4,
    servicesEncrypted: "PCeJ8H3t2vpQZE1H:dhXb6HzrC+U59zVJ:6i0mYmyWAq70J5bD",
    reference: "QkyMxyhB3DZkI2hp:dhXb6HzrC+U59zVJ:u6Y8Kcpqe8hQaOW6",
  });
  assert.equal(recogniseFormat(bytes(aegis)), "aegis");
  assert.equal(recogniseFormat(bytes(twofas)), "2fas");
  assertRefused(() => readAegis(bytes(aegis)), /encrypted: .*Export\) without "Encrypt the vault"/);
  assertRefused(() => readTwofas(bytes(twofas)), /encrypted: .*without a password/);
  const binary = Uint8Array.from({ length: 100 }, (_, i) => i * 37 % 256);
  assertRefused(() => readAndotp(binary), /choose "Backup \(plain-text\)"/);
});

Deno.test("a file that is not such an export, and fields of other types, are refused", () => {
  for (const file of ["", "null", "[]", "{}", '{"db":{"entries":{}}}', "{", `"${SECRET}"`]) {
    assertRefused(() => readAegis(bytes(file)), /^it is not (JSON|an export of Aegis)$/);
    assertRefused(() => readTwofas(bytes(file)), /^it is not (JSON|a backup of 2FAS)$/);
    if (file !== "[]") assertRefused(() => readAndotp(bytes(file)), /not a plain-text backup/);
  }
  const broken: [(content: Uint8Array) => Reading, string][] = [
    [readAegis, AEGIS.replace('"digits": 6', '"digits": "6"')],
    [readAegis, AEGIS.replace('"type": "totp"', '"type": null')],
    [readAegis, AEGIS.replace(`"secret": "${SECRET}"`, '"secret": 7')],
    [readAegis, AEGIS.replace(SECRET, `${SECRET}1`)],
    [readTwofas, TWOFAS.replace('"digits":6', '"digits":{}')],
    [readAndotp, ANDOTP.replace('"algorithm":"SHA1"', '"algorithm":1')],
  ];
  for (const [read, file] of broken) {
    const reading = read(bytes(file));
    const line = obstaclesIn(reading)[0]!;
    assert.match(line, /^\w+ 1: unreadable alice: (a field|the secret is not base32)/);
    assert(!line.includes(SECRET));
  }
  const fractional = obstaclesIn(readAegis(bytes(AEGIS.replace('"digits": 6', '"digits": 6.5'))));
  assert.match(fractional[0]!, /uncarried alice: the codes have unsupported parameters/);
});

Deno.test("one issuer's entry of a phone's export can be given to a user", () => {
  const readers: [(content: Uint8Array, choice: EntryChoice) => Reading, string][] = [
    [readAegis, AEGIS],
    [readTwofas, TWOFAS],
    [readAndotp, ANDOTP],
    [
      readUris,
      ["My VPN:alice", "Bank:carol"].map((label) =>
        `otpauth://${label.startsWith("B") ? "h" : "t"}otp/${label}?secret=${SECRET}\n`
      ).join(""),
    ],
  ];
  for (const [read, file] of readers) {
    const { users, obstacles, notes, leftOut } = read(bytes(file), {
      issuer: " my vpn",
      owner: "asmith",
    });
    assert.deepEqual(obstacles, []);
    assert.deepEqual(users.map(({ username, issuer }) => [username, issuer]), [
      ["asmith", "My VPN"],
    ]);
    assert.match(notes[0]!.text, /own name, which is "alice"/);
    assert(leftOut > 0);
    assertRefused(
      () => read(bytes(file), { issuer: "VPN" }),
      /^no entry has the issuer "VPN": the issuers are "My VPN", /,
    );
    assertRefused(
      () => read(bytes(file), { owner: "asmith" }),
      /^it has \d entries, but USER=FILE .* a single one: choose it with --only-issuer/,
    );
  }
  const nameless = AEGIS.replace('"name": "alice"', '"name": ""');
  assert.match(
    obstaclesIn(readAegis(bytes(nameless)))[0]!,
    /entry 1: unreadable : that cannot be a username/,
  );
  const { users, notes } = readAegis(bytes(nameless), { issuer: "My VPN", owner: "asmith" });
  assert.deepEqual([users[0]?.username, notes], ["asmith", []]);
});
