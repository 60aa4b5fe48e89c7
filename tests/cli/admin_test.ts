import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { URI } from "otpauth";
import { MIGRATIONS } from "../../src/store/sqlite/migrations.ts";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, run } from "../lab/command.ts";
import { playAttempt } from "../lab/hook_call.ts";
import {
  admin,
  base64,
  copyProgram,
  enroll,
  makeTestDirectory,
  on,
  PROGRAM,
  wrongCodesOf,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/** Asserts a refusal: one line on standard error, nothing on standard output. */
function assertError(
  output: { status: number; stdout: string; stderr: string },
  status: number,
  line: RegExp,
): void {
  assert.equal(output.status, status, output.stderr);
  assert.equal(output.stdout, "");
  assert.match(output.stderr, /^openvpn-totp: [^\n]+\n$/);
  assert.match(output.stderr, line);
}

testWith([], "enroll prints the guide's three lines", async () => {
  await using directory = await makeTestDirectory();
  const { status, stdout } = await admin(directory.db, ["enroll", "root"]);
  assert.equal(status, 0);
  const [username, secret, uri, ...rest] = stdout.split("\n");
  assert.equal(username, "root");
  assert.match(secret!, /^[A-Z2-7]{32}$/);
  assert.equal(
    uri,
    `otpauth://totp/OpenVPN%20Server:root?secret=${secret}&issuer=OpenVPN%20Server`,
  );
  assert.deepEqual(rest, [""]);
});

testWith(
  [],
  "enroll takes the issuer from option, environment or default",
  async () => {
    await using directory = await makeTestDirectory();
    const issuer = async (args: string[], env: Record<string, string>) => {
      const { stdout } = await admin(
        directory.db,
        ["enroll", "--replace", "root", ...args],
        { env },
      );
      return (URI.parse(stdout.split("\n")[2]!)).issuer;
    };
    const env = { totpIssuerName: "Example VPN" };
    assert.equal(await issuer([], {}), "OpenVPN Server");
    assert.equal(await issuer([], env), "Example VPN");
    assert.equal(await issuer(["--issuer", "Mine"], env), "Mine");
    assertError(
      await admin(directory.db, ["enroll", "x", "--issuer", "a:b"]),
      2,
      /--issuer is "a:b", expected .* without a colon/,
    );
  },
);

testWith([], "enroll refuses who is enrolled, unless replacing", async () => {
  await using directory = await makeTestDirectory();
  const first = await enroll(directory.db, "root");
  assertError(
    await admin(directory.db, ["enroll", "root"]),
    1,
    /user "root" is already enrolled: use --replace/,
  );
  const show = await admin(directory.db, ["show", "root", "--secret"]);
  assert(show.stdout.includes(first));
  assert.notEqual(await enroll(directory.db, "root"), first);
});

testWith(
  [],
  "enroll warns of a user that the system doesn't know",
  async () => {
    await using directory = await makeTestDirectory();
    const known = await admin(directory.db, ["enroll", "root"]);
    assert.equal(known.stderr, "");
    const { status, stdout, stderr } = await admin(directory.db, [
      "enroll",
      "ovtotp-t-nobody",
    ]);
    assert.equal(status, 0);
    assert.equal(stdout.split("\n").length, 4);
    assert.match(
      stderr,
      /^openvpn-totp: warning: the system has no account for "ovtotp-t-nobody": [^\n]+\n$/,
    );
  },
);

testWith(
  [],
  "the database is its owner's alone, whatever the umask",
  async () => {
    for (const umask of ["000", "022", "377", "777"]) {
      await using directory = await makeTestDirectory();
      await mustRun("sh", [
        "-c",
        `umask ${umask}; exec "$0" --db "$1" --key "$1.key" enroll root`,
        PROGRAM,
        directory.db,
      ]);
      const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
      assert.equal(mode(directory.db), 0o600);
      assert.equal(mode(`${directory.path}/db`), 0o700);
    }
  },
);

testWith(
  ["script"],
  "a QR code goes to the terminal, not into a file",
  async () => {
    await using directory = await makeTestDirectory();
    const file = `${directory.path}/out`;
    const { stdout } = await run("script", [
      ...["--quiet", "--return", "--command"],
      `${PROGRAM} ${on(directory.db).join(" ")} enroll root >${file}`,
      "/dev/null",
    ]);
    assert.equal((await Deno.readTextFile(file)).split("\n").length, 4);
    assert.match(stdout, /▄{2}/);
  },
);

testWith(["script"], "on a terminal, a QR code follows", async () => {
  await using directory = await makeTestDirectory();
  const { stdout } = await run("script", [
    ...["--quiet", "--return", "--command"],
    `${PROGRAM} ${on(directory.db).join(" ")} enroll root`,
    "/dev/null",
  ]);
  const code = stdout.slice(stdout.indexOf("otpauth://totp/"));
  assert(code.includes("\x1b[30;107m"));
  assert.match(code, /▄{2}/);
});

testWith([], "list, show and delete, for people and for programs", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const secret = await enroll(db, "root");
  await enroll(db, "daemon");

  const list = await admin(db, ["list"]);
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  assert.match(
    list.stdout,
    new RegExp(
      `^USER    ENROLLED              LAST LOGIN  PENDING  STATE\n` +
        `daemon  ${time}  never       0\nroot    ${time}  never       0\n$`,
    ),
  );
  const users = JSON.parse((await admin(db, ["list", "--json"])).stdout);
  assert.deepEqual(users.map((user: { username: string }) => user.username), [
    "daemon",
    "root",
  ]);
  assert.deepEqual(Object.keys(users[0]), [
    "username",
    "issuer",
    "enrolledAt",
    "lastLoginAt",
    "lastUncodedLoginAt",
    "pendingChallenges",
    "disabledAt",
    "lockedUntil",
    "wrongCodes",
    "recoveryCodesLeft",
    "exemptSince",
    "exemptUntil",
    "exemptFrom",
  ]);

  const show = await admin(db, ["show", "root"]);
  assert.match(show.stdout, /^User: +root$/m);
  assert.match(show.stdout, /^Last login: +never$/m);
  assert.match(show.stdout, /^Pending challenge: +none$/m);
  assert.equal(show.stdout.includes(secret), false);
  const json = await admin(db, ["show", "root", "--json"]);
  assert.equal(json.stdout.includes(secret), false);
  const revealed = JSON.parse(
    (await admin(db, ["show", "--json", "--secret", "root"])).stdout,
  );
  assert.equal(revealed.secret, secret);
  assert.equal(URI.parse(revealed.uri).secret.base32, secret);

  assert.equal(
    (await admin(db, ["delete", "root"])).stdout,
    "Deleted the enrolment of root.\n",
  );
  assert.deepEqual(
    JSON.parse((await admin(db, ["delete", "daemon", "--json"])).stdout),
    { username: "daemon", deleted: true, pendingChallenges: 0 },
  );
  assert.equal((await admin(db, ["list"])).stdout, "No user is enrolled.\n");
  assert.equal((await admin(db, ["list", "--json"])).stdout, "[]\n");
  for (const command of ["show", "delete", "unlock"]) {
    assertError(
      await admin(db, [command, "root"]),
      1,
      /user "root" is not enrolled: to list enrolled users/,
    );
  }
});

