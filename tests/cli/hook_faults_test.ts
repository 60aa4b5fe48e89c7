import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { mustRun } from "../lab/command.ts";
import { playAttempt, type PlayedAttempt } from "../lab/hook_call.ts";
import { base64, codeOf, enroll, makeTestDirectory, wrongCodeOf } from "../lab/program.ts";
import { PATIENCE_MS } from "../lab/patience.ts";
import { type EnrolledUser, LOG_LINE, ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

/** An enrolled user, challenged in an attempt of their own. */
function withChallenge(
  settings: Record<string, string>,
  test: (
    user: Omit<EnrolledUser, "attempt"> & { attempt: PlayedAttempt },
  ) => Promise<void>,
): Promise<void> {
  return withUser(async (user) => {
    const attempt = await user.attempt(settings);
    const { status, stderr } = await attempt.password(
      user.username,
      user.password,
    );
    assert.equal(status, 2, stderr);
    await test({ ...user, attempt });
  });
}

function faultTest(
  name: string,
  test: Parameters<typeof withChallenge>[1],
  settings: Record<string, string> = {},
): void {
  testWith(ROOT_AND_ACCOUNT, name, () => withChallenge(settings, test));
}

faultTest(
  "the database is gone at the answer: 0, and a line",
  async ({ attempt, secret, db }) => {
    await Deno.remove(db);
    const { status, stderr } = await attempt.answer(base64(codeOf(secret)));
    assert.equal(status, 1);
    assert.match(stderr, /reason=failure .*database_missing/);
    assert.equal(await attempt.control(), "0");
    assert.throws(() => Deno.statSync(db), Deno.errors.NotFound);
  },
);

faultTest("the reason file is gone: still 0", async ({ attempt, secret }) => {
  await Deno.remove(attempt.files.reason);
  const { status, stderr } = await attempt.answer(base64(wrongCodeOf(secret)));
  assert.equal(status, 1);
  assert.match(stderr, /reason=wrong_code/);
  assert.equal(await attempt.control(), "0");
});

faultTest(
  "the control file is a link: its target stays as it is",
  async ({ attempt, secret, directory }) => {
    const target = `${directory}/target`;
    await Deno.writeTextFile(target, "");
    await Deno.remove(attempt.files.control);
    await Deno.symlink(target, attempt.files.control);
    const { status } = await attempt.answer(base64(codeOf(secret)));
    assert.equal(status, 1);
    assert.equal(await Deno.readTextFile(target), "");
  },
);

faultTest(
  "standard error takes nothing: the login goes through",
  async ({ attempt, secret }) => {
    attempt.wrap = ["sh", "-c", 'exec "$0" "$@" 2>/dev/full'];
    const { status } = await attempt.answer(base64(codeOf(secret)));
    assert.equal(status, 0);
    assert.equal(await attempt.control(), "1");
  },
);

faultTest(
  "the common name is no UTF-8: refused in one line that doesn't repeat it",
  async ({ attempt, secret }) => {
    attempt.wrap = [
      ...[
        "sh",
        "-c",
        `export common_name="$(printf 'c\\377n')"; exec "$0" "$@"`,
      ],
    ];
    const { status, stderr } = await attempt.answer(base64(codeOf(secret)));
    assert.equal(status, 1);
    assert.match(stderr, LOG_LINE);
    assert.match(
      stderr,
      /bad_call: the variable common_name is not valid UTF-8/,
    );
    assert.equal(await attempt.control(), "0");
  },
);

faultTest(
  "named pipes in the place of response and log block nothing",
  async ({ attempt, secret, directory }) => {
    const log = `${directory}/log`;
    await mustRun("mkfifo", [log]);
    attempt.env.totpLog = log;
    await mustRun("mkfifo", [`${attempt.files.response}2`]);
    attempt.wrap = ["sh", "-c", `exec "$0" "$1"2`];
    const { status, stderr } = await attempt.answer(base64(codeOf(secret)));
    assert.equal(status, 1);
    assert.match(stderr, / reason=malformed_code .*not a regular file/);
    assert.match(stderr, / log_error=".*not a regular file"/);
  },
);

testWith(
  ["root", "useradd", "strace"],
  "a short lock is waited for, a long one refuses in time",
  () =>
    withChallenge({}, async ({ attempt, secret, db, directory, username }) => {
      using other = new DatabaseSync(db);
      other.exec("BEGIN IMMEDIATE");
      const trace = `${directory}/trace`;
      attempt.wrap = ["strace", "-f", "--seccomp-bpf", "-o", trace, "-e", "trace=fcntl"];
      const answered = attempt.answer(base64(codeOf(secret)));
      // It has met the lock, and will try again.
      await lineIn(trace, /F_SETLK, .* = -1 EAGAIN/);
      other.exec("ROLLBACK");
      assert.equal((await answered).status, 0);

      const late = await playAttempt(directory, { totpTokenDbPath: db });
      late.env.username = username;
      other.exec("BEGIN EXCLUSIVE");
      const refused = await late.answer(base64(codeOf(secret, 1)));
      other.exec("ROLLBACK");
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /database_locked/);
    }),
);

