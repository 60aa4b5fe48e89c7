import assert from "node:assert/strict";
import { TOTP, URI } from "otpauth";
import { run } from "../lab/command.ts";
import { playAttempt } from "../lab/hook_call.ts";
import {
  admin,
  base64,
  codeOf,
  makeTestDirectory,
  on,
  PROGRAM,
  type TestDirectory,
  wrongCodeOf,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { CTRL_C, Terminal } from "../lab/terminal.ts";
import { makeAccount } from "../lab/accounts.ts";

const CODE_PROMPT = /Code shown in the app .*: $/;

/** The usernames that are enrolled; none where there is no database. */
async function enrolled(db: string): Promise<string[]> {
  const { stdout, status } = await admin(db, ["list", "--json"]);
  return status === 0 ? JSON.parse(stdout).map((user: { username: string }) => user.username) : [];
}

function onTerminal({ db }: TestDirectory, ...args: string[]): Terminal {
  return new Terminal([PROGRAM, ...on(db), ...args].join(" "));
}

/** The secret on a screen; waits for it. */
async function secretOn(terminal: Terminal): Promise<string> {
  const screen = await terminal.shows(CODE_PROMPT);
  return screen.match(/^([A-Z2-7]{32})\r?$/m)![1]!;
}

testWith([], "enroll --from enrols all, in the list's order", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const list = "root\n\n# staff\n  daemon \r\nbin  # third, and last\n\t#\n";
  const { status, stdout, stderr } = await admin(
    db,
    ["enroll", "--from", "-", "--recovery-codes"],
    { stdin: list },
  );
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "Enrolled 3 users.\n");
  const blocks = stdout.split("\n\n").map((block) => block.trim().split("\n"));
  assert.deepEqual(blocks.map(([name]) => name), ["root", "daemon", "bin"]);
  for (const [name, secret, uri, ...recoveryCodes] of blocks) {
    const { label, secret: inUri } = URI.parse(uri!);
    assert.deepEqual([label, inUri.base32], [name, secret]);
    assert.equal(recoveryCodes.length, 10);
  }
  assert.deepEqual(await enrolled(db), ["bin", "daemon", "root"]);
});

testWith([], "enroll --from enrols nobody where one can't be", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const file = `${path}/users`;
  const cases: [list: string | Uint8Array, error: RegExp][] = [
    ["a\nb\na\n", /line 3 of ".*users": "a" is already in line 1/],
    ["a\nb\u0007c\n", /line 2 of .*"b\\u\{7\}c" cannot be a username/],
    ["a\nann, Ann Example\n", /line 2 of .*"ann, Ann Example" is not one username: list one per/],
    ["ann;Ann Example\n", /line 1 of .* is not one username/],
    ["# nobody\n\n", /contains no username/],
    [new Uint8Array([0x61, 0x0a, 0xff]), /is not valid UTF-8/],
    [new Uint8Array(1024 * 1024 + 1).fill(0x61), /larger than 1048576 bytes/],
  ];
  for (const [list, error] of cases) {
    await Deno.writeFile(
      file,
      typeof list === "string" ? new TextEncoder().encode(list) : list,
    );
    const output = await admin(db, ["enroll", "--from", file]);
    assert.equal(output.status, 1);
    assert.match(output.stderr, /^openvpn-totp: [^\n]+\n$/);
    assert.match(output.stderr, error);
  }
  assert.deepEqual(await enrolled(db), []);

  await admin(db, ["enroll", "root"]);
  const taken = await admin(db, ["enroll", "--from", "-"], {
    stdin: "daemon\nroot\n",
  });
  assert.match(
    taken.stderr,
    /user "root" is already enrolled: use --replace .*; nobody was enrolled$/m,
  );
  assert.deepEqual([taken.status, taken.stdout], [1, ""]);
  assert.deepEqual(await enrolled(db), ["root"]);
});

