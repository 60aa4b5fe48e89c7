import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBase32 } from "../../../src/text/base32.ts";
import { readCsv } from "../../../src/migration/csv.ts";
import {
  IMPORT_FORMAT_NAMES,
  type PlainFormat,
  readPlainFormat,
} from "../../../src/migration/formats.ts";
import { readGoogleAuthenticator } from "../../../src/migration/google_authenticator.ts";
import { recogniseFormat } from "../../../src/migration/recognise_format.ts";
import { readOath } from "../../../src/migration/oath.ts";
import { readOtpSecrets } from "../../../src/migration/otp_secrets.ts";
import { COMMON_PARAMETERS } from "../../../src/core/totp_parameters.ts";
import { readUris } from "../../../src/migration/uris.ts";
import { provisioningUri } from "../../../src/admin/enrolment/provisioning_uri.ts";
import { Secret, TOTP } from "otpauth";
import { anyText, holds, textWith } from "../../lab/fuzz.ts";
import {
  assertReadOrRefused,
  assertRefused,
  bytes,
  obstaclesIn,
  SECRET,
  SECRET_BYTES,
  secretsIn,
} from "./readings.ts";

const HEX = SECRET_BYTES.toHex();
const DEFAULTS = { digits: 6, periodSeconds: 30 };
const OPTIONS = { defaults: DEFAULTS, choice: {} };

Deno.test("decodeBase32 accepts what people write, and nothing else", () => {
  holds(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (secret) => {
      const { base32 } = new Secret({ buffer: secret.slice().buffer });
      const grouped = base32.toLowerCase().replace(/.{4}/g, "$& ");
      for (const text of [base32, grouped, `${base32}===`]) {
        assert.deepEqual(decodeBase32(text), secret);
      }
    }),
  );
  for (
    const text of [
      "",
      "A",
      "ABC",
      "A1",
      "ı".repeat(16),
      "AAAAAAAA\n",
      "=".repeat(8),
    ]
      .concat("A".repeat(5000))
  ) assert.equal(decodeBase32(text), null, text);
});

Deno.test("readOath reads users.oath", () => {
  const reading = readOath(bytes(
    `# comment\n\nHOTP/T30/6 alice - ${HEX}\nHOTP/T60\tbob\t+\t${HEX.toUpperCase()}\t0\t123456\t2026-01-01T00:00:00L\r\n` +
      `HOTP/T30/8 carol 1234 ${HEX}\nHOTP dave - ${HEX}\nHOTP/E/6 erin - ${HEX}\n` +
      `HOTP/T30/9 frank - ${HEX}\nHOTP/T900 grace - ${HEX}\nMOTP heidi 1 ${HEX}\n` +
      `HOTP/T30 ivan - zz\nHOTP/T30 judy - 1234\nTOTP ken - ${HEX}\nHOTP/T30 leo\n`,
  ));
  assert.deepEqual(secretsIn(reading), { alice: HEX, bob: HEX, carol: HEX });
  assert.deepEqual(
    reading.users.map(({ parameters }) => parameters),
    [[6, 30], [6, 60], [8, 30]].map(([digits, periodSeconds]) => ({
      algorithm: "SHA1",
      digits,
      periodSeconds,
    })),
  );
  assert.deepEqual(
    reading.notes.map(({ username, text }) => `${username}: ${text}`),
    ["carol: the PIN: the account's password takes its place"],
  );
  assert.deepEqual(
    obstaclesIn(reading).map((line) => line.replace(/:[^:]*$/, "")),
    [
      "line 6: uncarried dave",
      "line 7: uncarried erin",
      "line 8: uncarried frank: the codes have unsupported parameters",
      "line 9: uncarried grace: the codes have unsupported parameters",
      "line 10: uncarried heidi",
      "line 11: unreadable ivan",
      "line 12: uncarried judy",
      "line 13: unreadable ken",
      "line 14: unreadable null",
    ],
  );
});