/** Waits until a file that grows has a line of this form. */
async function lineIn(path: string, form: RegExp): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!form.test(await Deno.readTextFile(path).catch(() => ""))) {
    assert(performance.now() < end, `no line ${form} in ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

faultTest(
  "totpDriftSteps 0 takes the present step alone",
  async ({ attempt, secret }) => {
    const { status, stderr } = await attempt.answer(base64(codeOf(secret, -1)));
    assert.equal(status, 1);
    assert.match(stderr, /reason=wrong_code/);
  },
  { totpDriftSteps: "0" },
);

faultTest(
  "totpDriftSteps 9 takes older and newer ones",
  async ({ attempt, secret }) => {
    const { status } = await attempt.answer(base64(codeOf(secret, -3)));
    assert.equal(status, 0);
  },
  { totpDriftSteps: "9" },
);

testWith(
  ["root", "useradd", "strace"],
  "the reason is written before the verdict, and both after the commit",
  async () => {
    await withChallenge({}, async ({ attempt, secret, db, directory }) => {
      const trace = `${directory}/trace`;
      attempt.wrap = [
        ...["strace", "-f", "--seccomp-bpf", "-o", trace],
        ...["-e", "trace=openat,unlink"],
      ];
      await attempt.answer(base64(wrongCodeOf(secret)));
      const lines = (await Deno.readTextFile(trace)).split("\n");
      const order = [
        `unlink("${db}-journal")`,
        `"${attempt.files.reason}", O_WRONLY`,
        `"${attempt.files.control}", O_WRONLY`,
      ].map((part) => lines.findLastIndex((line) => line.includes(part)));
      assert(order.every((index) => index >= 0), JSON.stringify(order));
      assert.deepEqual(order, order.toSorted((a, b) => a - b));
    });
  },
);

testWith(
  ["root", "useradd"],
  "a client with IPv6 is known by its address",
  async () => {
    await withUser(async ({ username, password, secret, ...user }) => {
      const attempt = await user.attempt({ untrusted_ip6: "2001:db8::7" });
      delete attempt.env.untrusted_ip;
      const first = await attempt.password(username, password);
      assert.match(first.stderr, / address=2001:db8::7 /);
      const second = await attempt.answer(base64(codeOf(secret)));
      assert.equal(second.status, 0);
    });
  },
);

testWith(
  [],
  "settings that refuse: a log that is no path, a PAM service that isn't there",
  async () => {
    await using directory = await makeTestDirectory();
    await enroll(directory.db, "root");
    for (
      const [name, value, line] of [
        ["totpLog", "relative", /bad_setting: totpLog is \\"relative\\"/],
        ["totpPamService", "ovtotp-t-none", /pam_service_missing: /],
      ] as const
    ) {
      const attempt = await playAttempt(directory.path, {
        totpTokenDbPath: directory.db,
        [name]: value,
      });
      const { status, stderr } = await attempt.password("root", "x");
      assert.equal(status, 1);
      assert.match(stderr, LOG_LINE);
      assert.match(stderr, line);
    }
  },
);

testWith(
  [],
  "a script_type that isn't UTF-8 is no administrator's call",
  async () => {
    await using directory = await makeTestDirectory();
    const attempt = await playAttempt(directory.path, {});
    attempt.wrap = [
      ...["sh", "-c", `export script_type="$(printf '\\377')"; exec "$0"`],
    ];
    const { status, stdout, stderr } = await attempt.answer("x");
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, LOG_LINE);
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a clock set back an hour opens nothing, and shuts nobody out for ever",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const wait = await user.attempt();
      for (let i = 0; i < 3; i++) await wait.password(username, `wrong ${i}`);
      const elsewhere = { untrusted_ip: "192.0.2.99" };
      const used = await user.attempt(elsewhere);
      await used.password(username, password);
      assert.equal((await used.answer(base64(codeOf(secret)))).status, 0);
      const open = await user.attempt(elsewhere);
      await open.password(username, password);

      // What the database holds is an hour ahead: the same as a clock an hour back.
      using database = new DatabaseSync(db);
      database.exec(
        `UPDATE challenges SET created_at = created_at + 3600000, expires_at = expires_at + 3600000;
         UPDATE enrolments SET last_step = last_step + 120, enrolled_at = enrolled_at + 3600000,
                               last_login_at = last_login_at + 3600000;
         UPDATE place_failures SET last_at = last_at + 3600000, gone_at = gone_at + 3600000;
         UPDATE decisions SET at = at + 3600000;`,
      );
      const late = await open.answer(base64(codeOf(secret, 1)));
      assert.match(late.stderr, /reason=challenge_expired/);
      const again = await user.attempt(elsewhere);
      assert.equal((await again.password(username, password)).status, 2);
      const replayed = await again.answer(base64(codeOf(secret)));
      assert.match(replayed.stderr, /reason=code_used/);

      const waiting = await user.attempt();
      const first = await waiting.password(username, password);
      assert.match(
        first.stderr,
        /reason=too_many_failures .*detail="the wait lasts 1 more second/,
      );
      const { last_at } = database.prepare(
        "SELECT last_at FROM place_failures WHERE place LIKE 'user %'",
      ).get()!;
      assert((last_at as number) <= Date.now(), "the wait counts from now on");

      // As the log tells: a new enrolment, or the time that was set back.
      const renewed = await enroll(db, username);
      const login = await user.attempt(elsewhere);
      assert.equal((await login.password(username, password)).status, 2);
      assert.equal((await login.answer(base64(codeOf(renewed)))).status, 0);
    });
  },
);