testWith([], "enroll wants one user or a list, and says so", async () => {
  await using directory = await makeTestDirectory();
  const usage = async (args: string[], error: RegExp) => {
    const output = await admin(directory.db, ["enroll", ...args]);
    assert.equal(output.status, 2);
    assert.match(output.stderr, error);
  };
  await usage(["root", "--from", "x"], /either a username or --from FILE/);
  await usage(["--from", "x", "--confirm"], /--confirm is for a single user/);
  await usage(["--from", "x", "--secret-from", "-"], /openvpn-totp import/);
  await usage(
    ["root", "--secret-encoding", "hex"],
    /--secret-encoding needs --secret-from/,
  );
  await usage(
    ["root", "--digits", "5"],
    /--digits is "5", expected .* 6 to 8/,
  );
  await usage(["root", "--period", "1e2"], /--period is "1e2", .* 15 to 300/);
  await usage(
    ["root", "--algorithm", "MD5"],
    /Allowed choices are SHA1, SHA256/,
  );
  await usage(["root", "--confirm"], /without a terminal: use enroll without/);
});

testWith([], "enroll takes a secret of one's own from a file", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const secretOf = async (secret: string, ...args: string[]) => {
    const output = await admin(
      db,
      ["enroll", "root", "--replace", "--json", "--secret-from", "-", ...args],
      { stdin: secret },
    );
    if (output.status === 0) return JSON.parse(output.stdout).secret;
    assert(!output.stderr.includes(secret.trim() || "?"), "it isn't told");
    return output.stderr;
  };
  const BASE32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  assert.equal(await secretOf(`${BASE32}\n`), BASE32);
  assert.equal(
    await secretOf("gezd gnbv-gy3t qojq\tGEZD GNBV GY3T QOJQ====\r\n"),
    BASE32,
  );
  const hex = "3132333435363738393031323334353637383930";
  assert.equal(await secretOf(hex, "--secret-encoding", "hex"), BASE32);
  assert.equal(await secretOf(`0x${hex}\n`), BASE32);
  assert.equal(await secretOf(`0X${hex.replace(/..../g, "$& ")}`), BASE32);
  assert.equal(await secretOf(`0x${hex}`, "--secret-encoding", "hex"), BASE32);
  for (
    const none of [
      ...["", "GEZDGNBVGY3TQOJ1", "GEZDGNBVGY3TQO", "GEZD".repeat(60)],
      // Letters that only become plain ones as capitals.
      ...["GEZDGNBVGY3TQOJ\u0131", "GEZDGNBVGY3TQO\u00df"],
    ]
  ) {
    assert.match(
      await secretOf(none),
      /contains no secret: expected 10 to 128 bytes/,
    );
  }
  assert.match(await secretOf(hex), /contains no secret/);
  assert.match(await secretOf(`0x${hex}`, "--secret-encoding", "base32"), /contains no secret/);
  assert.match(await secretOf(`0x${hex}1`), /contains no secret/);
  const missing = await admin(db, ["enroll", "x", "--secret-from", "/nowhere"]);
  assert.match(
    missing.stderr,
    /cannot read --secret-from "\/nowhere": there is no such file$/m,
  );
});

testWith([], "enroll --from keeps blanks and # within a name", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const { status } = await admin(db, ["enroll", "--from", "-"], { stdin: "a b#c #d\n" });
  assert.equal(status, 0);
  assert.deepEqual(await enrolled(db), ["a b#c"]);
});