Deno.test("readOtpSecrets reads openvpn-otp's file", () => {
  const reading = readOtpSecrets(
    bytes(
      `# user server type:hash:encoding:key:pin:udid client\n` +
        `alice otp totp:sha1:base32:${SECRET}::xxx *\n` +
        `bob otp totp-60-6:SHA256:hex:${HEX}:1234:xxx *\n` +
        `"carol c" 'otp' TOTP:sha512:text:1234567890ab: *\n` +
        `d\\ ave otp totp:sha1:base32:${SECRET}:: * # comment\n` +
        `erin otp hotp:sha1:base32:${SECRET}::xxx *\n` +
        `frank otp motp:md5:text:1234567890:1:x *\n` +
        `grace otp plain:${SECRET} *\n` +
        `heidi otp totp:md5:base32:${SECRET}:: *\n` +
        `ivan otp totp:sha1:base64:${SECRET}:: *\n` +
        `judy otp totp:sha1:base32 *\n` +
        `ken otp totp-x:sha1:base32:${SECRET}:: *\n` +
        `leo otp totp:sha1:base32:${SECRET}:1:2:3 *\n` +
        `"mia otp totp:sha1:base32:${SECRET}:: *\nnoah otp\n`,
    ),
    { ...COMMON_PARAMETERS, digits: 8, periodSeconds: 60 },
  );
  assert.deepEqual(secretsIn(reading), {
    "alice": HEX,
    "bob": HEX,
    "carol c": bytes("1234567890ab").toHex(),
    "d ave": HEX,
  });
  assert.deepEqual(
    reading.users.map((
      { parameters: { algorithm, digits, periodSeconds } },
    ) => [
      algorithm,
      digits,
      periodSeconds,
    ]),
    [["SHA1", 8, 60], ["SHA256", 6, 60], ["SHA512", 8, 60], ["SHA1", 8, 60]],
  );
  assert.deepEqual(reading.notes.map(({ username }) => username), ["bob"]);
  assert.deepEqual(
    reading.obstacles.map(({ kind, username }) => `${kind} ${username}`),
    [
      "uncarried erin",
      "uncarried frank",
      "uncarried grace",
      "uncarried heidi",
      "unreadable ivan",
      "unreadable judy",
      "unreadable ken",
      "unreadable leo",
      "unreadable null",
      "unreadable null",
    ],
  );
  assert(!JSON.stringify(reading).includes(SECRET));
});

Deno.test("readGoogleAuthenticator reads secret, step size and scratch codes", () => {
  const content = `${SECRET}\n" RATE_LIMIT 3 30 1700000000\n" WINDOW_SIZE 17\n` +
    `" DISALLOW_REUSE 55555\n" STEP_SIZE 60\n" TOTP_AUTH\n" TIME_SKEW 1\n" LAST0 1\n` +
    `" RESETTING_TIME_SKEW 1+1\n12345678\n87654321\r\n12345678\n`;
  const reading = readGoogleAuthenticator(bytes(content), "alice");
  assert.deepEqual(secretsIn(reading), { alice: HEX });
  const [alice] = reading.users;
  assert.equal(alice!.parameters.periodSeconds, 60);
  assert.deepEqual(alice!.recoveryCodes.reveal(), ["12345678", "87654321"]);
  assert.deepEqual(
    reading.notes.map(({ text }) => text.split(":")[0]),
    ["RATE_LIMIT", "WINDOW_SIZE", "DISALLOW_REUSE", "TIME_SKEW"]
      .concat("RESETTING_TIME_SKEW"),
  );
  const obstacle = (text: string) => obstaclesIn(readGoogleAuthenticator(bytes(text), "alice"))[0];
  assert.match(obstacle(`${SECRET}\n" HOTP_COUNTER 1\n`)!, /uncarried.*HOTP/);
  assert.match(obstacle(`${SECRET}\n`)!, /TOTP_AUTH is missing/);
  assert.match(
    obstacle(`${SECRET}\n" TOTP_AUTH\n" STEP_SIZE x\n`)!,
    /uncarried.*unsupported parameters/,
  );
  assert.match(
    obstacle(`${SECRET}\n" TOTP_AUTH\n" NEW_ONE\n`)!,
    /NEW_ONE is unknown/,
  );
  assert.match(obstacle(`${SECRET}\n" TOTP_AUTH\n" OTP_DISABLED`)!, /exempt/);
  const codes = (count: number) =>
    Array.from({ length: count }, (_, n) => `${10_000_000 + n}\n`).join("");
  assert.equal(obstacle(`${SECRET}\n" TOTP_AUTH\n${codes(10)}`), undefined);
  assert.match(
    obstacle(`${SECRET}\n" TOTP_AUTH\n${codes(11)}`)!,
    /uncarried.*11 recovery codes, but at most 10 are allowed/,
  );
  assert.match(obstacle(`#\n" TOTP_AUTH\n`)!, /unreadable.*not base32/);
  assertRefused(
    () => readGoogleAuthenticator(bytes(`${SECRET}\n${SECRET}\n`), "alice"),
    /line 2 is neither/,
  );
});

