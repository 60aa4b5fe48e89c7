import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { TOTP } from "otpauth";
import {
  admin,
  codeOf,
  enroll,
  makeTestDirectory,
  mustGiveRecoveryCodes,
  on,
  PROGRAM,
  wrongCodeOf,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { CTRL_C, Terminal } from "../lab/terminal.ts";

/** What `verify root` makes of a code, as JSON and for people. */
async function verify(db: string, code: string, ...args: string[]) {
  // So wide a window that no code leaves it meanwhile, however slow the machine is.
  const options = { stdin: code, env: { totpDriftSteps: "10" } };
  const verify = ["verify", "root", "--code-from", "-"];
  const json = await admin(db, [...verify, "--json", ...args], options);
  const text = await admin(db, verify, options);
  return {
    status: json.status,
    ...JSON.parse(json.stdout || "{}"),
    text: text.stdout,
  };
}

/** All that a database has. */
async function contentOf(db: string): Promise<string> {
  return (await Deno.readFile(db)).toBase64();
}

testWith(
  [],
  "verify explains every kind of code, and changes nothing",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const secret = await enroll(db, "root");
    const [recoveryCode] = await mustGiveRecoveryCodes(db, "root");
    const before = await contentOf(db);

    const cases: [
      code: string,
      status: number,
      result: string,
      text: RegExp,
    ][] = [
      [
        codeOf(secret),
        0,
        "right",
        /^Right: a login with it would be accepted\.$/m,
      ],
      [` ${codeOf(secret)}\r\n`, 0, "right", /accepted/],
      [
        codeOf(secret, -20),
        1,
        "clock_off",
        /^The code was right 1\d minutes ago: .* is slow/,
      ],
      [
        codeOf(secret, 20),
        1,
        "clock_off",
        /^The code will be right in \d+ minutes: .* is fast/,
      ],
      [
        wrongCodeOf(secret),
        1,
        "wrong",
        /^Wrong: .* from the last enrolment\?$/m,
      ],
      ["12345", 1, "malformed", /^Not a code: a code has 6 digits\.$/m],
      ["", 1, "malformed", /^Not a code/],
      [recoveryCode!, 0, "recovery_code", /^This is a recovery code: .* use it up/],
      ["00000-00000", 1, "wrong", /^Wrong/],
    ];
    for (const [code, status, result, text] of cases) {
      const found = await verify(db, code);
      assert.deepEqual([found.status, found.result], [status, result], code);
      assert.match(found.text, text);
      assert.equal(found.usedUp, false);
    }
    assert.equal(
      (await verify(db, codeOf(secret, -20))).secondsOff < -570,
      true,
    );
    assert.equal(await contentOf(db), before);
  },
);

testWith(
  [],
  "verify recognises the codes of an app that ignores parameters, and accepts none",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const options = ["--algorithm", "SHA256", "--digits", "8", "--period", "60"];
    const enrolled = await admin(db, ["enroll", "root", "--json", ...options]);
    const { secret } = JSON.parse(enrolled.stdout);
    const warnings = enrolled.stderr.trimEnd().split("\n");
    assert.match(
      warnings[0]!,
      /support only the hash SHA1, .*: Microsoft Authenticator, Authy, Duo Mobile/,
    );
    assert.match(warnings[1]!, /support only codes of 6 digits, .*: Microsoft Authenticator/);
    assert.match(
      warnings[2]!,
      /support only a period of 30 seconds, .*: Google Authenticator, Microsoft/,
    );
    assert.equal(warnings.length, 3);
    const made = { algorithm: "SHA256", digits: 8, period: 60 };
    const cases: [app: Partial<typeof made>, ignored: string[], text: RegExp][] = [
      [{}, [], /^Right/],
      [
        { algorithm: "SHA1", digits: 6, period: 30 },
        ["algorithm", "digits", "periodSeconds"],
        /^Wrong: .* ignores the hash \(SHA256\), the number of digits \(8\) and the period \(60 /,
      ],
      [
        { algorithm: "SHA1" },
        ["algorithm"],
        /^Wrong: .* ignores the hash \(SHA256\) of this enrol/,
      ],
      [{ digits: 6 }, ["digits"], /^Wrong: .* ignores the number of digits \(8\) of this/],
      [{ period: 30 }, ["periodSeconds"], /^Wrong: .* ignores the period \(60 seconds\) of this/],
      [{ algorithm: "SHA512" }, [], /^Wrong: this secret has no such code/],
    ];
    for (const [app, ignored, text] of cases) {
      const code = new TOTP({ secret, ...made, ...app }).generate();
      const found = await verify(db, code, "--use");
      const isRight = Object.keys(app).length === 0;
      assert.equal(found.status, isRight ? 0 : 1);
      assert.equal(found.usedUp, isRight);
      assert(["wrong", "malformed", "right"].includes(found.result));
      assert.equal(found.result === "right", isRight);
      assert.deepEqual(found.ignoredParameters.toSorted(), ignored.toSorted());
      if (!isRight) assert.match(found.text, text);
    }
  },
);