testWith(
  [],
  "enroll --secret-from takes an otpauth URI, and what it says of the codes",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const URI = `otpauth://totp/Token:123?secret=${SECRET}&issuer=Token&algorithm=SHA256&digits=8` +
      "&period=60\n";
    const enrol = async (uri: string, ...args: string[]) => {
      const given = ["enroll", "root", "--replace", "--json", "--secret-from", "-", ...args];
      const { status, stdout, stderr } = await admin(db, given, { stdin: uri });
      assert(!stderr.includes(SECRET));
      if (status !== 0) return [status, stderr];
      const { username, issuer, secret, algorithm, digits, periodSeconds } = JSON.parse(stdout);
      return [username, issuer, secret === SECRET, algorithm, digits, periodSeconds];
    };
    const said = [true, "SHA256", 8, 60];
    assert.deepEqual(await enrol(URI), ["root", "Token", ...said]);
    assert.deepEqual(await enrol(URI, "--issuer", "My VPN", "--digits", "8"), [
      "root",
      "My VPN",
      ...said,
    ]);
    assert.deepEqual(await enrol(`otpauth://totp/?secret=${SECRET}`), [
      ...["root", "OpenVPN Server"],
      ...[true, "SHA1", 6, 30],
    ]);
    const refusals: [uri: string, args: string[], status: number, why: RegExp][] = [
      [
        URI,
        ["--digits", "6"],
        2,
        /--digits is "6", but the otpauth URI says 8: leave the option out/,
      ],
      [URI, ["--algorithm", "SHA1"], 2, /--algorithm is "SHA1", but the otpauth URI says SHA256/],
      [URI, ["--period", "30"], 2, /--period is "30", but the otpauth URI says 60/],
      [URI, ["--secret-encoding", "hex"], 2, /--secret-encoding is for a bare secret/],
      [
        URI.replace("totp", "hotp"),
        [],
        1,
        /URI that cannot be used: the codes depend on a counter/,
      ],
      [URI.replace("digits=8", "digits=9"), [], 1, /cannot be used: .*unsupported parameters/],
      [URI.replace(SECRET, "x"), [], 1, /cannot be used: the secret is not base32/],
      [URI + URI, [], 1, /cannot be used: expected a single line/],
    ];
    for (const [uri, args, status, why] of refusals) {
      const [found, stderr] = await enrol(uri, ...args);
      assert.equal(found, status);
      assert.match(stderr, why);
    }
  },
);

testWith(
  ["root", "useradd"],
  "codes of another hash, length and period log in, and others don't",
  async () => {
    await using account = await makeAccount();
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const { stdout } = await admin(db, [
      ...["enroll", account.username, "--algorithm", "SHA512"],
      ...["--digits", "8", "--period", "60"],
    ]);
    const uri = stdout.split("\n")[2]!;
    assert.match(uri, /&algorithm=SHA512&digits=8&period=60$/);
    const totp = URI.parse(uri) as TOTP;
    const login = async (code: string) => {
      const attempt = await playAttempt(path, { totpTokenDbPath: db });
      await attempt.password(account.username, account.password);
      const { stderr } = await attempt.answer(base64(code));
      return stderr.match(/outcome=(\S+)( reason=(\S+))?/)!.slice(1);
    };
    const { secret } = totp;
    const sixDigits = new TOTP({ secret, algorithm: "SHA512", period: 60 });
    assert.equal((await login(sixDigits.generate()))[2], "malformed_code");
    const thirty = new TOTP({ secret, algorithm: "SHA512", digits: 8 });
    assert.equal((await login(thirty.generate()))[2], "wrong_code");
    assert.equal((await login(totp.generate()))[0], "accepted");
    const shown = JSON.parse(
      (await admin(db, [
        ...["show", account.username, "--json"],
      ])).stdout,
    );
    assert.deepEqual(
      [shown.algorithm, shown.digits, shown.periodSeconds],
      ["SHA512", 8, 60],
    );
  },
);

testWith(
  ["root", "useradd"],
  "an appended code has as many digits as the user's codes",
  async () => {
    await using account = await makeAccount();
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const { username, password } = account;
    const { stdout } = await admin(db, ["enroll", username, "--digits", "8"]);
    const attempt = await playAttempt(path, {
      totpTokenDbPath: db,
      totpChallengeMethods: "append",
    });
    const code = URI.parse(stdout.split("\n")[2]!).generate();
    const { stderr } = await attempt.password(username, password + code);
    assert.match(stderr, /outcome=accepted by=code/);
  },
);