testWith(
  ["root", "useradd"],
  "show and delete name the challenge that waits",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    const { username, password } = account;
    await enroll(directory.db, username);
    const attempt = await playAttempt(directory.path, {
      totpTokenDbPath: directory.db,
    });
    assert.equal((await attempt.password(username, password)).status, 2);
    const show = await admin(directory.db, ["show", username]);
    assert.match(
      show.stdout,
      /^Pending challenge: +until \S+Z from 192.0.2.7 \(client1\)$/m,
    );
    assert.equal(
      (await admin(directory.db, ["delete", username])).stdout,
      `Deleted the enrolment of ${username}, and 1 pending challenge.\n`,
    );
  },
);

testWith(
  ["root", "useradd"],
  "show tells of wrong codes and of a lock, and unlock ends it",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    const { db } = directory;
    const { username, password } = account;
    const secret = await enroll(db, username);
    const codes = async () => {
      const { stdout } = await admin(db, ["show", username]);
      return stdout.match(/^Codes: +(.*)$/m)?.[1];
    };
    for (const code of wrongCodesOf(secret, 2)) {
      const attempt = await playAttempt(directory.path, {
        totpTokenDbPath: db,
        totpMaxFailures: "2",
      });
      await attempt.password(username, password);
      await attempt.answer(base64(code));
      if (code === wrongCodesOf(secret, 2)[0]) {
        assert.equal(await codes(), "not locked, 1 wrong in a row");
      }
    }
    assert.match(
      await codes() ?? "",
      /^locked until \S+Z \(openvpn-totp unlock/,
    );
    const json = await admin(db, ["show", "--json", username]);
    assert(Date.parse(JSON.parse(json.stdout).lockedUntil) > Date.now());
    assert.equal(
      (await admin(db, ["unlock", username])).stdout,
      `Unlocked the codes of ${username}.\n`,
    );
    assert.equal(await codes(), "not locked, 0 wrong in a row");
    assertError(await admin(db, ["unlock", "nobody"]), 1, /is not enrolled/);
  },
);