Deno.test("readGoogleAuthenticator reads files of older versions, as the PAM module does", () => {
  const spaced = "GEZD GNBV GY3T QOJQ gezd-gnbv GY3T QOJQ";
  const old = `${spaced}\n"RATE_LIMIT 3 30\n" TOTP_AUTH\n"STEP_SIZE 60\n12345678\n`;
  assert.equal(recogniseFormat(bytes(old)), "google-authenticator");
  const { users, obstacles } = readGoogleAuthenticator(bytes(old), "alice");
  assert.deepEqual(obstacles, []);
  // An option without the blank has no effect there: the step stays 30 seconds.
  assert.equal(users[0]!.parameters.periodSeconds, 30);
  assert.equal(users[0]!.secret.reveal().toHex(), HEX);
  const mistaken = `${SECRET.replaceAll("O", "0").replaceAll("B", "8")}\n" TOTP_AUTH\n`;
  assert.deepEqual(secretsIn(readGoogleAuthenticator(bytes(mistaken), "alice")), { alice: HEX });
  const [missing] = obstaclesIn(
    readGoogleAuthenticator(bytes(`${SECRET}\n"TOTP_AUTH\n`), "alice"),
  );
  assert.match(missing!, /TOTP_AUTH is missing/);
});

Deno.test("readGoogleAuthenticator accepts what the PAM module takes", () => {
  const read = (text: string) =>
    readGoogleAuthenticator(
      bytes(`${SECRET}\n" TOTP_AUTH\n${text}`),
      "alice",
    );
  const twice = read('" STEP_SIZE 30\n" STEP_SIZE 60\n');
  assert.equal(twice.users[0]!.parameters.periodSeconds, 30);
  const [obstacle] = obstaclesIn(read('" STEP_SIZE 61\n'));
  assert.match(obstacle!, /uncarried alice: STEP_SIZE is over 60/);
  for (const line of ["01234567", "12345678 ", "12345678 x"]) {
    assertRefused(
      () => read(`23456789\n${line}\n34567890\n`),
      /line 4 is neither/,
    );
  }
});

Deno.test("readOtpSecrets accepts no entry that openvpn-otp passes over", () => {
  const token = `totp:sha1:base32:${SECRET}`;
  for (
    const line of [
      `alice otp ${token}::x`,
      `alice otp ${token}::x# *`,
      `alice otp ${token} *`,
      `alice otp constructor:sha1:base32:${SECRET}:: *`,
      `alice otp totp:sha1:text:1234567890\u00a01234567890:`,
    ]
  ) {
    const reading = readOtpSecrets(bytes(line), DEFAULTS);
    assert.deepEqual(secretsIn(reading), {}, line);
    assert.match(obstaclesIn(reading)[0]!, /^line 1: unreadable/);
  }
  const key = "1234567890\u00a01234567890";
  assert.deepEqual(
    secretsIn(
      readOtpSecrets(
        bytes(`al\u3000ice otp totp:sha1:text:${key}: *`),
        DEFAULTS,
      ),
    ),
    { "al\u3000ice": bytes(key).toHex() },
  );
});

Deno.test("an entry's name is shortened if it is too long for a username", () => {
  const { obstacles } = readCsv(
    bytes(`username,secret\n${"a".repeat(1_000_000)},\nb,\n`),
  );
  assert.deepEqual(
    obstacles.map(({ username }) => username),
    [`${"a".repeat(256)}…`, "b"],
  );
});