testWith(
  ["script"],
  "enroll --confirm enrols when the first code is right, and not before",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    await using terminal = onTerminal(directory, "enroll", "root", "--confirm");
    const secret = await secretOn(terminal);
    const at = (seconds: number) =>
      new TOTP({ secret }).generate({ timestamp: Date.now() + seconds * 1000 });
    await terminal.type(CODE_PROMPT, "12345");
    await terminal.shows(/That is not a code: a code has 6 digits/);
    await terminal.type(CODE_PROMPT, wrongCodeOf(secret));
    await terminal.shows(/Wrong: this secret has no such code/);
    await terminal.type(CODE_PROMPT, at(-600));
    await terminal.shows(
      /The code was right 1\d minutes ago: the phone's clock is slow/,
    );
    assert.deepEqual(await enrolled(db), []);
    await terminal.type(CODE_PROMPT, at(0));
    const { status, screen } = await terminal.end();
    assert.equal(status, 0);
    assert.match(
      screen,
      /Enrolled\. The code .* still valid for the first login/,
    );
    assert.deepEqual(await enrolled(db), ["root"]);
    const shown = await admin(db, ["show", "root", "--secret", "--json"]);
    assert.equal(JSON.parse(shown.stdout).secret, secret);
  },
);

testWith(
  ["script"],
  "enroll --confirm says of an app's code what the app ignores, and enrols nobody",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const args = ["enroll", "root", "--confirm", "--digits", "8", "--algorithm", "SHA512"];
    await using terminal = onTerminal(directory, ...args);
    const secret = await secretOn(terminal);
    await terminal.shows(/some apps support only the hash SHA1/);
    await terminal.type(CODE_PROMPT, codeOf(secret));
    await terminal.shows(/The app ignores the hash \(SHA512\) and the number of digits \(8\)/);
    assert.deepEqual(await enrolled(db), []);
    const right = new TOTP({ secret, digits: 8, algorithm: "SHA512" });
    await terminal.type(CODE_PROMPT, right.generate());
    assert.equal((await terminal.end()).status, 0);
    assert.deepEqual(await enrolled(db), ["root"]);
  },
);

testWith(
  ["root", "useradd", "script"],
  "the code of enroll --confirm is good for the first login",
  async () => {
    await using account = await makeAccount();
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const { username, password } = account;
    await using terminal = onTerminal(
      directory,
      "enroll",
      username,
      "--confirm",
    );
    const code = codeOf(await secretOn(terminal));
    await terminal.type(CODE_PROMPT, code);
    assert.equal((await terminal.end()).status, 0);
    const attempt = await playAttempt(path, { totpTokenDbPath: db });
    await attempt.password(username, password);
    assert.match(
      (await attempt.answer(base64(code))).stderr,
      /outcome=accepted/,
    );
  },
);

testWith(["script"], "Ctrl-C at the code enrols nobody", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await using terminal = onTerminal(directory, "enroll", "root", "--confirm");
  await terminal.press(CODE_PROMPT, CTRL_C);
  assert.notEqual((await terminal.end()).status, 0);
  assert.deepEqual(await enrolled(db), []);
  assert.throws(() => Deno.statSync(db), Deno.errors.NotFound);
});

testWith(
  ["script"],
  "enroll --from shows its progress on a terminal alone",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/users`;
    await Deno.writeTextFile(
      file,
      Array.from({ length: 50 }, (_, n) => `user${n}\n`).join(""),
    );
    const piped = await run(PROGRAM, [...on(db), "enroll", "--from", file]);
    assert.doesNotMatch(piped.stderr, /\r|█/);
    await using terminal = onTerminal(
      directory,
      ...["enroll", "--replace", "--from", file, ">", `${path}/out`],
    );
    const { screen } = await terminal.end();
    assert.match(screen, /\r█{20}░{20} 50 %/);
    assert(screen.includes("\r\x1b[KEnrolled 50 users."));
    assert.equal((await enrolled(db)).length, 50);
  },
);
