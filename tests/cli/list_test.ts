import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { run } from "../lab/command.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import {
  admin,
  base64,
  enroll,
  makeTestDirectory,
  on,
  PROGRAM,
  wrongCodesOf,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Enrols users, and dates them back.
 *
 * @param users columns of their rows; times are in days from now
 */
async function enrolAll(
  db: string,
  users: Record<string, Record<string, number>>,
): Promise<void> {
  for (const name of Object.keys(users)) await enroll(db, name);
  using database = new DatabaseSync(db);
  const days = /_(at|until)$/;
  for (const [name, columns] of Object.entries(users)) {
    for (const [column, value] of Object.entries(columns)) {
      database.prepare(`UPDATE enrolments SET ${column} = ? WHERE username = ?`)
        .run(
          days.test(column) ? Math.round(Date.now() + value * DAY_MS) : value,
          name,
        );
    }
  }
}

/** The day before a moment, in milliseconds since 1970-01-01T00:00:00Z. */
const dayBefore = (now: number) => new Date(now - DAY_MS).toISOString().slice(0, 10);

async function ok(db: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await admin(db, args);
  assert.equal(status, 0, stderr);
  // The system has no such accounts, and `exempt` says so.
  assert.equal(args[0] === "exempt" ? "" : stderr, "");
  return stdout;
}

/** Everybody that filters and sorting must tell apart. */
async function makeUsers(db: string): Promise<void> {
  await enrolAll(db, {
    ann: { enrolled_at: -300, last_login_at: -100 },
    bob: { enrolled_at: -200, last_login_at: -95, uncoded_at: -1 },
    cat: { enrolled_at: -400 },
    dan: { enrolled_at: -10, disabled_at: -1, locked_until: 0.01 },
    eve: { enrolled_at: -50, last_login_at: -2, locked_until: 0.02 },
    fay: { enrolled_at: -60, last_login_at: -3, failures: 2, locked_until: -1 },
  });
  await ok(db, "exempt", "bob");
  await ok(db, "exempt", "link", "--until", "2099-01-31");
  await ok(db, "exempt", "old");
  using database = new DatabaseSync(db);
  database.exec("UPDATE exemptions SET until = 1000 WHERE username = 'old'");
}

testWith([], "list filters and sorts, in any combination", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await makeUsers(db);
  const cases: [options: string, users: string][] = [
    ["", "ann bob cat dan eve fay link old"],
    ["--reverse", "old link fay eve dan cat bob ann"],
    ["--sort user", "ann bob cat dan eve fay link old"],
    ["--sort enrolled", "link old cat ann bob fay eve dan"],
    ["--sort last-login", "cat dan link old ann fay eve bob"],
    ["--sort last-login --reverse", "bob eve fay ann old link dan cat"],
    ["--sort state", "dan eve fay bob link old ann cat"],
    ["--sort pending", "ann bob cat dan eve fay link old"],
    ["--never-used", "cat dan"],
    ["--locked", "dan eve"],
    ["--disabled", "dan"],
    ["--exempt", "bob link"],
    ["--idle 90d", "ann cat"],
    ["--idle 5w", "ann cat"],
    ["--idle 49h --sort last-login", "cat dan ann fay"],
    ["--idle 0s", "ann bob cat dan eve fay"],
    ["--locked --disabled", "dan"],
    ["--never-used --idle 90d", "cat"],
    ["--locked --sort enrolled", "eve dan"],
    ["--exempt --locked", ""],
  ];
  for (const [options, users] of cases) {
    const args = ["list", ...options.split(" ").filter((word) => word !== "")];
    const rows = JSON.parse(await ok(db, ...args, "--json"));
    const names = rows.map((row: { username: string }) => row.username);
    assert.equal(names.join(" "), users, options);
    const lines = (await ok(db, ...args)).split("\n").slice(1, -1);
    assert.equal(lines.map((line) => line.split(" ")[0]).join(" "), users);
  }
  const none = await ok(db, "list", "--exempt", "--locked");
  assert.equal(none, "No users match (8 in total).\n");
});

testWith([], "list says what isn't as usual with each user", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const before = dayBefore(Date.now());
  await makeUsers(db);
  const text = await ok(db, "list");
  const state = (user: string) =>
    text.match(new RegExp(`^${user} +\\S+ +\\S+ +0 *(.*)$`, "m"))?.[1];
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  assert.equal(state("ann"), "");
  assert.equal(state("bob"), "exempt from anywhere");
  assert.match(state("dan")!, new RegExp(`^disabled, locked until ${time}$`));
  assert.match(state("eve")!, new RegExp(`^locked until ${time}$`));
  assert.equal(state("fay"), "2 wrong codes");
  assert.equal(
    state("link"),
    "exempt from anywhere until 2099-01-31T00:00:00Z",
  );
  assert.equal(state("old"), "exemption ended 1970-01-01T00:00:01Z");
  // A login without a code is a login, too.
  const after = dayBefore(Date.now());
  assert.match(text, new RegExp(`^bob +\\S+ +(${before}|${after})T`, "m"));
});

testWith(
  [],
  "list --json has the fields that docs/scripts.md promises",
  async () => {
    await using directory = await makeTestDirectory();
    await enroll(directory.db, "root");
    const [row] = JSON.parse(await ok(directory.db, "list", "--json"));
    assertDocumented("list", row);
  },
);