Deno.test("readUris reads parameters in any order, issuers in both places", () => {
  const read = (uri: string) => readUris(bytes(uri));
  const user = (uri: string) => {
    const reading = read(uri);
    assert.deepEqual(reading.obstacles, [], uri);
    const { username, issuer, parameters } = reading.users[0]!;
    assert.deepEqual(secretsIn(reading)[username], HEX);
    const { algorithm, digits, periodSeconds } = parameters;
    return [username, issuer, algorithm, digits, periodSeconds];
  };
  assert.deepEqual(
    user(`otpauth://totp/alice?secret=${SECRET}`),
    ["alice", null, "SHA1", 6, 30],
  );
  assert.deepEqual(
    user(
      `otpauth://totp/VPN:%20alice@example.com?period=60&image=x&digits=8&algorithm=sha256&issuer=My+VPN&secret=${SECRET.toLowerCase()}`,
    ),
    ["alice@example.com", "My VPN", "SHA256", 8, 60],
  );
  assert.deepEqual(
    user(`otpauth://totp/VPN%3Azo%C3%AB?secret=${SECRET}&issuer=`),
    ["zoë", "VPN", "SHA1", 6, 30],
  );
  // As real apps and servers write them.
  const vpn = "https://vpn.example.com";
  const real: [uri: string, username: string, issuer: string | null][] = [
    [`otpauth://totp/${vpn}:alice?secret=${SECRET}&issuer=${vpn}`, "alice", vpn],
    [`otpauth://totp/My:%20VPN:a:b?secret=${SECRET}&issuer=my:+vpn`, "a:b", "my: vpn"],
    [`otpauth://totp/VPN:alice/?secret=${SECRET}`, "alice", "VPN"],
    [`otpauth://totp/a/b?secret=${SECRET}`, "a/b", null],
    [`OTPAUTH://TOTP/alice?SECRET=${SECRET}`, "alice", null],
    [`otpauth://totp/alice?secret=${SECRET}&digits=&period=&algorithm=&issuer=`, "alice", null],
  ];
  for (const [uri, ...names] of real) assert.deepEqual(user(uri), [...names, "SHA1", 6, 30]);
  const refusals: [string, RegExp][] = [
    [`otpauth://totp/${vpn}:a?secret=${SECRET}`, /unreadable .*several colons/],
    [`otpauth://hotp/a?secret=${SECRET}&counter=1`, /uncarried a:/],
    [`otpauth://totp/a?secret=${SECRET}&secret=${SECRET}`, /repeated parameter/],
    [`otpauth://totp/%ff?secret=${SECRET}`, /broken percent escape/],
    [`otpauth://totp/a?secret=${SECRET}&algorithm=MD5`, /unsupported parameters/],
    [`otpauth://totp/a?secret=${SECRET}&%61lgorithm=MD5`, /unsupported parameters/],
    [`otpauth://totp/a?secret=${SECRET}&%61lgorithm%=SHA1`, /broken percent escape/],
    [`otpauth://totp/a?secret=${SECRET}&digits=10`, /unsupported parameters/],
    [`otpauth://totp/a?secret=${SECRET}&period=1e2`, /unsupported parameters/],
    [`otpauth://totp/a?issuer=x`, /unreadable a: the secret/],
    [`otpauth://totp/VPN:?secret=${SECRET}`, /cannot be a username/],
    [`otpauth://totp/a%0ab?secret=${SECRET}`, /cannot be a username/],
    [`otpauth://steam/a?secret=${SECRET}`, /type is unknown/],
    [`otpauth://totp/a?secret=${SECRET}&encoder=steam`, /uncarried a:.*digits/],
    [`http://totp/a?secret=${SECRET}`, /not an otpauth URI/],
  ];
  for (const [uri, reason] of refusals) {
    const [line] = obstaclesIn(read(uri));
    assert.match(line ?? "", reason, uri);
    assert(!line!.includes(SECRET));
  }
});

Deno.test("readUris reads what otpauth and enroll write", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((text) => /^[^\p{Cc}\p{Zl}\p{Zp}: ][^\p{Cc}\p{Zl}\p{Zp}:]*$/u.test(text));
  const account = fc.oneof(name, name.map((text) => `${text}/`));
  holds(
    fc.property(
      account,
      name,
      fc.uint8Array({ minLength: 10, maxLength: 64 }),
      fc.constantFrom("SHA1", "SHA256", "SHA512"),
      fc.constantFrom(6, 7, 8),
      fc.constantFrom(15, 30, 60),
      (label, issuer, bytesOfSecret, algorithm, digits, period) => {
        const secret = new Secret({ buffer: bytesOfSecret.slice().buffer });
        const uris = [
          new TOTP({ label, issuer, secret, algorithm, digits, period })
            .toString(),
          provisioningUri(issuer, label, secret.base32, {
            algorithm: algorithm as "SHA1",
            digits,
            periodSeconds: period,
          }),
        ];
        for (const uri of uris) {
          const [user] = readUris(bytes(uri)).users;
          assert.equal(user?.username, label);
          assert.equal(user.issuer, issuer);
          assert.deepEqual(user.secret.reveal(), bytesOfSecret);
          assert.deepEqual(user.parameters, {
            algorithm,
            digits,
            periodSeconds: period,
          });
        }
      },
    ),
  );
});