testWith([], "wrong usage is status 2 and says what was meant", async () => {
  await using directory = await makeTestDirectory();
  const usage = async (args: string[], line: RegExp) =>
    assertError(await admin(directory.db, args), 2, line);
  await usage(
    ["enrol", "x"],
    /unknown command 'enrol' \(Did you mean enroll\?\)/,
  );
  await usage(
    ["list", "--jsn"],
    /unknown option '--jsn' \(Did you mean --json\?\)/,
  );
  await usage(["help", "enrol"], /unknown command 'enrol': see/);
  await usage(["enroll"], /give either a username or --from FILE/);
  await usage(["delete", "a", "b"], /too many arguments/);
  await usage(["--frobnicate"], /unknown option '--frobnicate'/);
  await usage(["enroll", "a\nb"], /"a\\u\{a\}b" cannot be a username: expected/);
  await usage(["enroll", ""], /"" cannot be a username/);
  await usage(["enroll", "x".repeat(257)], /… \(257 characters\)" cannot be/);
  await usage(
    ["x".repeat(100_000)],
    /^openvpn-totp: unknown command 'x{1000,2000}…\n$/,
  );
  await usage(["\x1b[2J"], /unknown command '\\u\{1b\}\[2J'/);
  assert.throws(() => Deno.statSync(directory.db), Deno.errors.NotFound);
});

testWith([], "help and version are on standard output", async () => {
  for (
    const args of [
      ["--help"],
      ["help"],
      ["enroll", "--help"],
      ["help", "show"],
    ]
  ) {
    const { status, stdout, stderr } = await run(PROGRAM, args);
    assert.equal(status, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /^Usage: openvpn-totp /);
  }
  const { stdout } = await run(PROGRAM, ["--version"]);
  assert.match(stdout, /^openvpn-totp \d+\.\d+\.\d+\n$/);
  for (const args of [["--version", "--verbose"], ["--verbose", "-V"]]) {
    const details = await mustRun(PROGRAM, args);
    assert(details.startsWith(stdout));
    assert.match(details, /^Deno: +\d.*\nV8: +\d.*\nSQLite: +3\..*\ntarget: +\S+-linux-gnu$/m);
    assert.match(details, /^base: +denort \d+\.\d+\.\d+, \S.*\nSHA-256: +[0-9a-f]{64}\n$/m);
  }
  const list = await run(PROGRAM, ["--verbose", "list"]);
  assert.deepEqual(list, {
    status: 2,
    stdout: "",
    stderr: "openvpn-totp: --verbose can be used only with --version, and with nothing else\n",
  });
  const none = await run(PROGRAM, []);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /^Usage: openvpn-totp /);
});

testWith([], "names are data: blanks, quotes, dashes, escapes", async () => {
  await using directory = await makeTestDirectory();
  for (
    const name of ["a b", "o'hara", '"', "$(id)", "..", "zoë", "--x", "\u202e"]
  ) {
    await enroll(directory.db, name);
    const show = await admin(directory.db, ["show", "--json", "--", name]);
    assert.equal(JSON.parse(show.stdout).username, name);
  }
  const { stdout } = await admin(directory.db, ["list"]);
  assert(stdout.includes("\\u{202e}"));
});

testWith(
  [],
  "a secret that can't be printed is no success, and can be seen again",
  async () => {
    await using directory = await makeTestDirectory();
    const redirected = (command: string) =>
      run("sh", [
        "-c",
        `"$0" --db "$1" --key "$1.key" ${command}`,
        PROGRAM,
        directory.db,
      ]);
    assertError(
      await redirected("enroll root >/dev/full"),
      1,
      /user "root" is enrolled, but the secret could not be printed: show it with/,
    );
    assert.equal((await admin(directory.db, ["show", "root"])).status, 0);
    assert.equal(
      (await redirected("enroll nobody-here 2>/dev/full")).status,
      0,
    );
    assertError(
      await redirected("list >/dev/full"),
      1,
      /cannot write standard output: No space left/,
    );
  },
);

testWith(
  [],
  "a reader that has gone is an error where its line was the only one",
  async () => {
    await using directory = await makeTestDirectory();
    const status = async (command: string) => {
      const { stderr } = await run("bash", [
        "-c",
        `exec 3>&2; { until [ -e "$1/go" ]; do :; done; "$0" --db "$1/db" --key "$1/key" ${command} 2>/dev/null;` +
        ' echo "status $?" >&3; } | { exec <&-; : >"$1/go"; }; rm "$1/go"',
        PROGRAM,
        directory.path,
      ]);
      return stderr.trim();
    };
    assert.equal(await status("enroll root"), "status 1");
    assert.equal(await status("list"), "status 0");
  },
);

