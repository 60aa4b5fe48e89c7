import assert from "node:assert/strict";
import fc from "fast-check";
import { readCsv } from "../../../src/migration/csv.ts";
import { UnreadableSource } from "../../../src/migration/reading.ts";
import { holds } from "../../lab/fuzz.ts";
import { assertRefused, bytes, obstaclesIn, SECRET, SECRET_BYTES } from "./readings.ts";

const HEX = SECRET_BYTES.toHex();

Deno.test("readCsv reads quotes, separators and the columns by their headings", () => {
  const users = (text: string) => {
    const reading = readCsv(bytes(text));
    assert.deepEqual(reading.obstacles, []);
    return reading.users.map((user) => {
      assert.equal(user.secret.reveal().toHex(), HEX);
      return `${user.place}: ${user.username} ${user.issuer} ${Object.values(user.parameters)}`;
    });
  };
  assert.deepEqual(
    users(
      `\ufeffUsername,Secret\r\nalice,${SECRET}\r\n\r\n"o""h, x","${SECRET}"`,
    ),
    ["line 2: alice null SHA1,6,30", 'line 4: o"h, x null SHA1,6,30'],
  );
  assert.deepEqual(
    users(
      `secret;period;digits;algorithm;issuer;username\n${SECRET};60;8;sha-256;A;zoë\n${SECRET};;;;;b\n`,
    ),
    ["line 2: zoë A SHA256,8,60", "line 3: b null SHA1,6,30"],
  );
  assert.deepEqual(
    users(`"username"\t"secret"\na\t${SECRET}\n`),
    ["line 2: a null SHA1,6,30"],
  );
  const refused = (text: string, reason: RegExp) =>
    assertRefused(() => readCsv(bytes(text)), reason);
  refused(`alice,${SECRET}\n`, /lacks one for the username .* and one for the secret \([^)]*\)$/);
  refused("username,username,secret\n", /heading 2 .* is a second one/);
  refused("username\n", /lacks one for the secret \([^)]*\)$/);
  refused("", /lacks one for the username/);
  refused(`username,secret\n"a,${SECRET}\n`, /line 2 has a quote that is not closed/);
  refused(`username,secret\na"b,${SECRET}\n`, /line 2 has a quote/);
  refused(`username,secret\n"a"b,${SECRET}\n`, /line 2 has text after a closing quote/);
  const obstacles = obstaclesIn(
    readCsv(
      bytes(`username,secret\na\na,b,c\n,${SECRET}\n"a\nb",${SECRET}\nx,1\n`),
    ),
  );
  assert.deepEqual(obstacles.map((line) => line.split(":")[0]), [
    "line 2",
    "line 3",
    "line 4",
    "line 5",
    "line 7",
  ]);
});

Deno.test("readCsv knows the usual headings, and says which columns it does not read", () => {
  const read = (head: string, row: string) => {
    const { users, notes } = readCsv(bytes(`${head}\n${row}\n`));
    return [users.map(({ username }) => username).join(), notes.map(({ text }) => text).join()];
  };
  for (const head of ["user,secret", "Login,secret", "name,SECRET", "user,totp_secret"]) {
    assert.deepEqual(read(head, `alice,${SECRET}`), ["alice", ""], head);
  }
  // A person's name is not the login name.
  assert.deepEqual(read("name,login,secret", `Alice A,alice,${SECRET}`), [
    "alice",
    'the columns "name", which are not read',
  ]);
  assert.deepEqual(read("mail,secret,user,phone", `a@b,${SECRET},alice,1`), [
    "alice",
    'the columns "mail", "phone", which are not read',
  ]);
  assert.deepEqual(read(`username,secret,${SECRET}`, `alice,${SECRET},${SECRET}`), [
    "alice",
    "the columns heading 3, which are not read",
  ]);
  assertRefused(
    () => readCsv(bytes(`benutzer,secret\nalice,${SECRET}\n`)),
    /lacks one for the username \(username, user, login, name\); unknown: "benutzer"$/,
  );
});

Deno.test("readCsv's errors give the line, and never what is in it", () => {
  const head = "username,secret\r\n";
  const row = `alice,${SECRET}`;
  const broken: [text: string, reason: RegExp][] = [
    [`${row}\n`, /lacks one for the username .* and one for the secret \([^)]*\)$/],
    [`${SECRET},secret\n`, /lacks one for the username .*; unknown: heading 1$/],
    [`login,${SECRET}\n`, /lacks one for the secret .*; unknown: heading 2$/],
    [
      `login,user,secret\n`,
      /^heading 2 .* is a second one for the username: remove or rename one$/,
    ],
    [`${head}a,"${SECRET}\n${row}\n`, /^line 2 has a quote that is not closed$/],
    [`${head}"a\r\nb",${SECRET}\r\n\r\na,${SECRET}"\n`, /^line 5 has a quote inside a field/],
    [`${head}${row}\na,"${SECRET}"${SECRET}\n`, /^line 3 has text after a closing quote$/],
    [`${head}a,"${SECRET}"\0\n`, /^line 2 has text after a closing quote$/],
    [`${head}a,${SECRET}\r${row}\n`, /^line 2 has a carriage return that does not end the line$/],
    [`${head}${`${SECRET},`.repeat(200)}\n`, /^line 2 has too many fields$/],
    [head + `${row}\n`.repeat(100_001), /^it has more than 100000 /],
  ];
  for (const [text, reason] of broken) assertRefused(() => readCsv(bytes(text)), reason);
  const entries = [
    SECRET,
    `${SECRET},${SECRET},x`,
    `a b\0,${SECRET}`,
    `x,${SECRET}1`,
    `y,"${SECRET}"""`,
  ];
  const { obstacles } = readCsv(bytes(head + entries.join("\n")));
  assert.deepEqual(obstacles.map(({ place }) => place), [2, 3, 4, 5, 6].map((n) => `line ${n}`));
  for (const { reason } of obstacles) assert(!reason.includes(SECRET.slice(0, 8)), reason);
});

Deno.test("readCsv tells no part of a secret, whatever is wrong with a table", () => {
  const piece = fc.constantFrom(SECRET, '"', "\r", "\n", ",", "alice", "\0", "username,secret\n");
  holds(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, hasHead) => {
      const text = (hasHead ? "username,secret\n" : "") + pieces.join("");
      let told: string;
      try {
        const { obstacles, notes } = readCsv(bytes(text));
        told = JSON.stringify([obstacles.map(({ reason, place }) => [reason, place]), notes]);
      } catch (error) {
        assert(error instanceof UnreadableSource, String(error));
        told = `${error.message} ${error.stack} ${JSON.stringify(error)}`;
      }
      assert(!told.includes(SECRET.slice(0, 8)), told);
    }),
    1000,
  );
});