Deno.test("recogniseFormat tells the formats apart, or doesn't guess", () => {
  const samples: [string, string | null][] = [
    ["\x80\x04}\x94.", "pickle"],
    ["(dp0\n.", "pickle"],
    ["}q\x00.", "pickle"],
    ["SQLite format 3\0rest", "python-sqlite"],
    [`${SECRET}\n" TOTP_AUTH\n12345678\n`, "google-authenticator"],
    [`# x\nHOTP/T30 a - ${HEX}\n`, "oath"],
    [`# x\na otp totp:sha1:base32:${SECRET}:: *\n`, "otp-secrets"],
    [`\n# x\notpauth://totp/a?secret=${SECRET}\n`, "uris"],
    ["otpauth-migration://offline?data=AA\n", "migration"],
    ["secret;username\n", "csv"],
    ["login,mail,secret\n", "csv"],
    ['{"format": "openvpn-totp export"}', "json"],
    ["{}", null],
    ["", null],
    [`${SECRET}\n`, null],
    ["user,key\n", null],
    ["\x80\x09", null],
  ];
  for (const [text, format] of samples) {
    const content = Uint8Array.from(text, (c) => c.charCodeAt(0));
    assert.equal(recogniseFormat(content), format, text);
  }
});

const PLAIN = IMPORT_FORMAT_NAMES.filter((name) =>
  name !== "python-sqlite" && name !== "google-authenticator"
) as PlainFormat[];

Deno.test("any text and any bytes are read or refused, by each reader", () => {
  const pieces = [
    ..."\"\n,: '\\%#&",
    "HOTP/T30",
    "totp:sha1:base32:",
    "otpauth://totp/",
    "?secret=",
    SECRET,
    "username,secret\n",
    "otpauth-migration://offline?data=",
    "CiIK",
    '{"users":[',
    "null",
    "]}",
    '{"db":{"entries":[{"type":"totp","name":"a","info":{"secret":"',
    '{"schemaVersion":4,"services":[{"secret":"","otp":{',
    '[{"type":"TOTP","label":"a","secret":"',
    '","algo":"SHA1","digits":6,"period":30}}]}}',
    '<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>',
    "<Key Algorithm='urn:ietf:params:xml:ns:keyprov:pskc:totp'><Data><Secret><PlainValue>",
    "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
    "</PlainValue></Secret></Data></Key>",
    "<UserId>a</UserId></KeyPackage></KeyContainer>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "&b;",
  ];
  const content = fc.oneof(
    textWith(...pieces).map(bytes),
    anyText.map(bytes),
    fc.uint8Array({ maxLength: 50 }),
  );
  holds(
    fc.property(content, (content) => {
      recogniseFormat(content);
      for (const format of PLAIN) {
        assertReadOrRefused(() => readPlainFormat(format, content, OPTIONS));
      }
      assertReadOrRefused(() => readGoogleAuthenticator(content, "alice"));
    }),
    2000,
  );
});

/** What floods begin with, what they repeat, and the formats that they are meant for. */
const FLOODS: [starts: string[], units: string[], formats: PlainFormat[]][] = [
  [
    ["", "username,secret\n", '{"users":'],
    ["\n", '"', '",', "a", "a\n", ",", "\\", "(", "[", "&", "}"],
    PLAIN.filter((format) => format !== "pskc"),
  ],
  [
    ['{"db":{"entries":[', '{"schemaVersion":4,"services":[', "["],
    ["[", "{},", "1,"],
    ["aegis", "2fas", "andotp"],
  ],
  [
    ["", '<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc">', "<KeyContainer"],
    ["<a>", "<", "&amp;", "<KeyPackage/>", "<a>b</a>", "<!--", "a", " a", " a='b'"],
    ["pskc"],
  ],
];

Deno.test("floods are read or refused in bounded time and memory", () => {
  const size = 1024 * 1024;
  const all = FLOODS.flatMap(([starts, units, formats]) =>
    starts.flatMap((start) => units.map((unit) => ({ start, unit, formats })))
  );
  for (const { start, unit, formats } of all) {
    const content = bytes(start + unit.repeat((size - start.length) / unit.length | 0));
    recogniseFormat(content);
    for (const format of formats) {
      assertReadOrRefused(() => readPlainFormat(format, content, OPTIONS));
    }
    assertReadOrRefused(() => readGoogleAuthenticator(content, "alice"));
  }
});