testWith(
  [],
  "the database is named by totpTokenDbPath, or --db from where one stands",
  async () => {
    await using directory = await makeTestDirectory();
    await enroll(directory.db, "root");
    const env = { totpTokenDbPath: directory.db };
    const byEnvironment = await run(PROGRAM, ["show", "root"], { env });
    assert.equal(byEnvironment.status, 0);
    const cwd = directory.path;
    const relative = ["--db", "./db/token_index.sqlite3", "show", "root"];
    assert.equal((await run(PROGRAM, relative, { cwd })).status, 0);
    for (const command of ["show", "delete", "unlock"]) {
      const missing = await admin(`${directory.path}/none`, [command, "root"]);
      assertError(missing, 1, /there is no database at/);
    }
    assert.throws(() => Deno.statSync(`${directory.path}/none`));
  },
);

testWith([], "a database that isn't ours is named and left alone", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/old.sqlite3`;
  new DatabaseSync(path).exec("CREATE TABLE tokens (secret TEXT)");
  const before = Deno.readFileSync(path);
  for (const args of [["enroll", "root"], ["list"], ["delete", "root"]]) {
    assertError(
      await admin(path, args),
      1,
      /is not a database of openvpn-totp/,
    );
  }
  assert.deepEqual(Deno.readFileSync(path), before);
});

testWith(
  [],
  "a database that is missing, locked or newer is named",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    assertError(
      await admin(db, ["list"]),
      1,
      /there is no database at \/.*enrol/,
    );
    assertError(
      await admin("", ["list"]),
      2,
      /--db is "", expected an absolute/,
    );
    await enroll(db, "root");
    using other = new DatabaseSync(db);
    other.exec("BEGIN IMMEDIATE");
    assertError(
      await admin(db, ["delete", "root"]),
      1,
      /is locked by another process: try again/,
    );
    other.exec("ROLLBACK; PRAGMA user_version = 99");
    assertError(await admin(db, ["list"]), 1, /has schema version 99.*install/);
    other.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    assert.equal((await admin(db, ["show", "root"])).status, 0);
  },
);

testWith([], "a command that shows secrets leaves no core dump", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  using other = new DatabaseSync(db);
  other.exec("BEGIN EXCLUSIVE");
  const child = new Deno.Command("sh", {
    args: ["-c", 'ulimit -c unlimited; exec "$0" "$@"', PROGRAM, ...on(db)]
      .concat(["show", "--secret", "root"]),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  // It waits for the database: the limit is there as soon as it does.
  let limits = "";
  while (!/^Max core file size +0 +0 /m.test(limits)) {
    limits = await Deno.readTextFile(`/proc/${child.pid}/limits`);
  }
  other.exec("ROLLBACK");
  assert.equal((await child.status).code, 0);
});

testWith(["root"], "without root, the error says so", async () => {
  await using directory = await makeTestDirectory();
  await enroll(directory.db, "root");
  const program = await copyProgram(directory.path);
  await Deno.chmod(directory.path, 0o755);
  for (const db of [directory.db, `${directory.path}/new/x`]) {
    for (const args of [["list"], ["enroll", "daemon"]]) {
      if (args[0] === "list" && db !== directory.db) continue;
      assertError(
        await run(program, [...on(db), ...args], { uid: 65534 }),
        1,
        /no permission to open \/.* as uid 65534: run openvpn-totp as root \(sudo\)/,
      );
    }
  }
});

testWith(
  ["root"],
  "a read-only file system and a full disk are named, and nothing is lost",
  async () => {
    await using directory = await makeTestDirectory();
    const mount = `${directory.path}/mount`;
    await Deno.mkdir(mount);
    await mustRun("mount", [
      ...["-t", "tmpfs", "-o", "size=192k,mode=0700", "none", mount],
    ]);
    try {
      const db = `${mount}/db/tokens`;
      const secret = await enroll(db, "root");
      const isWhole = async () => {
        const { stdout } = await admin(db, ["show", "--secret", "root"]);
        return stdout.includes(secret);
      };

      await mustRun("mount", ["-o", "remount,ro", mount]);
      assertError(
        await admin(db, ["enroll", "daemon"]),
        1,
        /cannot be written: check the mode, the owner and whether the file system/,
      );
      assert(await isWhole());
      assertError(
        await admin(`${mount}/other/x`, ["enroll", "daemon"]),
        1,
        /cannot open .*Read-only file system/,
      );
      await mustRun("mount", ["-o", "remount,rw", mount]);

      await run("dd", ["if=/dev/zero", `of=${mount}/fill`, "bs=4k"]);
      assertError(
        await admin(db, ["enroll", "daemon"]),
        1,
        /the disk is full: free some space/,
      );
      assert(await isWhole());
      await Deno.remove(`${mount}/fill`);
      assert.equal((await admin(db, ["enroll", "daemon"])).status, 0);
      assert(await isWhole());
    } finally {
      await mustRun("umount", [mount]);
    }
  },
);