testWith([], "verify --use uses a code up, once", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const secret = await enroll(db, "root");
  const [recoveryCode] = await mustGiveRecoveryCodes(db, "root");
  const code = codeOf(secret);
  const use = async (code: string) => {
    const { status, result, usedUp } = await verify(db, code, "--use");
    return [status, result, usedUp];
  };
  assert.deepEqual(await use(code), [0, "right", true]);
  assert.deepEqual(await use(code), [1, "used", false]);
  assert.match((await verify(db, code)).text, /each code is accepted once/);
  assert.deepEqual(await use(recoveryCode!), [0, "recovery_code", true]);
  assert.deepEqual(await use(recoveryCode!), [1, "wrong", false]);
  const { lastLoginAt, recoveryCodesLeft } = JSON.parse(
    (await admin(db, ["show", "root", "--json"])).stdout,
  );
  assert.deepEqual([lastLoginAt, recoveryCodesLeft], [null, 9]);
});

testWith([], "verify says that a user is locked or disabled", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const secret = await enroll(db, "root");
  const connection = new DatabaseSync(db);
  connection.prepare("UPDATE enrolments SET locked_until = ?, locks = 1")
    .run(Date.now() + 3_600_000);
  connection.close();
  await admin(db, ["disable", "root"]);
  const { status, result, text, ...found } = await verify(db, codeOf(secret));
  assert.deepEqual([status, result], [1, "right"]);
  assert.match(
    text,
    /^Right[^\n]*\nLocked until .*unlock USER[^\n]*\nDisabled since .*enable USER/,
  );
  assert.match(found.lockedUntil, /^20.*Z$/);
  assert.match(found.disabledAt, /^20.*Z$/);
});

testWith(
  [],
  "verify names a user who isn't there, and wants a way to get the code",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    await enroll(db, "root");
    const nobody = await admin(db, ["verify", "x", "--code-from", "-"]);
    assert.equal(nobody.status, 1);
    assert.match(nobody.stderr, /user "x" is not enrolled/);
    const unasked = await admin(db, ["verify", "root"]);
    assert.equal(unasked.status, 2);
    assert.match(
      unasked.stderr,
      /cannot ask "Code" without a terminal: use --code-from/,
    );
  },
);

testWith(["script"], "verify asks on a terminal", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const secret = await enroll(db, "root");
  const command = [PROGRAM, ...on(db), "verify", "root"].join(" ");
  await using terminal = new Terminal(command);
  await terminal.type(/^Code: $/, codeOf(secret));
  assert.match((await terminal.end()).screen, /Right: a login/);
  await using left = new Terminal(command);
  await left.press(/^Code: $/, CTRL_C);
  assert.notEqual((await left.end()).status, 0);
  await using ended = new Terminal(command);
  await ended.press(/^Code: $/, "\x04");
  const { status, screen } = await ended.end();
  assert.equal(status, 1);
  assert.match(screen, /cancelled: nothing was changed/);
});
