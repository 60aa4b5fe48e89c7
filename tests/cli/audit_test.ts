import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { assertDocumented } from "../lab/documented_fields.ts";
import {
  admin,
  base64,
  codeOf,
  enroll,
  keyFileOf,
  makeTestDirectory,
  wrongCodeOf,
} from "../lab/program.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

/** The audit trail as JSON. */
async function trail(db: string, ...options: string[]) {
  const { status, stdout, stderr } = await admin(db, [
    "log",
    "--json",
    ...options,
  ]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

testWith([], "log says that there is nothing yet", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await admin(db, ["enroll", "root"]);
  const { stdout } = await admin(db, ["log"]);
  assert.equal(stdout, "The audit trail is empty.\n");
});

testWith(
  ROOT_AND_ACCOUNT,
  "every decision is a line of the audit trail",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const start = Math.floor(Date.now() / 1000);
      const first = await user.attempt();
      await first.password(username, "wrong");
      await first.password("nob\u202eody  192.0.2.99", "wrong");
      await first.password(username, password);
      await first.answer(base64(wrongCodeOf(secret)));
      await first.answer(base64(codeOf(secret)));
      const second = await user.attempt({ untrusted_ip6: "2001:db8::7" });
      delete second.env.untrusted_ip;
      await second.password(username, password);
      await second.answer(base64(codeOf(secret)));
      await second.answer(base64(codeOf(secret)));
      const mute = await user.attempt({
        IV_SSO: "",
        totpChallengeMethods: "crtext",
      });
      await mute.password(username, password);
      const broken = await user.attempt({ totpPamService: "ovtotp-t-none" });
      await broken.password(username, password);
      const garbled = await user.attempt();
      garbled.wrap = [
        "sh",
        "-c",
        `username="$(printf 'a\\377')" exec "$0" "$@"`,
      ];
      await garbled.answer("x");

      const rows = await trail(db);
      assert.deepEqual(
        rows.map((row: Record<string, string>) =>
          [row.step, row.outcome, row.reason ?? row.by].join(" ")
        ),
        [
          "password refused wrong_password",
          "password refused wrong_password",
          "password challenged crtext",
          "code refused wrong_code",
          "code refused challenge_answered",
          "password challenged crtext",
          "code accepted code",
          "code unchanged challenge_answered",
          "password refused client_without_method",
          "password refused failure",
          "code refused failure",
        ],
      );
      const { time, ...accepted } = rows[6];
      const at = Date.parse(time) / 1000;
      assert(start <= at && at <= Date.now() / 1000, time);
      assert.deepEqual(accepted, {
        step: "code",
        outcome: "accepted",
        reason: null,
        by: "code",
        user: username,
        enrolledUser: username,
        address: "2001:db8::7",
        commonName: "client1",
        detail: null,
        count: 1,
        lastTime: time,
      });
      assert.equal(rows[0].user, username);
      assert.match(rows[9].detail, /^pam_service_missing: /);

      const refused = await trail(db, "--outcome", "refused");
      assert.equal(refused.length, 7);
      assert.equal((await trail(db, "--user", username)).length, 9);
      const [one] = await trail(db);
      assertDocumented("log", one);
      assert.equal((await trail(db, "--since", "2h")).length, 11);
      assert.equal((await trail(db, "--since", "2000-01-31")).length, 11);
      assert.equal((await trail(db, "--since", "0s")).length, 0);

      const { stdout } = await admin(db, ["log"]);
      assert.match(stdout, /^TIME +STEP +OUTCOME +REASON +USER +ADDRESS/);
      assert.equal(stdout.split("\n").length, 13);
      assert(stdout.includes(' "nob\\u{202e}ody  192.0.2.99" '));
      assert(!stdout.includes("\u202e"));
      assert.match(stdout, / wrong_code .* "4 attempts left"$/m);
      const none = await admin(db, ["log", "--user", "x"]);
      assert.match(none.stdout, /^No decision matches\./);
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "no login is accepted that the audit trail can't tell of",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const attempt = await user.attempt();
      await attempt.password(username, password);
      using database = new DatabaseSync(db);
      database.exec("ALTER TABLE decisions RENAME TO elsewhere");
      const { status, stderr } = await attempt.answer(base64(codeOf(secret)));
      assert.equal(status, 1);
      assert.match(stderr, /reason=failure .*database_error/);
      assert.equal(await attempt.control(), "0");
      database.exec("ALTER TABLE elsewhere RENAME TO decisions");
      assert.equal((await trail(db)).length, 1);
    });
  },
);

testWith([], "log names what it doesn't understand", async () => {
  await using directory = await makeTestDirectory();
  await enroll(directory.db, "root");
  const cases: [string[], RegExp][] = [
    [["--since", "yesterday"], /--since is "yesterday", expected a time/],
    [["--since", "2026-02-30"], /--since is "2026-02-30"/],
    [["--since", "2h "], /--since is "2h "/],
    [
      ["--outcome", "bad"],
      /'bad' is invalid\. Allowed choices are challenged, acc/,
    ],
  ];
  for (const [options, message] of cases) {
    const { status, stdout, stderr } = await admin(directory.db, [
      "log",
      ...options,
    ]);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  }
});

testWith(
  [],
  "rekey seals with a new key; show opens with any in the file, and names a lost one",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const key = keyFileOf(db);
    const secrets = [await enroll(db, "root"), await enroll(db, "daemon")];
    const before = await Deno.readTextFile(key);
    const shown = async (user: string) =>
      (await admin(db, ["show", "--secret", "--json", user])).stdout;
    const blobs = () => {
      using database = new DatabaseSync(db);
      return database.prepare("SELECT secret, key_id FROM enrolments").all()
        .map((row) => JSON.stringify(row));
    };
    const old = blobs();
    const { status, stdout } = await admin(db, ["rekey"]);
    assert.equal(status, 0);
    assert.match(stdout, /^Sealed the secrets of 2 users with a new key/);
    assert((await Deno.readTextFile(key)).startsWith(before));
    assert.equal(new Set([...old, ...blobs()]).size, 4);
    for (const [i, user] of ["root", "daemon"].entries()) {
      assert.equal(JSON.parse(await shown(user)).secret, secrets[i]);
    }

    await Deno.rename(key, `${key}.away`);
    for (const args of [["show", "--secret", "root"], ["rekey"]]) {
      const { status, stderr } = await admin(db, args);
      assert.equal(status, 1);
      assert.match(stderr, /^openvpn-totp: there is no key file at /);
    }
    const enrolment = await admin(db, ["enroll", "bin"]);
    assert.match(enrolment.stderr, /^openvpn-totp: there is no key file at /);
    assert.equal((await admin(db, ["list"])).status, 0);
    await Deno.rename(`${key}.away`, key);
    assert.equal(JSON.parse(await shown("root")).secret, secrets[0]);
  },
);