testWith(
  [],
  "list refuses a sorting or a span that it doesn't know",
  async () => {
    await using directory = await makeTestDirectory();
    await enroll(directory.db, "root");
    const cases: [string[], RegExp][] = [
      [["--sort", "age"], /'age' is invalid\. Allowed choices are user, enr/],
      [["--idle", "90"], /--idle is "90", expected a time span such as 12h/],
      [["--idle", "2026-01-31"], /--idle is "2026-01-31", expected a time/],
    ];
    for (const [options, message] of cases) {
      const { status, stdout, stderr } = await admin(directory.db, [
        "list",
        ...options,
      ]);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    }
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "list shows wrong codes and a lock as logins make them",
  async () => {
    await withUser(async ({ username, password, secret, db, ...user }) => {
      const answerWrong = async (code: string) => {
        const attempt = await user.attempt({ totpMaxFailures: "2" });
        await attempt.password(username, password);
        await attempt.answer(base64(code));
      };
      const row = async (...options: string[]) =>
        JSON.parse(await ok(db, "list", "--json", ...options))[0];
      const [first, second] = wrongCodesOf(secret, 2);
      await ok(db, "recovery", username);
      const attempt = await user.attempt();
      await attempt.password(username, password);
      await answerWrong(first!);
      const { wrongCodes, recoveryCodesLeft, pendingChallenges, lockedUntil } = await row();
      assert.deepEqual(
        [wrongCodes, recoveryCodesLeft, pendingChallenges, lockedUntil],
        [1, 10, 1, null],
      );
      assert.match(await ok(db, "list"), / 1 {8}1 wrong code$/m);
      await answerWrong(second!);
      const until = (await row("--locked")).lockedUntil;
      assert(Date.parse(until) > Date.now());
      assert((await ok(db, "list")).includes(`locked until ${until}`));
      await ok(db, "unlock", username);
      assert.equal(await row("--locked"), undefined);
    });
  },
);

/** Escape sequences in letters. */
function visible(text: string): string {
  return text.replaceAll("\x1b", "␛");
}

/** What a command shows on a terminal of some width. */
async function onTerminal(
  db: string,
  command: string,
  { columns = 120, env = {} }: {
    columns?: number;
    env?: Record<string, string>;
  },
): Promise<string> {
  const line = `stty cols ${columns}; ${PROGRAM} ${on(db).join(" ")} ${command}`;
  const { stdout } = await run("script", [
    ...["--quiet", "--return", "--command", line, "/dev/null"],
  ], { env: { NO_COLOR: "", ...env } });
  return visible(stdout.replaceAll("\r\n", "\n"));
}

testWith(["script"], "list has colours where they are wanted", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await makeUsers(db);
  const text = await onTerminal(db, "list", {});
  assert(text.startsWith("␛[1mUSER␛[22m "), text);
  assert.match(text, /^dan .* 0 +␛\[31mdisabled, locked .*␛\[39m$/m);
  assert.match(text, /^fay .* 0 +␛\[33m2 wrong codes␛\[39m$/m);
  assert.match(text, /^ann [^␛]*$/m);

  const plain = await onTerminal(db, "list", { env: { NO_COLOR: "1" } });
  const piped = await ok(db, "list");
  assert.equal(plain, piped);
  assert.equal(text.replace(/␛\[\d+m/g, ""), piped);
  const forced = await admin(db, ["list"], {
    env: { FORCE_COLOR: "1", NO_COLOR: "" },
  });
  assert.equal(visible(forced.stdout), text);
  const none = await onTerminal(db, "list", { env: { FORCE_COLOR: "0" } });
  assert.equal(none, piped);
  const show = await onTerminal(db, "show dan", {});
  assert.match(show, /^Disabled: +␛\[31msince /m);
  assert(!(await onTerminal(db, "list --json", {})).includes("␛"));
});

testWith(
  ["script"],
  "list cuts nothing off, however narrow the terminal",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    await enrolAll(db, { "ann": {}, "山田 太郎": {}, "zoe\u0308": {} });
    await ok(db, "exempt", "山田 太郎", "--until", "2099-01-31");
    await ok(db, "disable", "zoe\u0308");
    const env = { NO_COLOR: "1" };
    const wide = await onTerminal(db, "list", { columns: 120, env });
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
    assert.match(
      wide,
      new RegExp(
        `^USER       ENROLLED              LAST LOGIN  PENDING  STATE\n` +
          `ann        ${time}  never       0\n` +
          `zoe\u0308        ${time}  never       0        disabled\n` +
          `山田 太郎  ${time}  never       0        exempt from anywhere until \\S+Z\n$`,
      ),
    );
    const usual = await onTerminal(db, "list", { columns: 80, env });
    assert.match(
      usual,
      /\n山田 太郎 {2}\S+ {2}never {7}0\n {11}exempt from anywhere until 2099-01-31T00:00:00Z\n$/,
    );
    assert.match(usual, /^zoe\u0308 .* disabled$/m);
    const narrow = await onTerminal(db, "list", { columns: 40, env });
    assert.match(
      narrow,
      new RegExp(
        `^USER        ann\nENROLLED    ${time}\nLAST LOGIN  never\nPENDING     0\n\n` +
          `USER        zoe\u0308\n[^]*\nSTATE       disabled\n\n` +
          `USER        山田 太郎\n[^]*\nSTATE       exempt from anywhere until \\S+Z\n$`,
      ),
    );
  },
);

testWith(
  [...ROOT_AND_ACCOUNT, "script"],
  "log colours outcomes on a terminal, each decision on a line",
  async () => {
    await withUser(async ({ username, db, ...user }) => {
      const attempt = await user.attempt();
      await attempt.password(username, "wrong");
      const text = await onTerminal(db, "log", { columns: 80 });
      assert.match(
        text,
        /^␛\[1mTIME.*\n\S+Z +password +␛\[31mrefused␛\[39m +wrong_password +.*client1 +"PAM service \S+: PAM_AUTH_ERR"\n$/,
      );
    });
  },
);
